import type { ClientMetadataInput } from '../../../index.js';
import { type ClientKeyType, certificateJwk, clientKey } from '../client-keys.js';
import { ca, newSecret } from '../methods.js';
import { type Certificate, selfSigned } from '../pki.js';
import type { Credentials } from './foreign-client.js';
import { oauth4webapi } from './oauth4webapi.js';
import { openidClient5 } from './openid-client-5.js';
import { openidClient6 } from './openid-client-6.js';

/** Those that know discovery and every method. */
export const foreignClients = [openidClient6, openidClient5, oauth4webapi];

export const redirectUri = 'https://app.example.com/callback';

/** One way to authenticate, registered here and known to the client. */
export interface Way {
  readonly label: string;
  readonly metadata: ClientMetadataInput;
  readonly credentials: Credentials;
  /** The same way, with a secret, key or certificate of somebody else. */
  readonly wrong: Credentials;
  /** The private reason of the refusal. */
  readonly reason: string;
}

const common = {
  grant_types: ['client_credentials', 'authorization_code'],
  redirect_uris: [redirectUri],
  scope: 'openid profile email read write',
};

function secretWay(method: 'client_secret_basic' | 'client_secret_post' | 'client_secret_jwt'): Way {
  const credentials = { clientId: method, method, secret: newSecret(64) };
  return {
    label: method,
    metadata: { client_id: method, client_secret: credentials.secret, token_endpoint_auth_method: method, ...common },
    credentials,
    wrong: { ...credentials, secret: newSecret(64) },
    reason: method === 'client_secret_jwt' ? 'assertion_signature_invalid' : 'secret_mismatch',
  };
}

function keyWay(alg: string, type: ClientKeyType): Way {
  const clientId = `private_key_jwt-${alg}`;
  const [kid, method] = [`kid-${alg}`, 'private_key_jwt'];
  const [right, other] = [clientKey(type, { kid, use: 'sig' }), clientKey(type)];
  return {
    label: `private_key_jwt ${alg}`,
    metadata: {
      client_id: clientId,
      jwks: { keys: [right.jwk as Record<string, string>] },
      token_endpoint_auth_method: method,
      token_endpoint_auth_signing_alg: alg,
      ...common,
    },
    credentials: { clientId, method, key: { alg, kid, privateKey: right.privateKey } },
    wrong: { clientId, method, key: { alg, kid, privateKey: other.privateKey } },
    reason: 'assertion_signature_invalid',
  };
}

function certificateWay(
  method: 'tls_client_auth' | 'self_signed_tls_client_auth',
  keyType: 'ec' | 'rsa',
  make: (cn: string) => Certificate,
): Way {
  const clientId = `${method}-${keyType}`;
  const certificate = make(`${keyType}.example.com`);
  const registered =
    method === 'tls_client_auth'
      ? { tls_client_auth_subject_dn: `CN=${keyType}.example.com` }
      : { jwks: { keys: [certificateJwk(certificate) as Record<string, string>] } };
  return {
    label: `${method} with a certificate of type ${keyType}`,
    metadata: { client_id: clientId, token_endpoint_auth_method: method, ...registered, ...common },
    credentials: { clientId, method, certificate },
    wrong: { clientId, method, certificate: make('other.example.com') },
    reason: method === 'tls_client_auth' ? 'certificate_name_mismatch' : 'certificate_not_registered',
  };
}

const issued = (keyType: 'ec' | 'rsa') => (cn: string) =>
  ca.issue({ subject: `CN=${cn}`, keyType, eku: ['clientAuth'] });
const own = (keyType: 'ec' | 'rsa') => (cn: string) => selfSigned({ subject: `CN=${cn}`, keyType });

/** Every way a confidential client can prove itself. */
export const ways: readonly Way[] = [
  secretWay('client_secret_basic'),
  secretWay('client_secret_post'),
  secretWay('client_secret_jwt'),
  keyWay('ES256', 'P-256'),
  keyWay('RS256', 'RSA'),
  keyWay('PS256', 'RSA'),
  keyWay('Ed25519', 'Ed25519'),
  keyWay('EdDSA', 'Ed25519'),
  certificateWay('tls_client_auth', 'ec', issued('ec')),
  certificateWay('tls_client_auth', 'rsa', issued('rsa')),
  certificateWay('self_signed_tls_client_auth', 'ec', own('ec')),
  certificateWay('self_signed_tls_client_auth', 'rsa', own('rsa')),
];

export const publicClient: ClientMetadataInput = {
  client_id: 'public-client',
  client_name: 'An app',
  redirect_uris: [redirectUri],
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code'],
  scope: 'openid profile email read',
};

/** Every way of every client that knows it; openid-client 5 was made before the name `Ed25519`. */
export const waysOfClients = foreignClients.flatMap((client) =>
  ways
    .filter(({ credentials }) => client !== openidClient5 || credentials.key?.alg !== 'Ed25519')
    .map((way) => ({ name: client.name, client, label: way.label, way })),
);

/** What a client of that name would have rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (thrown) {
    return thrown;
  }
  throw new Error('It was accepted.');
}
