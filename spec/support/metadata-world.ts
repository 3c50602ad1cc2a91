import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { importJWK, SignJWT } from 'jose';
import {
  type AuthorizationServerEvent,
  authorizationCode,
  type ClientMetadataInput,
  clientCredentials,
  type Grant,
  type GrantRouter,
  grantRouter,
  type OutcomeEvent,
  standardStrategies,
  type WorkspacePolicyInput,
} from '../../index.js';
import { type ClientKeyType, certificateJwk, clientKey } from './client-keys.js';
import { basicHeader, ca, clientCertificate, newSecret, ownCertificate, serverCertificate } from './methods.js';
import { noteLogged } from './suite-log.js';
import { type Identity, type Reply, tlsRequest } from './tls-world.js';

export const path = '/acme/demo';
export const issuer = `https://as.example.com${path}`;
export const callback = 'https://app.example.com/callback';
/** RFC 7636 Appendix B. */
export const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
export const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

export const allMethods = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'none',
] as const;
export type Method = (typeof allMethods)[number];

const keyTypes: Record<string, ClientKeyType> = {
  RS: 'RSA',
  PS: 'RSA',
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
  Ed25519: 'Ed25519',
};
const keys = new Map(
  [...new Set(Object.values(keyTypes))].map((type) => [type, clientKey(type, { kid: type })] as const),
);
const secret = newSecret(64);

export const idTokenAlgorithms = ['ES256', 'RS256', 'PS256', 'Ed25519'] as const;

/** One client per method, and one per ID token algorithm that the policy can sign. */
function clientsFor(policy: WorkspacePolicyInput): ClientMetadataInput[] {
  const common = {
    grant_types: ['authorization_code', 'client_credentials'],
    redirect_uris: [callback],
    scope: 'openid read',
    trusted: true,
  };
  const ofMethods: Record<Method, object> = {
    client_secret_basic: { client_secret: secret },
    client_secret_post: { client_secret: secret },
    client_secret_jwt: { client_secret: secret },
    private_key_jwt: { jwks: { keys: [...keys.values()].map(({ jwk }) => jwk) } },
    tls_client_auth: { tls_client_auth_subject_dn: 'CN=tls.example.com,O=Example' },
    self_signed_tls_client_auth: { jwks: { keys: [certificateJwk(ownCertificate)] } },
    none: { grant_types: ['authorization_code'] },
  };
  const signed = (policy.signing_keys ?? []).map((alg) => ({
    client_id: `id-${alg}`,
    id_token_signed_response_alg: alg,
  }));
  return [
    ...allMethods.map((method) => ({
      client_id: method,
      token_endpoint_auth_method: method,
      ...common,
      ...ofMethods[method],
    })),
    ...signed.map((each) => ({
      ...common,
      ...each,
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
    })),
  ] as ClientMetadataInput[];
}

/** An assertion by this algorithm, of the client that is called like its method. */
export async function assertionBy(alg: string): Promise<Record<string, string>> {
  const mac = alg.startsWith('HS');
  const clientId = mac ? 'client_secret_jwt' : 'private_key_jwt';
  const type = keyTypes[alg === 'EdDSA' ? 'Ed25519' : alg] ?? keyTypes[alg.slice(0, 2)] ?? 'P-256';
  const key = mac ? new TextEncoder().encode(secret) : keys.get(type)?.privateKey;
  if (!key) throw new Error(`no key for ${alg}`);
  const seconds = Math.floor(Date.now() / 1000);
  const claims = {
    iss: clientId,
    sub: clientId,
    aud: issuer,
    jti: crypto.randomUUID(),
    iat: seconds,
    exp: seconds + 60,
  };
  const client_assertion = await new SignJWT(claims).setProtectedHeader({ alg }).sign(key);
  return { client_assertion, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' };
}

const validRequest = {
  response_type: 'code',
  client_id: 'client_secret_basic',
  redirect_uri: callback,
  scope: 'openid read',
  code_challenge: challenge,
  code_challenge_method: 'S256',
};

/** What a client of this method sends to authenticate. `alg` is for the two assertion methods. */
async function proofOf(
  method: Method,
  alg: string,
): Promise<{ form: Record<string, string>; headers?: Record<string, string>; as?: Identity }> {
  const client_id = method;
  switch (method) {
    case 'client_secret_basic':
      return { form: {}, headers: { authorization: basicHeader(method, secret) } };
    case 'client_secret_post':
      return { form: { client_id, client_secret: secret } };
    case 'client_secret_jwt':
    case 'private_key_jwt':
      return { form: await assertionBy(alg) };
    case 'tls_client_auth':
      return { form: { client_id }, as: clientCertificate };
    case 'self_signed_tls_client_auth':
      return { form: { client_id }, as: ownCertificate };
    case 'none':
      return { form: { client_id } };
  }
}

/** An authorization server whose metadata a spec holds against what it does. */
export class MetadataWorld {
  readonly events: AuthorizationServerEvent[] = [];
  readonly router: GrantRouter;
  readonly #server: Server;
  #origin = '';

  constructor(policy: WorkspacePolicyInput, { signIn = true, now = Date.now } = {}) {
    const john = { id: 'u1', username: 'johndoe', name: 'John Doe', email: 'john@example.com' };
    this.router = grantRouter({
      issuer,
      clients: clientsFor(policy),
      strategies: standardStrategies(),
      grants: [authorizationCode(), clientCredentials()] as Grant[],
      root_cas: [ca.cert],
      scopes: { openid: {}, read: {} },
      ...(signIn && {
        users: { find: () => john },
        authenticateUser: () => ({ ...john, authTime: Math.floor(now() / 1000) }),
      }),
      onEvent: (event) => {
        this.events.push(event);
        noteLogged(event);
      },
      now,
      ...policy,
    });
    const { cert, key } = serverCertificate;
    this.#server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, this.router);
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.#origin = `https://localhost:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.router.close();
  }

  send(message: Parameters<typeof tlsRequest>[1]): Promise<Reply> {
    return tlsRequest(this.#origin, message);
  }

  /** The metadata document as JSON. */
  async metadata(): Promise<Record<string, unknown>> {
    return (await this.send({ path: `${path}/.well-known/openid-configuration` })).body;
  }

  /** The private reason of the last outcome, or `success`. */
  get reason(): string {
    const last = this.events.findLast((event): event is OutcomeEvent => event.event !== 'warning');
    return last?.reason ?? last?.outcome ?? 'nothing';
  }

  /** The parameters of the redirect from the authorization endpoint; `status` where there is none. */
  async authorize(changes: Record<string, string> = {}): Promise<Record<string, string>> {
    const query = new URLSearchParams({ ...validRequest, ...changes });
    for (const [name, value] of [...query]) if (value === '') query.delete(name);
    return this.#answerTo(query);
  }

  async #answerTo(query: URLSearchParams): Promise<Record<string, string>> {
    const { status, headers } = await this.send({ path: `${path}/oauth2/authorize?${query}` });
    if (!headers.location) return { status: String(status) };
    return Object.fromEntries(new URL(headers.location).searchParams);
  }

  /** A pushed authorization request of the client of one method. */
  async push(method: Method, alg = 'ES256'): Promise<Reply> {
    const { form, ...proof } = await proofOf(method, alg);
    const pushed = { ...validRequest, client_id: method, ...form };
    return this.send({ path: `${path}/oauth2/par`, form: pushed, ...proof });
  }

  /** What the authorization endpoint answers to what was pushed. */
  authorizePushed(client_id: string, request_uri: string): Promise<Record<string, string>> {
    return this.#answerTo(new URLSearchParams({ client_id, request_uri }));
  }

  /** A token request of the client of one method: for client_credentials, or a fresh code where it is public. */
  async token(method: Method, changes: Record<string, string> = {}, alg = 'ES256'): Promise<Reply> {
    const { form, ...proof } = await proofOf(method, alg);
    const grant =
      method === 'none' && !changes.grant_type ? await this.codeGrant(method) : { grant_type: 'client_credentials' };
    return this.send({ path: `${path}/oauth2/token`, form: { ...grant, ...form, ...changes }, ...proof });
  }

  /** The parameters that redeem a fresh code. */
  async codeGrant(client_id: string): Promise<Record<string, string>> {
    const { code = 'none' } = await this.authorize({ client_id });
    return { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier };
  }

  /** The key of the key set with this kid. */
  async publishedKey(kid: string | undefined) {
    const { body } = await this.send({ path: `${path}/.well-known/jwks.json` });
    const jwk = body.keys.find((key: { kid: string }) => key.kid === kid);
    return importJWK(jwk, jwk.alg);
  }
}
