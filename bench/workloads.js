// What is measured: every contender that has a workload is sent exactly the same requests.
//   method   how clients authenticate          alg      how their assertions are signed
//   format   of access tokens                  grant    client_credentials where there is none
//   failure  what is wrong, expects 401        tls      HTTPS with client certificates, kept alive; 'handshake': one
//   endpoint 'introspection'                            full handshake for each request
const secret = { method: 'client_secret_basic' };
const es256 = { method: 'private_key_jwt', alg: 'ES256' };
const rs256 = { method: 'private_key_jwt', alg: 'RS256' };
const hs256 = { method: 'client_secret_jwt', alg: 'HS256' };
const chained = { method: 'tls_client_auth', tls: 'kept' };
const selfSigned = { method: 'self_signed_tls_client_auth', tls: 'kept' };
const [opaque, jwt] = [{ format: 'opaque' }, { format: 'jwt' }];

export const workloads = {
  'basic-opaque': { ...secret, ...opaque },
  'post-opaque': { ...opaque, method: 'client_secret_post' },
  'client-secret-jwt-hs256': { ...hs256, ...opaque },
  'private-key-jwt-es256': { ...es256, ...opaque },
  'private-key-jwt-rs256': { ...rs256, ...opaque },
  'tls-client-auth': { ...chained, ...opaque },
  'self-signed-tls': { ...selfSigned, ...opaque },
  'basic-jwt': { ...secret, ...jwt },
  'post-jwt': { ...jwt, method: 'client_secret_post' },
  'client-secret-jwt-hs256-jwt': { ...hs256, ...jwt },
  'private-key-jwt-es256-jwt': { ...es256, ...jwt },
  'private-key-jwt-rs256-jwt': { ...rs256, ...jwt },
  'tls-client-auth-jwt': { ...chained, ...jwt },
  'self-signed-tls-jwt': { ...selfSigned, ...jwt },
  'authorization-code': { ...secret, ...opaque, grant: 'authorization_code' },
  'authorization-code-jwt': { ...secret, ...jwt, grant: 'authorization_code' },
  'refresh-token': { ...secret, ...opaque, grant: 'refresh_token' },
  'refresh-token-jwt': { ...secret, ...jwt, grant: 'refresh_token' },
  introspection: { ...secret, ...opaque, endpoint: 'introspection' },
  'introspection-jwt': { ...secret, ...jwt, endpoint: 'introspection' },
  'wrong-secret': { ...secret, ...opaque, failure: 'secret' },
  'wrong-secret-post': { ...opaque, method: 'client_secret_post', failure: 'secret' },
  'wrong-mac-hs256': { ...hs256, ...opaque, failure: 'signature' },
  'wrong-signature-es256': { ...es256, ...opaque, failure: 'signature' },
  'wrong-signature-rs256': { ...rs256, ...opaque, failure: 'signature' },
  'wrong-certificate': { ...chained, ...opaque, failure: 'certificate' },
  'wrong-self-signed': { ...selfSigned, ...opaque, failure: 'certificate' },
  'tls-client-auth-handshake': { ...chained, ...opaque, tls: 'handshake' },
  'self-signed-tls-handshake': { ...selfSigned, ...opaque, tls: 'handshake' },
};

/** Those of a run in which nothing else was asked for. */
export const quick = [
  'basic-opaque',
  'basic-jwt',
  'private-key-jwt-es256',
  'tls-client-auth',
  'authorization-code',
  'refresh-token',
  'introspection',
  'wrong-secret',
];
