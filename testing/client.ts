import { createPublicKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import type { ClientMetadataInput } from '../lib/clients/metadata.js';
import { authority, selfSignedCertificate, TestAuthority, type TestCertificate } from './certificates.js';

/** The `token_endpoint_auth_method` of a test client. */
export type TestMethod =
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'client_secret_jwt'
  | 'private_key_jwt'
  | 'tls_client_auth'
  | 'self_signed_tls_client_auth'
  | 'none';

/** The seven methods of `standardStrategies()`. */
export const methods: readonly TestMethod[] = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'none',
];

/** The issuer that clients speak to when they are told no other: use it for the app under test, or name yours. */
export const issuer = 'https://as.example.com';

/** A client for tests: what to register of it, and what it proves itself with. Credentials are new in each process. */
export interface TestClient {
  readonly method: TestMethod;
  readonly client_id: string;
  /** The entry for `clients` of the app under test. */
  readonly metadata: ClientMetadataInput;
  /** The audience of its assertions: the `issuer` of the app under test. */
  readonly issuer: string;
  /** Of the three `client_secret_*` methods. */
  readonly client_secret?: string;
  /** Of `private_key_jwt`: PKCS #8 PEM, P-256. */
  readonly private_key?: string;
  /** Of the two TLS methods. */
  readonly certificate?: TestCertificate;
}

/** What may be chosen of a client: its issuer, and metadata but for credentials. */
export interface TestClientOptions
  extends Pick<
    ClientMetadataInput,
    | 'client_name'
    | 'grant_types'
    | 'redirect_uris'
    | 'scope'
    | 'dpop_bound_access_tokens'
    | 'tls_client_certificate_bound_access_tokens'
  > {
  /** Default: {@link issuer}. */
  readonly issuer?: string;
  /** Default: `test-` and the method. */
  readonly client_id?: string;
}

interface Credentials extends Pick<TestClient, 'client_secret' | 'private_key' | 'certificate'> {
  /** What is registered of them. */
  readonly registered: Omit<ClientMetadataInput, 'client_id'>;
}

const known = new Map<string, TestClient>();

/**
 * A client of this method, ready to be registered and used. The same words answer the same client, for as long as the
 * process lives; other options make another client with credentials of its own.
 */
export function client(method: TestMethod, options: TestClientOptions = {}): TestClient {
  const key = JSON.stringify([method, Object.entries(options).sort()]);
  const found = known.get(key) ?? makeClient(method, options);
  known.set(key, found);
  return found;
}

/**
 * Somebody who calls themselves like this client and has other credentials: another secret, another key, a certificate
 * of the same name by an authority nobody trusts. The app under test must refuse them. Throws a TypeError for a public
 * client, which has nothing to prove.
 */
export function impostor(of: TestClient): TestClient {
  if (of.method === 'none') throw new TypeError('A public client proves nothing, so nobody can do it wrongly.');
  const { registered: _, ...credentials } = makeCredentials(of.method, of.client_id, new TestAuthority());
  return { ...of, ...credentials };
}

function makeClient(method: TestMethod, options: TestClientOptions): TestClient {
  const { issuer: audience = issuer, client_id = `test-${method.replaceAll('_', '-')}`, ...metadata } = options;
  const { registered, ...credentials } = makeCredentials(method, client_id, authority);
  return {
    method,
    client_id,
    issuer: audience,
    metadata: {
      client_id,
      token_endpoint_auth_method: method,
      grant_types: ['client_credentials'],
      ...registered,
      ...metadata,
    },
    ...credentials,
  };
}

function makeCredentials(method: TestMethod, clientId: string, signer: TestAuthority): Credentials {
  switch (method) {
    case 'client_secret_basic':
    case 'client_secret_post':
    case 'client_secret_jwt':
      return withSecret(randomBytes(32).toString('base64url'));
    case 'private_key_jwt':
      return withKey();
    case 'tls_client_auth': {
      const name = `${clientId.toLowerCase().replace(/[^a-z0-9-]+/g, '-')}.example`;
      return { certificate: signer.issue(clientId, name), registered: { tls_client_auth_san_dns: name } };
    }
    case 'self_signed_tls_client_auth':
      return withOwnCertificate(selfSignedCertificate(clientId));
    case 'none':
      return {
        registered: { grant_types: ['authorization_code'], redirect_uris: ['https://client.example/callback'] },
      };
  }
}

function withSecret(client_secret: string): Credentials {
  return { client_secret, registered: { client_secret } };
}

function withKey(): Credentials {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const jwk = { ...createPublicKey(publicKey).export({ format: 'jwk' }), alg: 'ES256', use: 'sig' };
  return { private_key: privateKey, registered: { jwks: { keys: [jwk] } } };
}

/** RFC 8705 2.2.2: the certificate stands in `x5c` of its key. */
function withOwnCertificate(certificate: TestCertificate): Credentials {
  const { publicKey, raw } = new X509Certificate(certificate.cert);
  const jwk = { ...publicKey.export({ format: 'jwk' }), x5c: [raw.toString('base64')] };
  return { certificate, registered: { jwks: { keys: [jwk] } } };
}
