import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Provider } from 'oidc-provider';
import request from 'supertest';
import { accessOf, type OutcomeEvent, protectResource } from '../../index.js';
import { clientKey } from '../support/client-keys.js';
import { basicHeader, ca, newSecret } from '../support/methods.js';
import { tlsServer } from '../support/spec-server.js';
import { noteLogged, noteSecret } from '../support/suite-log.js';
import { tlsRequest } from '../support/tls-world.js';

const audience = 'https://api.example.com';
const [machineSecret, apiSecret] = [newSecret(), newSecret()];
const key = clientKey('RSA', { kid: 'one' });
const good = [200, undefined, undefined];

let server: Awaited<ReturnType<typeof tlsServer>>;
let handle: RequestListener = () => undefined;
/** What the next token shall be. */
let format = 'jwt';
const events: OutcomeEvent[] = [];

beforeAll(async () => {
  server = await tlsServer((message, response) => handle(message, response));
  const machine = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
  const provider = new Provider(server.origin, {
    clients: [
      { client_id: 'machine', client_secret: machineSecret, ...machine },
      { client_id: 'api', client_secret: apiSecret, ...machine },
    ],
    jwks: { keys: [{ ...key.privateJwk, kid: 'one', alg: 'RS256', use: 'sig' }] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo: () => ({ scope: 'read write', audience, accessTokenFormat: format }),
      },
    },
  });
  handle = provider.callback();
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function tokenOf(wanted: 'jwt' | 'opaque'): Promise<string> {
  format = wanted;
  const { body } = await tlsRequest(server.origin, {
    path: '/token',
    form: { grant_type: 'client_credentials', scope: 'read' },
    headers: { authorization: basicHeader('machine', machineSecret) },
  });
  return noteSecret(body.access_token);
}

/** An API that knows the issuer and nothing else. */
function api(more: Partial<Extract<Parameters<typeof protectResource>[0], { introspection?: unknown }>> = {}) {
  const guard = protectResource({
    issuer: server.origin,
    audience,
    outbound: { allow_private_hosts: [new URL(server.origin).host], ca: ca.cert },
    onEvent: (event) => {
      noteLogged(event);
      if (event.event !== 'warning') events.push(event);
    },
    ...more,
  });
  const handler: RequestListener = (message, response) =>
    void guard(message, response, () => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(accessOf(message)));
    });
  return async (token: string) => {
    const { status, body } = await request(handler).get('/').set('Authorization', `Bearer ${token}`);
    return { seen: [status, body.error, events.at(-1)?.reason], body };
  };
}

describe('protectResource before tokens of oidc-provider', () => {
  it('RSV-01 takes a JWT, by OpenID Connect Discovery', async () => {
    const { seen, body } = await api()(await tokenOf('jwt'));
    expect(seen).toEqual(good);
    expect(body).toMatchObject({ iss: server.origin, client_id: 'machine', scope: 'read' });
    expect(body.claims.aud).toBe(audience);
  });

  it('INT-07 takes an opaque token', async () => {
    const introspection = { client_id: 'api', client_secret: apiSecret };
    const { seen, body } = await api({ introspection })(await tokenOf('opaque'));
    expect(seen).toEqual(good);
    expect(body).toMatchObject({ iss: server.origin, client_id: 'machine', scope: 'read' });
  });

  it('INT-07 refuses an opaque one that was revoked, one that never was, and asks nobody without credentials', async () => {
    const call = api({ introspection: { client_id: 'api', client_secret: apiSecret, cache_ttl: 0 } });
    const token = await tokenOf('opaque');
    expect((await call(token)).seen).toEqual(good);
    await tlsRequest(server.origin, {
      path: '/token/revocation',
      form: { token },
      headers: { authorization: basicHeader('machine', machineSecret) },
    });
    expect((await call(token)).seen).toEqual([401, 'invalid_token', 'token_inactive']);
    expect((await call('A'.repeat(43))).seen).toEqual([401, 'invalid_token', 'token_inactive']);
    expect((await api()(token)).seen).toEqual([401, 'invalid_token', 'token_opaque']);
  });

  it('GEN-11 is no judge of tokens when its own credentials are wrong', async () => {
    const call = api({ introspection: { client_id: 'api', client_secret: machineSecret } });
    expect((await call(await tokenOf('opaque'))).seen).toEqual([
      503,
      'temporarily_unavailable',
      'introspection_unavailable',
    ]);
  });

  it('RSV-02 refuses a token for another audience', async () => {
    const { seen } = await api({ audience: 'https://other.example' })(await tokenOf('jwt'));
    expect(seen).toEqual([401, 'invalid_token', 'token_audience_mismatch']);
  });
});
