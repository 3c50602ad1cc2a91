import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { memoryStore } from '../../lib/stores/memory.js';
import { openStore } from '../../lib/stores/open.js';
import { type Asked, CountedStore } from '../support/counted-store.js';
import { newPostgresPlace, sql } from '../support/postgres-place.js';
import { type Price, priceFailures, priceMachines, pricePeople } from '../support/priced-requests.js';
import { redisUrl, withoutStores } from '../support/services.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const page = readFileSync(join(root, 'docs/scaling.md'), 'utf8');
const rows = page.split('\n').filter((line) => /^\| [^|]+ \| (opaque|JWT|none) \|/.test(line));

/** The line of the page for what was asked. */
function row(what: string, token: 'opaque' | 'JWT' | 'none', { verbs, waits }: Asked): string {
  return `| ${what} | ${token} | ${verbs.length} | ${waits} | ${verbs.join(', ')} |`;
}

describe('what the page says that a request asks of the store', () => {
  const measured: string[] = [];
  const pricing = (): [CountedStore, Price] => {
    const counted = new CountedStore(memoryStore());
    const price: Price = async (what, token, work) => {
      measured.push(row(what, token, await counted.during(work)));
    };
    return [counted, price];
  };

  it.each(['opaque', 'JWT'] as const)('machines, %s', async (token) => {
    const [{ store }, price] = pricing();
    await priceMachines(store, token, price);
  });

  it.each(['opaque', 'JWT'] as const)('people, %s', async (token) => {
    const [{ store }, price] = pricing();
    await pricePeople(store, token, price);
  });

  it('failures, and clients of the store', async () => {
    const [{ store }, price] = pricing();
    await priceFailures(store, price);
  });

  it('is all that it says', () => {
    expect(rows).toEqual(measured);
  });
});

const simulated = (...args: string[]) => {
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'bench/scaling.js'), ...args], {
    encoding: 'utf8',
  });
  expect(stderr.replaceAll(/^.*ExperimentalWarning.*\n.*\n/gm, '')).toBe('');
  return stdout.trim();
};

describe('how keys spread', () => {
  it('over the primaries of a cluster as the page says', () => {
    expect(page).toContain(simulated());
    expect(page).not.toContain(simulated('1000'));
  });

  const partitions = async () => {
    const place = await newPostgresPlace();
    const [statements = ''] = /```sql\n([^`]+)```/.exec(page)?.slice(1) ?? [];
    await sql(statements.replaceAll('express_client_auth', place.schema));
    const store = await openStore(place.url);
    try {
      const claims = await Promise.all(Array.from({ length: 50 }, () => store.claim('acme/demo/jti/one', '1', 60)));
      expect(claims.filter(({ first }) => first)).toHaveLength(1);
      expect([await store.increment('n', 60), await store.increment('n', 60)]).toEqual([1, 2]);
      await store.set('short', '1', 0.001);
      await sql('SELECT pg_sleep(0.01)');
      expect(await store.get('short')).toBeUndefined();
      await store.prune?.();
      await sql(`INSERT INTO ${place.schema}.entries (id, value, expires_at)
        SELECT convert_to('acme/demo/jti/' || translate(encode(sha256(i::text::bytea), 'base64'), '+/=', '-_'), 'UTF8'),
          '1', now() + interval '1 minute' FROM generate_series(1, 20000) AS i`);
      const sizes = await sql<{ n: number }>(
        `SELECT count(*)::int AS n FROM ${place.schema}.entries GROUP BY tableoid`,
      );
      expect(sizes).toHaveLength(16);
      const mean = 20_002 / 16;
      for (const { n } of sizes) expect(Math.abs(n / mean - 1)).toBeLessThan(0.15);
      const [{ bytes } = { bytes: 0 }] = await sql<{ bytes: number }>(`
        SELECT (sum(pg_total_relation_size(inhrelid)) / 20000)::int AS bytes
        FROM pg_inherits WHERE inhparent = '${place.schema}.entries'::regclass`);
      expectNear(bytes, 'PostgreSQL');
    } finally {
      await store.close();
      await place.remove();
    }
  };
  if (!withoutStores.includes('postgres')) {
    it('over partitions of PostgreSQL, and the store works on them as before', partitions);
  }
});

/** The page's bytes for one jti, within a fifth. */
function expectNear(bytes: number, store: string): void {
  const said = Number(new RegExp(`^\\| ${store} \\| (\\d+) \\|`, 'm').exec(page)?.[1]);
  expect([store, said, bytes, Math.abs(bytes / said - 1) < 0.2]).toEqual([store, said, bytes, true]);
}

const weighed = async () => {
  const prefix = `spec:${randomUUID().slice(0, 3)}:`;
  const key = `acme/demo/jti/${createHash('sha256').update(prefix).digest('base64url')}`;
  const store = await openStore(`${redisUrl}?prefix=${prefix}`);
  const client = createClient({ url: redisUrl });
  await client.connect();
  await store.claim(key, '1', 71);
  // What each key adds to the two tables of keys and times is not told: an entry and its place in either.
  const bytes = Number(await client.memoryUsage(prefix + key)) + 24 + 16;
  await store.delete(key);
  await client.close();
  await store.close();
  expectNear(bytes, 'Redis');
};
if (!withoutStores.includes('redis')) it('a jti takes as much of Redis as the page says', weighed);
