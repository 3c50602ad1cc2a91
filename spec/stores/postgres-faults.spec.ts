import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { type PostgresStore, postgresStore } from '../../lib/stores/postgres.js';
import type { Claim, Store } from '../../lib/stores/store.js';
import { newPostgresPlace, type PostgresPlace, sql } from '../support/postgres-place.js';
import { databaseUrl } from '../support/services.js';
import { type TcpRelay, tcpRelay } from '../support/tcp-relay.js';

let place: PostgresPlace;
let relay: TcpRelay;
/** Straight to the server. */
let direct: PostgresStore;
/** By the relay. */
let store: PostgresStore;

beforeAll(async () => {
  place = await newPostgresPlace();
  direct = await postgresStore(place.url);
  const { hostname, port } = new URL(databaseUrl);
  relay = await tcpRelay(hostname, Number(port || 5432));
});
afterAll(async () => {
  await relay.close();
  await direct.close();
  await place.remove();
});
beforeEach(async () => {
  store = await postgresStore(relayed({}));
});
afterEach(() => store.close());

function relayed(parameters: Readonly<Record<string, string>>): string {
  const url = new URL(place.with(parameters));
  url.host = `127.0.0.1:${relay.port}`;
  return url.href;
}

const verbs: Record<string, (store: Store) => Promise<unknown>> = {
  get: (of) => of.get('a'),
  set: (of) => of.set('a', 'v', 60),
  delete: (of) => of.delete('a'),
  claim: (of) => of.claim('a', 'v', 60),
  increment: (of) => of.increment('n', 60),
  ping: (of) => of.ping(),
  scan: async (of) => {
    for await (const _ of of.scan('')) break;
  },
};

/** Milliseconds each verb took until it rejected; one that resolved fails. */
function refusals(): Promise<number[]> {
  return Promise.all(
    Object.entries(verbs).map(async ([name, verb]) => {
      const start = performance.now();
      const outcome = await verb(store).then(
        () => `${name} answered`,
        (error: unknown) => error,
      );
      expect(outcome).toBeInstanceOf(Error);
      expect(String(outcome)).toContain(`PostgreSQL at 127.0.0.1:${relay.port}/`);
      return performance.now() - start;
    }),
  );
}

async function worksAgain(): Promise<void> {
  for (const verb of Object.values(verbs)) await verb(store);
}

describe('a postgres store whose server is away', () => {
  it('rejects every verb within two seconds, and works when it is back', async () => {
    await worksAgain();
    await relay.stop();
    expect(Math.max(...(await refusals()))).toBeLessThan(2000);
    await relay.start();
    await worksAgain();
  });

  it('rejects every verb within two seconds when nothing comes back on its connections, and on new ones', async () => {
    await worksAgain();
    relay.stall();
    expect(Math.max(...(await refusals()))).toBeLessThan(2000);
    expect(Math.max(...(await refusals()))).toBeLessThan(2000);
    relay.resume();
    await worksAgain();
  });

  it('ends within two seconds what waits for a lock and what waits for its connection, and the server gives up too', async () => {
    const narrow = await postgresStore(place.with({ pool: '1', application_name: place.schema }));
    const holder = new Client({ connectionString: databaseUrl });
    await holder.connect();
    try {
      await narrow.set('busy', 'v', 60);
      await holder.query(`BEGIN; SELECT FROM ${place.schema}.entries WHERE id = 'busy' FOR UPDATE`);
      const start = performance.now();
      const [locked, behind] = await Promise.allSettled([
        narrow.set('busy', 'lost', 60),
        narrow.claim('other', 'v', 60),
      ]);
      expect(performance.now() - start).toBeLessThan(2000);
      expect(locked.status).toBe('rejected');
      const working = 'SELECT FROM pg_stat_activity WHERE application_name = $1 AND state = $2';
      while ((await sql(working, [place.schema, 'active'])).length > 0) await wait(10);
      await holder.query('COMMIT');
      expect(await narrow.get('busy')).toBe('v');
      // The server may end the first in time to let the second through: it is then done, and otherwise not at all.
      expect(await narrow.get('other')).toBe(behind.status === 'fulfilled' ? 'v' : undefined);
    } finally {
      await holder.end();
      await narrow.close();
    }
  });

  it('close does not wait for a server that is not there', async () => {
    const leaving = await postgresStore(relayed({}));
    relay.stall();
    const inHand = leaving.claim('leaving', 'v', 60).catch((error: unknown) => error);
    const start = performance.now();
    await leaving.close();
    expect(performance.now() - start).toBeLessThan(2000);
    expect(await inHand).toBeInstanceOf(Error);
    relay.resume();
  });
});

describe('an answer of a postgres store that was lost', () => {
  it('of a claim is not told as if it had worked, and the claim stands', async () => {
    await store.ping();
    relay.loseAnswers(1);
    await expect(store.claim('lost claim', 'mine', 60)).rejects.toThrow('PostgreSQL at');
    expect(await store.claim('lost claim', 'mine', 60)).toEqual({ first: false, value: 'mine' });
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['an increment', () => store.increment('lost', 60), '1'],
    ['a value', () => store.set('lost', 'v', 60), 'v'],
  ])('of %s is not repeated', async (_name, verb, standing) => {
    await direct.delete('lost');
    await store.ping();
    relay.loseAnswers(1);
    await expect(verb()).rejects.toThrow('PostgreSQL at');
    expect(await direct.get('lost')).toBe(standing);
  });

  it('of a read is asked for again', async () => {
    await direct.set('read', 'v', 60);
    await store.ping();
    relay.loseAnswers(1);
    expect(await store.get('read')).toBe('v');
    relay.loseAnswers(1);
    const found: string[] = [];
    for await (const { key } of store.scan('read')) found.push(key);
    expect(found).toEqual(['read']);
  });
});

describe('a postgres store whose connections end in the middle of the work', () => {
  const outcome = [() => true, () => false] as const;
  const kills: [string, () => unknown][] = [
    ['cut by the network', () => relay.cut()],
    [
      'ended by an operator',
      () => sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [place.schema]),
    ],
  ];

  it.each(kills)('%s: no claim is first twice, what was answered stands, and it goes on', async (name, kill) => {
    const worker = await postgresStore(relayed({ application_name: place.schema }));
    const told: { readonly key: string; readonly by: string; readonly claim: Claim }[] = [];
    let rejected = 0;
    let done = false;
    const claimant = async (by: string) => {
      for (let n = 0; n < 25; n += 1) {
        const key = `${name}/${n}`;
        const claim = await worker.claim(key, by, 60).catch(() => undefined);
        if (claim) told.push({ key, by, claim });
        else rejected += 1;
      }
    };
    const killing = (async () => {
      for (let seen = told.length; !done; seen = told.length) {
        while (!done && told.length < seen + 8) await wait(2);
        await kill();
      }
    })();
    try {
      await Promise.all(Array.from({ length: 10 }, (_, number) => claimant(String(number))));
      done = true;
      await killing;
      // The end of an idle connection may not have been heard of yet.
      while (!(await worker.ping().then(...outcome))) await wait(5);
      expect(await worker.claim(`${name}/afterwards`, 'v', 60)).toEqual({ first: true });
    } finally {
      await worker.close();
    }
    expect(rejected).toBeGreaterThan(0);
    expect(told.length).toBeGreaterThan(0);
    for (const { key, by, claim } of told) expect(await direct.get(key)).toBe(claim.first ? by : claim.value);
  });
});
