import request, { type Response } from 'supertest';
import type { ClientMetadataInput, SignedInUser, User } from '../../index.js';
import { basicHeader, issuer, newSecret } from './methods.js';
import { type SpecServer, specServer } from './spec-server.js';
import { noteSecret } from './suite-log.js';

const callback = 'https://web.example.com/callback';
/** RFC 7636 Appendix B. */
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const verifier = noteSecret('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk');
const secret = newSecret();

export const jane: User = { id: 'u-jane', username: 'jane', email: 'jane@example.com', name: 'Jane Doe' };

/** A confidential client that nobody is asked about. */
export function webClient(changes: Partial<ClientMetadataInput> = {}): ClientMetadataInput {
  return {
    client_id: 'web',
    client_secret: secret,
    redirect_uris: [callback],
    grant_types: ['authorization_code', 'client_credentials'],
    scope: 'openid profile email read',
    trusted: true,
    ...changes,
  };
}

/** A server at which Jane is signed in, with users and clients that a spec may change. */
export class OpenIdServer {
  readonly users = new Map<string, User>([[jane.id, jane]]);
  readonly clients = new Map<string, ClientMetadataInput>([['web', webClient()]]);
  /** Seconds since 1970. */
  now = 1_800_000_000;
  /** Who is at the browser. */
  person: SignedInUser = { ...jane, authTime: this.now - 100 };
  readonly spec: SpecServer;

  constructor(options: Parameters<typeof specServer>[0] = {}) {
    this.spec = specServer({
      clients: { find: (id) => this.clients.get(id) },
      users: { find: (key) => ('id' in key ? this.users.get(key.id) : undefined) },
      authenticateUser: () => this.person,
      now: () => this.now * 1000,
      ...options,
    });
  }

  authorize(changes: Record<string, string> = {}): Promise<Response> {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'web',
      redirect_uri: callback,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...changes,
    });
    return request(this.spec.router).get(`/oauth2/authorize?${query}`);
  }

  /** A fresh code. */
  async code(changes: Record<string, string> = {}): Promise<string> {
    const { status, headers } = await this.authorize(changes);
    const code = headers.location === undefined ? null : new URL(headers.location).searchParams.get('code');
    if (code === null) throw new Error(`no code: ${status} ${headers.location}`);
    return noteSecret(code);
  }

  redeem(code: string, clientId = 'web') {
    const form = { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier };
    return this.spec.token(form, { Authorization: basicHeader(clientId, secret) });
  }

  /** The reply to the code of such an authorization request. */
  async tokens(changes: Record<string, string> = {}): Promise<Record<string, string>> {
    const { status, body } = await this.redeem(await this.code(changes), changes.client_id);
    if (status !== 200) throw new Error(`no tokens: ${status} ${JSON.stringify(body)}`);
    noteSecret(body.access_token);
    return body;
  }

  /** An access token of the client itself. */
  async machineToken(scope: string): Promise<string> {
    const form = { grant_type: 'client_credentials', scope };
    const { body } = await this.spec.token(form, { Authorization: basicHeader('web', secret) });
    return noteSecret(body.access_token);
  }

  userinfo(token: string) {
    return request(this.spec.router).get('/userinfo').set('Authorization', `Bearer ${token}`);
  }

  /** A public key of the server. */
  async publicKey(kid: string | undefined) {
    const { body } = await request(this.spec.router).get('/.well-known/jwks.json');
    return body.keys.find((key: { kid: string }) => key.kid === kid);
  }
}

export { issuer };
