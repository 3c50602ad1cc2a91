import type { IncomingMessage, ServerResponse } from 'node:http';
import request, { type Test } from 'supertest';
import {
  authorizationCode,
  type ClientMetadataInput,
  clientCredentials,
  type Grant,
  protectResource,
  refreshToken,
} from '../../index.js';
import { basicHeader } from './methods.js';
import { OpenIdServer, webClient } from './openid-flow.js';
import { noteSecret } from './suite-log.js';

const refreshing = {
  grant_types: ['authorization_code', 'refresh_token'],
  scope: 'openid profile offline_access read write',
};
const { client_secret = '', redirect_uris = [] } = webClient();

/** `web` and `other` authenticate by secret, `app` is public, `still` does not rotate. Nobody is asked for consent. */
export const refreshClients: readonly ClientMetadataInput[] = [
  webClient(refreshing),
  webClient({ ...refreshing, client_id: 'other' }),
  webClient({ ...refreshing, client_id: 'still', refresh_token_rotation: false }),
  { client_id: 'app', token_endpoint_auth_method: 'none', trusted: true, redirect_uris, ...refreshing },
];

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token: string;
  readonly scope: string;
  readonly expires_in: number;
}

/** A server at which Jane is signed in, and clients that may refresh. */
export class RefreshServer extends OpenIdServer {
  constructor(options: ConstructorParameters<typeof OpenIdServer>[0] = {}) {
    super({
      grants: [authorizationCode(), clientCredentials(), refreshToken()] as Grant[],
      access_token_format: 'jwt',
      signing_keys: ['ES256'],
      ...options,
    });
    for (const client of refreshClients) this.clients.set(client.client_id, client);
  }

  /** A token request as this client. */
  as(clientId: string, form: Record<string, string>): Test {
    if (this.clients.get(clientId)?.token_endpoint_auth_method === 'none') {
      return this.spec.token({ client_id: clientId, ...form });
    }
    return this.spec.token(form, { Authorization: basicHeader(clientId, client_secret) });
  }

  refresh(token: string, more: Record<string, string> = {}, clientId = 'web'): Test {
    return this.as(clientId, { grant_type: 'refresh_token', refresh_token: token, ...more });
  }

  /** The tokens of a new authorization. */
  async first(changes: Record<string, string> = {}): Promise<Tokens> {
    const { client_id = 'web' } = changes;
    const code = await this.code({ scope: 'openid offline_access read', ...changes });
    const { body, status } = await this.as(client_id, redemption(code));
    if (status !== 200) throw new Error(`no tokens: ${status} ${JSON.stringify(body)}`);
    return noted(body);
  }

  /** The tokens of a refresh that must succeed. */
  async next(token: string, more: Record<string, string> = {}, clientId = 'web'): Promise<Tokens> {
    const { body, status } = await this.refresh(token, more, clientId);
    if (status !== 200) throw new Error(`not refreshed: ${status} ${this.spec.last().reason}`);
    return noted(body);
  }

  /** Status, error and private reason of a refresh. */
  async verdict(token: string, more: Record<string, string> = {}, clientId = 'web') {
    const { status, body } = await this.refresh(token, more, clientId);
    return [status, body.error, this.spec.last().reason];
  }

  /** Status and reason of a call to an API with this access token. */
  async call(token: string) {
    const guard = protectResource({ authorizationServer: this.spec.router });
    const api = (message: IncomingMessage, response: ServerResponse) =>
      void guard(message, response, () => response.end('{}'));
    const { status } = await request(api).get('/').set('Authorization', `Bearer ${token}`);
    return [status, this.spec.last().reason];
  }

  /** The names of all warnings so far. */
  get warnings(): string[] {
    return this.spec.events.flatMap((event) => (event.event === 'warning' ? [event.name] : []));
  }
}

/** The form that redeems a code of `OpenIdServer.code`. */
export function redemption(code: string): Record<string, string> {
  // RFC 7636 Appendix B.
  const code_verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
  return { grant_type: 'authorization_code', code, redirect_uri: String(redirect_uris[0]), code_verifier };
}

function noted(tokens: Tokens): Tokens {
  noteSecret(tokens.access_token);
  if (tokens.refresh_token !== undefined) noteSecret(tokens.refresh_token);
  return tokens;
}

export const fresh = [200, undefined, undefined];
export const refusedAs = (reason: string) => [400, 'invalid_grant', reason];
