import type { IncomingMessage, ServerResponse } from 'node:http';
import request, { type Test } from 'supertest';
import { protectResource } from '../../index.js';
import { basicHeader, signer } from './methods.js';
import { webClient } from './openid-flow.js';
import { RefreshServer } from './refresh-flow.js';
import { noteSecret } from './suite-log.js';

/** The default audience, and the client_id of the resource server behind it. */
export const api = 'https://api.example.com';
const { client_secret = '' } = webClient();

const machine = { grant_types: ['client_credentials'], client_secret };

type Form = Record<string, string> | string;

/** A server with clients that ask about tokens and end them. Tokens are for the resource server `api`. */
export class TokenServer extends RefreshServer {
  constructor(options: ConstructorParameters<typeof RefreshServer>[0] = {}) {
    super({ audience: api, trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: 'nginx' }], ...options });
    const { grant_types: _, ...app } = this.clients.get('app') ?? webClient();
    for (const client of [
      { client_id: api, ...machine, scope: 'read accounts.*' },
      { client_id: 'auditor', ...machine, scope: 'introspect_tokens read' },
      { client_id: 'janitor', ...machine, scope: 'revoke_tokens read' },
      { client_id: 'idle', ...machine, scope: 'introspect_tokens revoke_tokens', status: 'inactive' as const },
      {
        client_id: 'key',
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [signer.jwk] },
        grant_types: ['client_credentials'],
        scope: 'read',
      },
      {
        ...app,
        client_id: 'loud-app',
        grant_types: ['authorization_code'],
        scope: 'openid read introspect_tokens revoke_tokens',
      },
    ])
      this.clients.set(client.client_id, client);
  }

  /** As the client by its secret; as a public one by its name; as nobody. */
  #post(path: string, form: Form, clientId: string | undefined): Test {
    const sent = request(this.spec.router).post(path).type('form');
    if (clientId === undefined) return sent.send(form);
    if (this.clients.get(clientId)?.token_endpoint_auth_method === 'none') {
      return sent.send({ client_id: clientId, ...(form as Record<string, string>) });
    }
    return sent.set('Authorization', basicHeader(clientId, client_secret)).send(form);
  }

  introspect(form: Form, clientId?: string): Test {
    return this.#post('/oauth2/introspect', form, clientId);
  }

  revoke(form: Form, clientId?: string): Test {
    return this.#post('/oauth2/revoke', form, clientId);
  }

  /** A token of `clientId` for itself. */
  async ofClient(clientId: string, scope: string): Promise<string> {
    const { body, status } = await this.as(clientId, { grant_type: 'client_credentials', scope });
    if (status !== 200) throw new Error(`no token: ${status} ${this.spec.last().reason}`);
    return noteSecret(body.access_token);
  }

  /** What introspection says to a client that may know all. */
  async knownAbout(token: string): Promise<Record<string, unknown>> {
    const { body } = await this.introspect({ token }, 'auditor');
    return body;
  }

  /** Whether the API takes it, introspection calls it active, and userinfo the same as the API. */
  async alive(token: string): Promise<boolean> {
    const guard = protectResource({ authorizationServer: this.spec.router });
    const handler = (message: IncomingMessage, response: ServerResponse) =>
      void guard(message, response, () => response.end('{}'));
    const { status } = await request(handler).get('/').set('Authorization', `Bearer ${token}`);
    const { active } = await this.knownAbout(token);
    if (active !== (status === 200)) throw new Error(`introspection says ${active}, the API ${status}`);
    return status === 200;
  }

  /** Error and private reason of a refusal, with its status and challenge. */
  async refusal(pending: Test) {
    const { status, body, headers } = await pending;
    const { reason, event, outcome } = this.spec.last();
    return { status, error: body.error, reason, event, outcome, challenge: headers['www-authenticate'] };
  }
}
