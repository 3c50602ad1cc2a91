import { describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { clientCredentials, type GrantRouterOptions, grantRouter, openStore, standardStrategies } from '../../index.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { CountedStore } from '../support/counted-store.js';
import { blocked, guessStart, guessWorld, right } from '../support/guess-world.js';
import { basicHeader, clientPerMethod } from '../support/methods.js';

/** A twentieth is 2 for a client, and 10 for an address. */
const limits = {
  client: { max_attempts: 40 },
  source: { max_attempts: 200 },
  workspace: { max_attempts: 30 },
  tenant: { max_attempts: 0 },
};
const guesserAt = (number: number) => `198.51.100.${number}`;

/** Thirty addresses, each wrong once. */
async function spendTotal({ guess }: Pick<ReturnType<typeof guessWorld>, 'guess'>, times = 30): Promise<void> {
  for (let number = 0; number < times; number += 1) await guess(1, 'basic-client', guesserAt(number));
}

describe('GEN-17 failures of everybody in a workspace', () => {
  it('GEN-17 leave an address a twentieth of its guesses once they are too many', async () => {
    const { guess, ask, warnings, ...world } = guessWorld({ rate_limits: limits });
    await spendTotal({ guess });
    expect(warnings()).toEqual([]);
    await guess(2);
    const { reply, verdict } = await ask('basic-client', 'wrong');
    expect(verdict).toEqual(blocked);
    expect(world.server.last().detail).toEqual({ client_id: 'basic-client', retry_after: 60, max_attempts: 2 });
    expect(reply.headers['retry-after']).toBe('60');
  });

  it('GEN-17 never keep out who is right: not where nobody failed, nor where somebody failed less', async () => {
    const { guess, ask } = guessWorld({ rate_limits: limits });
    await spendTotal({ guess });
    await guess(2, 'basic-client', guesserAt(50));
    expect((await ask('basic-client', right, guesserAt(50))).verdict).toEqual(blocked);
    await guess(1, 'basic-client', guesserAt(51));
    for (const from of ['203.0.113.7', guesserAt(51), guesserAt(3)]) {
      expect((await ask('basic-client', right, from)).verdict).toEqual([200, 'ok']);
    }
  });

  it('GEN-17 leave other clients of a guesser alone until the address has a twentieth of its own', async () => {
    const { guess, ask } = guessWorld({ rate_limits: limits });
    await spendTotal({ guess });
    await guess(2, 'nobody');
    expect((await ask('basic-client', right)).verdict).toEqual([200, 'ok']);
    for (const name of ['a', 'b', 'c', 'd']) await guess(2, name);
    expect((await ask('basic-client', right)).verdict).toEqual([429, 'source_guesses_exceeded']);
  });

  it('GEN-17 are forgotten when the period is over', async () => {
    const { guess, ask, clock } = guessWorld({ rate_limits: limits });
    await spendTotal({ guess });
    await guess(2);
    expect((await ask('basic-client', right)).verdict).toEqual(blocked);
    clock.now += 60_000;
    await guess(20);
    expect((await ask('basic-client', right)).verdict).toEqual([200, 'ok']);
  });

  it('GEN-17 cannot be driven up by one address, which is blocked before', async () => {
    const { guess, ask } = guessWorld({ rate_limits: { ...limits, source: { max_attempts: 20 } } });
    await guess(20);
    for (let time = 0; time < 30; time += 1) expect((await ask('basic-client', 'wrong')).verdict[0]).toBe(429);
    await guess(10, 'basic-client', guesserAt(1));
    expect((await ask('basic-client', right, guesserAt(1))).verdict).toEqual([200, 'ok']);
  });

  it('GEN-17 are not counted with 0', async () => {
    const { guess, ask } = guessWorld({ rate_limits: { ...limits, workspace: { max_attempts: 0 } } });
    await spendTotal({ guess });
    await guess(10);
    expect((await ask('basic-client', right)).verdict).toEqual([200, 'ok']);
  });

  it('GEN-17 are told once in a period, by one of all processes', async () => {
    const store = await openStore('memory:?acknowledge=single-process');
    const worlds = [guessWorld({ store, rate_limits: limits }), guessWorld({ store, rate_limits: limits })] as const;
    const [one, two] = worlds;
    await spendTotal(one);
    await two.guess(2);
    expect((await two.ask('basic-client', 'wrong')).verdict).toEqual(blocked);
    await one.guess(1, 'nobody');
    const told = worlds.flatMap(({ warnings }) => warnings());
    expect(told).toEqual([
      expect.objectContaining({
        name: 'guessing_widespread',
        detail: { of: 'workspace', max_attempts: 30, period: 60 },
      }),
    ]);
  });

  it('GEN-17 cost the store nothing where clients are right, and no write once they are known to be too many', async () => {
    const counted = new CountedStore(memoryStore());
    const { guess, ask } = guessWorld({ store: counted.store, rate_limits: limits, access_token_format: 'jwt' });
    await ask('basic-client', right);
    const { verbs: calm } = structuredClone(await counted.during(() => ask('basic-client', right)));
    expect(calm.filter((verb) => verb.includes('guesses'))).toEqual([]);
    await spendTotal({ guess }, 31);
    const failed = await counted.during(() => guess(1, 'basic-client', guesserAt(99)));
    expect(failed.verbs).toEqual(['increment guesses', 'increment guesses']);
    expect(failed.waits).toBe(1);
    expect((await counted.during(() => ask('basic-client', right))).verbs).toEqual(calm);
  });
});

describe('GEN-17 failures of everybody in a tenant', () => {
  const clients = [clientPerMethod.client_secret_basic];
  const workspace = (tenant: string, name: string) => ({
    issuer: `https://as.example.com/${tenant}/${name}`,
    tenant,
    workspace: name,
    clients: clients as never,
    scopes: { read: {}, write: {} },
  });

  function tenants(max_attempts: number) {
    const options = {
      workspaces: [workspace('acme', 'one'), workspace('acme', 'system'), workspace('globex', 'one')],
      strategies: standardStrategies(),
      grants: [clientCredentials()],
      trusted_proxies: [{ cidr: '127.0.0.0/8', client_certificate: 'nginx' as const }],
      rate_limits: { ...limits, workspace: { max_attempts: 0 }, tenant: { max_attempts } },
      now: () => guessStart,
    } satisfies GrantRouterOptions;
    const router = grantRouter(options);
    return async (path: string, from: string, secret = 'wrong') => {
      const sent = request(router).post(`${path}/oauth2/token`).type('form').send({ grant_type: 'client_credentials' });
      const headers = { Authorization: basicHeader('basic-client', secret), 'X-Forwarded-For': from };
      return (await sent.set(headers)).status;
    };
  }

  it('GEN-17 count over its workspaces, and for no other tenant', async () => {
    const ask = tenants(30);
    for (let number = 0; number < 30; number += 1) {
      expect(await ask(number % 2 === 0 ? '/acme/one' : '/acme/system', guesserAt(number))).toBe(401);
    }
    const guess = async (path: string) => [await ask(path, 'a'), await ask(path, '203.0.113.7')];
    for (const path of ['/acme/one', '/acme/system']) {
      expect([await guess(path), await guess(path), await ask(path, '203.0.113.7')]).toEqual([
        [401, 401],
        [401, 401],
        429,
      ]);
      expect(await ask(path, '203.0.113.8', right)).toBe(200);
    }
    for (let time = 0; time < 10; time += 1) expect(await ask('/globex/one', '203.0.113.7')).toBe(401);
  });

  it('GEN-17 are not counted with 0', async () => {
    const ask = tenants(0);
    for (let number = 0; number < 40; number += 1) await ask('/acme/one', guesserAt(number));
    for (let time = 0; time < 10; time += 1) expect(await ask('/acme/one', '203.0.113.7')).toBe(401);
    expect(await ask('/acme/one', '203.0.113.7', right)).toBe(200);
  });
});
