import request, { type Test } from 'supertest';
import {
  authorizationCode,
  type ClientMetadataInput,
  clientCredentials,
  type Grant,
  refreshToken,
  type SignedInUser,
  type User,
  type WorkspacePolicyInput,
} from '../../index.js';
import { certificateJwk, clientKey } from './client-keys.js';
import { ProofMaker } from './dpop.js';
import {
  type AssertionOptions,
  assertion,
  assertionType,
  ca,
  clientCertificate,
  issuer,
  ownCertificate,
} from './methods.js';
import type { Certificate } from './pki.js';
import { type SpecServer, specServer } from './spec-server.js';
import { noteSecret } from './suite-log.js';

export const callback = 'https://app.example.com/callback';
/** RFC 7636 Appendix B. */
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const person: User = { id: 'u-jane', username: 'jane', email: 'jane@example.com', name: 'Jane Doe' };

const keys = {
  ES256: clientKey('P-256', { kid: 'ec' }),
  RSA: clientKey('RSA', { kid: 'rsa' }),
  Ed: clientKey('Ed25519', { kid: 'ed' }),
};

const common = {
  grant_types: ['authorization_code', 'client_credentials', 'refresh_token'],
  redirect_uris: [callback],
  scope: 'openid offline_access read',
  trusted: true,
};

/** A client that signs assertions and proves a DPoP key. */
export const keyClient = {
  client_id: 'key',
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: Object.values(keys).map(({ jwk }) => jwk) },
  dpop_bound_access_tokens: true,
  ...common,
} satisfies ClientMetadataInput;

/** Clients of the two methods by certificate. */
export const tlsClient = {
  client_id: 'tls',
  token_endpoint_auth_method: 'tls_client_auth',
  tls_client_auth_subject_dn: 'CN=tls.example.com,O=Example',
  ...common,
} satisfies ClientMetadataInput;
export const ownClient = {
  client_id: 'own',
  token_endpoint_auth_method: 'self_signed_tls_client_auth',
  jwks: { keys: [certificateJwk(ownCertificate)] },
  ...common,
} satisfies ClientMetadataInput;

/** How the client `key` proves itself. */
export interface Proving {
  readonly alg?: string;
  readonly assertion?: AssertionOptions;
  /** The key of the DPoP proof; null sends none. */
  readonly dpop?: ProofMaker | null;
  /** Seconds that the proof's `iat` is ahead. */
  readonly ahead?: number;
}

/** A workspace of the profile `fapi2`, at which Jane is signed in. */
export class FapiWorld {
  /** Seconds since 1970. */
  now = 1_800_000_000;
  readonly spec: SpecServer;
  readonly dpop = new ProofMaker();

  constructor(
    policy: WorkspacePolicyInput = {},
    clients: readonly ClientMetadataInput[] = [keyClient, tlsClient, ownClient],
  ) {
    this.spec = specServer({
      profile: 'fapi2',
      clients,
      grants: [authorizationCode(), clientCredentials(), refreshToken()] as Grant[],
      root_cas: [ca.cert],
      scopes: { openid: {}, offline_access: {}, read: {} },
      access_token_format: 'jwt',
      signing_keys: ['ES256'],
      trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: 'nginx' }],
      users: { find: () => person },
      authenticateUser: (): SignedInUser => ({ ...person, authTime: this.now - 10 }),
      now: () => this.now * 1000,
      ...policy,
    });
  }

  /** Status, error and private reason. */
  async verdict(pending: Test | Promise<{ status: number; body: { error?: string } }>) {
    const { status, body } = await pending;
    return [status, body.error, this.spec.last().reason];
  }

  async #post(path: string, form: Record<string, string>, proving: Proving) {
    const { alg = 'ES256', dpop = this.dpop, ahead = 0 } = proving;
    const client_assertion = await assertion('key', {
      now: this.now * 1000,
      key: alg === 'ES256' ? keys.ES256.privateKey : alg.startsWith('Ed') ? keys.Ed.privateKey : keys.RSA.privateKey,
      ...proving.assertion,
      header: { alg, kid: undefined, ...proving.assertion?.header },
    });
    const body = { client_assertion, client_assertion_type: assertionType, ...form };
    const pending = request(this.spec.router).post(path).type('form').send(body);
    if (!dpop) return pending;
    return pending.set('DPoP', await dpop.proof('POST', issuer + path, { now: (this.now + ahead) * 1000 }));
  }

  /** A request of the client `key` at the token endpoint. */
  async token(form: Record<string, string> = {}, proving: Proving = {}) {
    const reply = await this.#post('/oauth2/token', { grant_type: 'client_credentials', ...form }, proving);
    for (const name of ['access_token', 'refresh_token']) if (reply.body[name]) noteSecret(reply.body[name]);
    return reply;
  }

  /** A token request of a client that authenticates by certificate. */
  byCertificate(clientId: string, certificate: Certificate = clientCertificate): Test {
    return request(this.spec.router)
      .post('/oauth2/token')
      .set('X-SSL-Client-Cert', encodeURIComponent(certificate.cert))
      .set('X-SSL-Client-Verify', 'SUCCESS')
      .type('form')
      .send({ grant_type: 'client_credentials', client_id: clientId });
  }

  /** A pushed request of the client `key`; an empty value takes a parameter away. */
  push(changes: Record<string, string> = {}, proving: Proving = {}) {
    const form = { ...authorization, ...changes };
    const present = Object.fromEntries(Object.entries(form).filter(([, value]) => value !== ''));
    return this.#post('/oauth2/par', present, proving);
  }

  authorize(query: Record<string, string>): Test {
    return request(this.spec.router).get(`/oauth2/authorize?${new URLSearchParams(query)}`);
  }

  /** The form that redeems a fresh code. */
  async codeGrant(changes: Record<string, string> = {}): Promise<Record<string, string>> {
    const { body } = await this.push(changes);
    const { headers } = await this.authorize({ client_id: 'key', request_uri: body.request_uri });
    const code = noteSecret(new URL(headers.location ?? '').searchParams.get('code') ?? '');
    return { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier };
  }

  async metadata(): Promise<Record<string, unknown>> {
    return (await request(this.spec.router).get('/.well-known/openid-configuration')).body;
  }
}

/** A right authorization request of the client `key`. */
export const authorization = {
  response_type: 'code',
  client_id: 'key',
  redirect_uri: callback,
  scope: 'openid offline_access read',
  code_challenge: challenge,
  code_challenge_method: 'S256',
};
