import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request, { type Response } from 'supertest';
import { authenticateClient, protectResource, standardStrategies } from '../../index.js';
import { failingClosed } from '../../lib/stores/failing-closed.js';
import { breakableStore, storeFailure, type Verb } from '../support/breakable-store.js';
import { assertion, assertionType, signer } from '../support/methods.js';
import { mintToken } from '../support/mint-token.js';
import { issuer, OpenIdServer, webClient } from '../support/openid-flow.js';

let broken: Set<Verb>;
let server: OpenIdServer;
function open(options: ConstructorParameters<typeof OpenIdServer>[0] = {}, throws = false): void {
  const breakable = breakableStore({ throws });
  broken = breakable.broken;
  server = new OpenIdServer({ store: breakable.store, ...options });
}
beforeEach(() => open());
afterEach(async () => {
  broken.clear();
  await server.spec.router.close();
});

/** 503, in words that say nothing of the store, with all of it in the event. */
function expectUnavailable({ status, body, headers, text }: Response): void {
  expect([status, body]).toEqual([
    503,
    { error: 'temporarily_unavailable', error_description: 'The server cannot answer right now. Try again soon.' },
  ]);
  expect(headers).toMatchObject({
    'retry-after': '2',
    'content-type': 'application/json',
    'cache-control': 'no-store',
  });
  expect(headers).not.toHaveProperty('www-authenticate');
  expect(text).not.toContain('hunter2');
  expect(server.spec.last()).toMatchObject({ outcome: 'failure', reason: 'store_unavailable', cause: storeFailure() });
}

const assertionGrant = async () => ({
  grant_type: 'client_credentials',
  client_assertion: await assertion('key', { now: server.now * 1000 }),
  client_assertion_type: assertionType,
});
const keyClient = webClient({
  client_id: 'key',
  client_secret: undefined,
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [signer.jwk] },
});

describe.each([false, true])('GEN-11 at the token endpoint (the store throws at once: %s)', (throws) => {
  beforeEach(async () => {
    await server.spec.router.close();
    open({}, throws);
  });

  it.each<[Verb]>([['get'], ['claim'], ['set']])('GEN-11 a code is not redeemed while %s fails', async (verb) => {
    const code = await server.code({ scope: 'openid' });
    broken.add(verb);
    expectUnavailable(await server.redeem(code));
    broken.clear();
    const again = await server.redeem(code);
    // A claim may stand although its answer was lost, or what followed failed: then the code is used up.
    expect(again.status).toBe(verb === 'set' ? 400 : 200);
  });

  it('GEN-11 an assertion is not accepted while its jti cannot be claimed', async () => {
    server.clients.set('key', keyClient);
    broken.add('claim');
    expectUnavailable(await server.spec.token(await assertionGrant()));
    broken.clear();
    expect((await server.spec.token(await assertionGrant())).status).toBe(200);
  });
});

describe('GEN-11 at the authorization endpoint', () => {
  it('GEN-11 the client is told by redirect, with state and iss', async () => {
    broken.add('set');
    const { status, headers } = await server.authorize({ state: 's' });
    expect(status).toBe(303);
    const answer = new URL(headers.location ?? '').searchParams;
    expect(Object.fromEntries(answer)).toEqual({
      error: 'temporarily_unavailable',
      error_description: expect.any(String),
      state: 's',
      iss: issuer,
    });
    expect(headers.location).not.toContain('hunter2');
    expect(server.spec.last()).toMatchObject({ event: 'authorize', reason: 'store_unavailable' });
    broken.clear();
    expect((await server.authorize()).headers.location).toContain('code=');
  });
});

describe.each(['jwt', 'opaque'] as const)('GEN-11 at a protected resource (%s)', (access_token_format) => {
  beforeEach(async () => {
    await server.spec.router.close();
    open({ access_token_format });
  });

  it('GEN-11 a token is not taken while nobody can say whether it was revoked', async () => {
    const { access_token: token = '' } = await server.tokens({ scope: 'openid' });
    const guard = protectResource({ authorizationServer: server.spec.router });
    const api = (message: IncomingMessage, response: ServerResponse) =>
      void guard(message, response, () => response.end('{}'));
    const ask = () => request(api).get('/').set('Authorization', `Bearer ${token}`);
    expect((await ask()).status).toBe(200);
    broken.add('get');
    expectUnavailable(await ask());
    expectUnavailable(await server.userinfo(token));
    broken.clear();
    expect([(await ask()).status, (await server.userinfo(token)).status]).toEqual([200, 200]);
  });

  it('GEN-11 a forged token is no matter of the store', async () => {
    const forged = await mintToken(server.spec.router, { header: { kid: 'other' } });
    broken.add('get');
    expect((await server.userinfo(forged)).status).toBe(401);
    expect(server.spec.last().reason).toBe('token_signature_invalid');
  });
});

it('GEN-11 authenticateClient answers the same', async () => {
  const breakable = breakableStore();
  const guard = authenticateClient({
    issuer,
    clients: [keyClient],
    store: breakable.store,
    strategies: standardStrategies(),
    now: () => server.now * 1000,
  });
  const route = (message: IncomingMessage, response: ServerResponse) =>
    void guard(message as never, response as never, () => response.end('in'));
  const ask = async () =>
    request(route)
      .post('/')
      .type('form')
      .send(await assertionGrant());
  expect((await ask()).text).toBe('in');
  breakable.broken.add('claim');
  const { status, body, headers } = await ask();
  expect([status, body.error, headers['retry-after']]).toEqual([503, 'temporarily_unavailable', '2']);
});

it('GEN-11 a client database that fails is ours to mend, and no matter of the store', async () => {
  await server.spec.router.close();
  open({ clients: { find: () => Promise.reject(storeFailure()) } });
  const { status, body, headers } = await server.spec.token({ grant_type: 'client_credentials', client_id: 'web' });
  expect([status, body.error, server.spec.last().reason]).toEqual([500, 'server_error', 'internal_error']);
  expect(headers).not.toHaveProperty('retry-after');
});

it('ready() rejects with what the store says', async () => {
  await expect(server.spec.router.ready()).resolves.toBeUndefined();
  broken.add('ping');
  await expect(server.spec.router.ready()).rejects.toThrow('ECONNREFUSED');
});

it.each<[Verb, (store: ReturnType<typeof failingClosed>) => Promise<unknown>]>([
  ['get', (store) => store.get('a')],
  ['set', (store) => store.set('a', '1', 60)],
  ['delete', (store) => store.delete('a')],
  ['claim', (store) => store.claim('a', '1', 60)],
  ['increment', (store) => store.increment('a', 60)],
  [
    'scan',
    async (store) => {
      for await (const entry of store.scan('')) expect(entry.key).toBe('a');
    },
  ],
])('GEN-11 %s rejects with store_unavailable while it fails, and answers otherwise', async (verb, ask) => {
  for (const throws of [false, true]) {
    const breakable = breakableStore({ throws });
    const store = failingClosed(breakable.store);
    expect(store.volatile).toBe(true);
    await ask(store);
    breakable.broken.add(verb);
    await expect(ask(store)).rejects.toMatchObject({ reason: 'store_unavailable', cause: storeFailure() });
  }
});
