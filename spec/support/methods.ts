import { randomBytes, randomUUID } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';
import type { ClientMetadataInput } from '../../index.js';
import { certificateJwk, clientKey } from './client-keys.js';
import { makeCa, selfSigned } from './pki.js';
import { noteSecret } from './suite-log.js';

export const issuer = 'https://as.example.com';

/** A new client secret, remembered so that the run can prove that no log has it. */
export function newSecret(bytes = 32): string {
  return noteSecret(randomBytes(bytes).toString('base64url'));
}

/** The CA whose certificates tls_client_auth trusts in specs. */
export const ca = makeCa({ subject: 'CN=Spec CA' });
export const clientCertificate = ca.issue({ subject: 'CN=tls.example.com,O=Example', eku: ['clientAuth'] });
export const ownCertificate = selfSigned({ subject: 'CN=self-signed.example.com' });
/** For an HTTPS server on localhost and 127.0.0.1. */
export const serverCertificate = ca.issue({
  subject: 'CN=localhost',
  san: ['DNS:localhost', 'IP:127.0.0.1'],
  eku: ['serverAuth'],
});

export const secrets = { basic: newSecret(), post: newSecret(), jwt: newSecret(64) };
export const signer = clientKey('P-256', { kid: 'signer-1', use: 'sig', alg: 'ES256' });

const confidential = { grant_types: ['client_credentials'], scope: 'read write' };

/** One client per method; its client_id is the method's name. */
export const clientPerMethod = {
  client_secret_basic: {
    client_id: 'basic-client',
    client_secret: secrets.basic,
    token_endpoint_auth_method: 'client_secret_basic',
    ...confidential,
  },
  client_secret_post: {
    client_id: 'post-client',
    client_secret: secrets.post,
    token_endpoint_auth_method: 'client_secret_post',
    ...confidential,
  },
  client_secret_jwt: {
    client_id: 'secret-jwt-client',
    client_secret: secrets.jwt,
    token_endpoint_auth_method: 'client_secret_jwt',
    ...confidential,
  },
  private_key_jwt: {
    client_id: 'private-key-client',
    jwks: { keys: [signer.jwk] },
    token_endpoint_auth_method: 'private_key_jwt',
    ...confidential,
  },
  tls_client_auth: {
    client_id: 'tls-client',
    tls_client_auth_subject_dn: 'CN=tls.example.com,O=Example',
    token_endpoint_auth_method: 'tls_client_auth',
    ...confidential,
  },
  self_signed_tls_client_auth: {
    client_id: 'self-signed-client',
    jwks: { keys: [certificateJwk(ownCertificate)] },
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    ...confidential,
  },
  none: {
    client_id: 'public-client',
    redirect_uris: ['https://app.example.com/callback'],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    scope: 'openid read',
  },
} as const satisfies Record<string, ClientMetadataInput>;

export const allClients: ClientMetadataInput[] = Object.values(clientPerMethod) as unknown as ClientMetadataInput[];

/** RFC 6749 2.3.1: both halves form-encoded. */
export function basicHeader(id: string, secret: string): string {
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}`;
}

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export interface AssertionOptions {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly key?: Parameters<SignJWT['sign']>[0];
  /** Milliseconds. */
  readonly now?: number;
}

/** A client assertion that is right unless told otherwise. A claim of undefined is left out. */
export async function assertion(clientId: string, options: AssertionOptions = {}): Promise<string> {
  const seconds = Math.floor((options.now ?? Date.now()) / 1000);
  const claims = {
    iss: clientId,
    sub: clientId,
    aud: issuer,
    jti: randomUUID(),
    iat: seconds,
    exp: seconds + 60,
    ...options.claims,
  };
  const present = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  return new SignJWT(present as JWTPayload)
    .setProtectedHeader({ alg: 'ES256', kid: 'signer-1', ...options.header } as { alg: string })
    .sign(options.key ?? signer.privateKey);
}

/** A right assertion of the client_secret_jwt client. */
export function macAssertion(options: AssertionOptions = {}): Promise<string> {
  return assertion('secret-jwt-client', {
    key: new TextEncoder().encode(secrets.jwt),
    ...options,
    header: { alg: 'HS256', kid: undefined, ...options.header },
  });
}
