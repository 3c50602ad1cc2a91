import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStore } from '../../lib/stores/memory.js';
import type { Store } from '../../lib/stores/store.js';
import { exchange } from '../support/http-exchange.js';
import { RefreshServer, redemption, refusedAs } from '../support/refresh-flow.js';
import { newStore, type StorePlace, sharedStoreKinds, storeKinds } from '../support/store-kinds.js';
import { noteSecret } from '../support/suite-log.js';
import { type HttpReply, send, type TwoProcesses, twoProcesses } from '../support/two-processes.js';
import { unhurried } from '../support/unhurried-store.js';

const racers = 50;
const rounds = 3;
const secretKeys = [noteSecret(randomBytes(32).toString('base64'))];

const statuses = (replies: readonly { readonly status: number }[]) => new Set(replies.map(({ status }) => status));
const distinct = (replies: readonly { readonly body?: unknown }[], member: string) =>
  new Set(replies.map(({ body }) => (body as Record<string, string> | undefined)?.[member]));

const stores: [string, () => Promise<Store> | Store][] = [
  ['memory that takes its time', () => unhurried(memoryStore())],
  ...storeKinds.map((kind): [string, () => Promise<Store>] => [kind.name, () => newStore(kind)]),
];

describe.each(stores)('one refresh token at once, %s', (_name, open) => {
  let server: RefreshServer;
  let store: Store;
  async function start(options = {}) {
    store = await open();
    server = new RefreshServer({ store, secret_keys: secretKeys, access_token_format: 'opaque', ...options });
  }
  afterEach(async () => {
    await server.spec.router.close();
    await store.close();
  });

  const race = async (token: string) =>
    Promise.all(
      Array.from({ length: racers }, async () => {
        const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'app', refresh_token: token });
        const { status, text } = await exchange(server.spec.router, { path: '/oauth2/token', body: String(body) });
        return { status, body: JSON.parse(text) };
      }),
    );

  it(`RTG-04 RTG-06 of ${racers} refreshes all get the one successor: one family that lives`, async () => {
    await start();
    let { refresh_token } = await server.first({ client_id: 'app' });
    for (let round = 0; round < rounds; round += 1) {
      const replies = await race(refresh_token);
      expect(statuses(replies)).toEqual(new Set([200]));
      expect(distinct(replies, 'access_token').size).toBe(racers);
      const successors = distinct(replies, 'refresh_token');
      expect(successors.size).toBe(1);
      [refresh_token = ''] = successors as Set<string>;
      server.now += 3600;
    }
    expect(server.warnings).toEqual([]);
  });

  it(`RTG-04 without grace one of ${racers} is answered, and nothing of the family lives`, async () => {
    await start({ refresh_grace_seconds: 0 });
    const { refresh_token } = await server.first({ client_id: 'app' });
    const replies = await race(refresh_token);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(statuses(replies)).toEqual(new Set([200, 400]));
    const [successor] = replies.flatMap(({ body }) => body.refresh_token ?? []);
    expect(await server.verdict(successor, {}, 'app')).toEqual(refusedAs('grant_revoked'));
  });

  it(`RTG-04 reuse by ${racers} at once ends the family`, async () => {
    await start();
    const { refresh_token } = await server.first({ client_id: 'app' });
    const second = await server.next(refresh_token, {}, 'app');
    server.now += 60;
    expect(statuses(await race(refresh_token))).toEqual(new Set([400]));
    expect(server.warnings).toContain('refresh_token_reused');
    expect(await server.verdict(second.refresh_token, {}, 'app')).toEqual(refusedAs('grant_revoked'));
  });

  it(`RTG-06 ${racers} refreshes with a token that stays are all answered with it`, async () => {
    await start();
    const { refresh_token } = await server.first({ client_id: 'still' });
    const replies = await Promise.all(
      Array.from({ length: racers }, () => server.refresh(refresh_token, {}, 'still').then(({ body }) => ({ body }))),
    );
    expect(distinct(replies, 'refresh_token')).toEqual(new Set([refresh_token]));
  });

  it(`ACG-03 ACG-04 of ${racers} redemptions of one code one is answered, and what it gave is dead`, async () => {
    await start();
    const code = await server.code({ client_id: 'app', scope: 'offline_access read' });
    const replies = await Promise.all(Array.from({ length: racers }, () => server.as('app', redemption(code))));
    const winners = replies.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    expect(statuses(replies)).toEqual(new Set([200, 400]));
    expect(server.warnings).toContain('code_replayed');
    const verdict = await server.verdict(winners[0]?.body.refresh_token, {}, 'app');
    expect(verdict).toEqual(refusedAs('grant_revoked'));
  });
});

describe.each(sharedStoreKinds)('one refresh token at once, two processes on one $name', (kind) => {
  const client = {
    client_id: 'app',
    token_endpoint_auth_method: 'none',
    redirect_uris: ['https://web.example.com/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'offline_access read',
    trusted: true,
  };
  let place: StorePlace;
  let processes: TwoProcesses;
  beforeEach(async () => {
    place = await kind.newPlace();
  });
  afterEach(async () => {
    await processes.stop();
    await place.remove();
  });

  async function start(router = {}): Promise<void> {
    const user = { id: 'u-1', authTime: 1 };
    processes = await twoProcesses({ store: place.url, secretKeys, clients: [client], user, router });
  }

  async function first(): Promise<string> {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'app',
      scope: 'offline_access read',
      redirect_uri: client.redirect_uris[0] ?? '',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
    const [{ origin }] = processes.servers;
    const { headers } = await send(`${origin}/oauth2/authorize?${query}`);
    const code = noteSecret(new URL(String(headers.location)).searchParams.get('code') ?? '');
    const { body } = await send(`${origin}/oauth2/token`, { client_id: 'app', ...redemption(code) });
    return noteSecret(String(body?.refresh_token));
  }
  const form = (refresh_token: string) => ({ grant_type: 'refresh_token', client_id: 'app', refresh_token });
  const fire = (token: string): Promise<HttpReply[]> => processes.fire('/oauth2/token', form(token), racers);

  it(`RTG-04 RTG-06 of ${racers} refreshes over both all get the one successor`, async () => {
    await start();
    let token = await first();
    for (let round = 0; round < rounds; round += 1) {
      const replies = await fire(token);
      expect(statuses(replies)).toEqual(new Set([200]));
      const successors = distinct(replies, 'refresh_token');
      expect(successors.size).toBe(1);
      token = noteSecret([...successors][0] ?? '');
    }
    const told = processes.servers.flatMap(({ events }) => events).filter(({ event }) => event === 'warning');
    expect(told).toEqual([]);
  });

  it('RTG-04 without grace one is answered, and its family is dead in both', async () => {
    await start({ refresh_grace_seconds: 0 });
    const replies = await fire(await first());
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(statuses(replies)).toEqual(new Set([200, 400]));
    const successor = noteSecret(String(replies.find(({ status }) => status === 200)?.body?.refresh_token));
    for (const { origin } of processes.servers) {
      const { status, body } = await send(`${origin}/oauth2/token`, form(successor));
      expect([status, body?.error]).toEqual([400, 'invalid_grant']);
    }
    expect((await processes.servers[1].outcomes(racers / 2 + 1)).at(-1)?.reason).toBe('grant_revoked');
  });

  it('RTG-06 a retry after both were killed gets the same successor', async () => {
    await start({ refresh_grace_seconds: 60 });
    const token = await first();
    const { body } = await send(`${processes.servers[0].origin}/oauth2/token`, form(token));
    await processes.kill();
    await start({ refresh_grace_seconds: 60 });
    const again = await send(`${processes.servers[1].origin}/oauth2/token`, form(token));
    expect([again.status, again.body?.refresh_token]).toEqual([200, noteSecret(String(body?.refresh_token))]);
  });
});
