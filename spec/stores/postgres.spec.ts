import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { storeConformance } from '../../lib/stores/conformance.js';
import { type PostgresStore, postgresStore } from '../../lib/stores/postgres.js';
import { lockNumber } from '../../lib/stores/postgres-migrations.js';
import { newPostgresPlace, type PostgresPlace, sql, unmadePostgresPlace } from '../support/postgres-place.js';
import { databaseUrl } from '../support/services.js';

let place: PostgresPlace;
beforeAll(async () => {
  place = await newPostgresPlace();
});
afterAll(() => place.remove());

storeConformance(() => postgresStore(place.url), { describe, it });

async function failure(url: string): Promise<string> {
  const outcome = await postgresStore(url).catch((error: unknown) => error);
  if (outcome instanceof Error) return outcome.message;
  await (outcome as PostgresStore).close();
  throw new Error('it was opened');
}

describe('postgres store', () => {
  let store: PostgresStore;
  beforeEach(async () => {
    store = await postgresStore(place.url);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    jest.useRealTimers();
    await store.close();
    await sql(`DELETE FROM ${place.schema}.entries`);
  });

  const rows = async (): Promise<number> => {
    const [row] = await sql<{ count: string }>(`SELECT count(*) FROM ${place.schema}.entries WHERE id <> '\\xff'`);
    return Number(row?.count);
  };

  it('asks once for each verb', async () => {
    await store.set('expired', 'v', 0.001);
    await wait(5);
    const query = jest.spyOn(Client.prototype, 'query');
    const verbs: [string, () => Promise<unknown>][] = [
      ['get', () => store.get('a')],
      ['set', () => store.set('a', '1', 60)],
      ['set again', () => store.set('a', '2', 60)],
      ['claim of a standing key', () => store.claim('a', '3', 60)],
      ['claim of a new key', () => store.claim('b', '1', 60)],
      ['claim of an expired key', () => store.claim('expired', '1', 60)],
      ['increment', () => store.increment('n', 60)],
      ['increment again', () => store.increment('n', 60)],
      ['delete', () => store.delete('a')],
      ['ping', () => store.ping()],
    ];
    for (const [name, verb] of verbs) {
      query.mockClear();
      await verb();
      expect([name, query.mock.calls.length]).toEqual([name, 1]);
    }
  });

  it.each([-1, 1])('time is the time of the server, on a machine whose clock is off by %d hours', async (hours) => {
    const now = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(now + hours * 3_600_000);
    await store.set('long', 'v', 60);
    await store.set('short', 'v', 0.1);
    expect(await store.claim('short', 'w', 60)).toEqual({ first: false, value: 'v' });
    await wait(120);
    expect(await store.get('long')).toBe('v');
    expect(await store.get('short')).toBeUndefined();
    expect(await store.claim('short', 'w', 60)).toEqual({ first: true });
    expect(await store.claim('long', 'w', 60)).toEqual({ first: false, value: 'v' });
  });

  it.each([Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, 1e300])('a ttl of %d is for ever', async (ttl) => {
    await store.set('a', 'v', ttl);
    await store.claim('b', 'v', ttl);
    await store.increment('n', ttl);
    const found = await sql<{ expires_at: unknown }>(
      `SELECT DISTINCT expires_at::text FROM ${place.schema}.entries WHERE id <> '\\xff'`,
    );
    expect(found).toEqual([{ expires_at: 'infinity' }]);
    expect(await store.get('a')).toBe('v');
  });

  it('text with a lone surrogate is rejected, as it has no UTF-8', async () => {
    await expect(store.set('a', '\ud800', 60)).rejects.toThrow(TypeError);
    await expect(store.claim('\ud800', 'a', 60)).rejects.toThrow(TypeError);
    await expect(store.get('\ud800')).rejects.toThrow(TypeError);
    expect(await rows()).toBe(0);
  });

  it('scan finds every long key, whatever its digest, and pages that are full of bytes', async () => {
    const long = Array.from({ length: 300 }, (_, index) => `${'k'.repeat(1024)}${index}`);
    const large = Array.from({ length: 5 }, (_, index) => `large/${index}`);
    await Promise.all(long.map((key) => store.set(key, '', 60)));
    await Promise.all(large.map((key) => store.set(key, 'v'.repeat(3_000_000), 60)));
    const found: string[] = [];
    for await (const { key } of store.scan('k'.repeat(1024))) found.push(key);
    expect(found.sort()).toEqual(long.sort());
    found.length = 0;
    for await (const { key, value } of store.scan('large/')) if (value.length === 3_000_000) found.push(key);
    expect(found).toEqual(large);
  });

  it('claims, counts and values hold under serializable transactions', async () => {
    const strict = await postgresStore(place.with({ options: '-c default_transaction_isolation=serializable' }));
    try {
      const claims = await Promise.all(Array.from({ length: 50 }, (_, n) => strict.claim('once', `${n}`, 60)));
      expect(claims.filter(({ first }) => first)).toHaveLength(1);
      const sums = await Promise.all(Array.from({ length: 50 }, () => strict.increment('n', 60)));
      expect(new Set(sums).size).toBe(50);
      expect(Math.max(...sums)).toBe(50);
    } finally {
      await strict.close();
    }
  });

  it('prune removes what has expired, and nothing else', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, n) => store.set(`over/${n}`, 'v', 0.001)));
    await store.set('live', 'v', 60);
    await store.set('endless', 'v', Number.POSITIVE_INFINITY);
    await wait(5);
    expect(await rows()).toBe(32);
    expect(await store.prune()).toBeGreaterThanOrEqual(30);
    expect(await rows()).toBe(2);
    expect(await store.prune()).toBe(0);
  });

  it('sweeps by itself, one process at a time', async () => {
    jest.useFakeTimers({
      advanceTimers: false,
      doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'Date', 'performance'],
    });
    const sweeping = await postgresStore(place.url);
    const other = new Client({ connectionString: databaseUrl });
    await other.connect();
    try {
      await sweeping.set('over', 'v', 0.001);
      await wait(5);
      const query = jest.spyOn(Client.prototype, 'query');
      const swept = async () => {
        query.mockClear();
        jest.advanceTimersByTime(5000);
        while (query.mock.results.length === 0) await wait(2);
        await Promise.all(query.mock.results.map(({ value }) => value));
      };
      await other.query('SELECT pg_advisory_lock($1)', [lockNumber(place.schema, 'sweep')]);
      await swept();
      expect(await rows()).toBe(1);
      await other.query('SELECT pg_advisory_unlock_all()');
      await swept();
      expect(await rows()).toBe(0);
    } finally {
      await other.end();
      await sweeping.close();
    }
  });

  it('?pool= bounds the connections, and close lets go of them', async () => {
    const open = async () => {
      const [row] = await sql<{ count: string }>(
        `SELECT count(*) FROM pg_stat_activity WHERE application_name = '${place.schema}'`,
      );
      return Number(row?.count);
    };
    const narrow = await postgresStore(place.with({ pool: '2', application_name: place.schema }));
    await Promise.all(Array.from({ length: 40 }, () => narrow.increment('n', 60)));
    expect(await open()).toBe(2);
    const late = Promise.all(Array.from({ length: 40 }, () => narrow.increment('n', 60)));
    await narrow.close();
    expect(Math.max(...(await late))).toBe(80);
    while ((await open()) > 0) await wait(10);
  });
});

describe('a transaction the server has undone', () => {
  const tries = () => sql<{ last_value: string }>(`SELECT last_value FROM ${place.schema}.tries`);
  let store: PostgresStore;
  beforeEach(async () => {
    // A sequence goes on counting when its transaction is undone.
    await sql(`CREATE SEQUENCE ${place.schema}.tries`);
    store = await postgresStore(place.url);
  });
  afterEach(async () => {
    await store.close();
    await sql(`DROP SEQUENCE ${place.schema}.tries; DROP FUNCTION ${place.schema}.fail CASCADE`);
  });

  const failing = (code: string, times: number) =>
    sql(`
      CREATE FUNCTION ${place.schema}.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('${place.schema}.tries') <= ${times} THEN RAISE EXCEPTION USING ERRCODE = '${code}'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER fail BEFORE INSERT ON ${place.schema}.entries FOR EACH ROW
        WHEN (NEW.id LIKE 'undone/%'::bytea) EXECUTE FUNCTION ${place.schema}.fail()`);

  it.each([
    ['serialization failure', '40001'],
    ['deadlock', '40P01'],
  ])('is tried again after a %s', async (_name, code) => {
    await failing(code, 3);
    expect(await store.claim(`undone/${code}`, 'v', 60)).toEqual({ first: true });
    expect(await tries()).toEqual([{ last_value: '4' }]);
  });

  it('is not tried for ever', async () => {
    await failing('40P01', 1_000_000);
    const start = performance.now();
    await expect(store.increment('undone/always', 60)).rejects.toThrow('PostgreSQL at');
    expect(performance.now() - start).toBeLessThan(2000);
    expect(Number((await tries())[0]?.last_value)).toBeLessThanOrEqual(20);
  });

  it('any other error is not tried again', async () => {
    await failing('23514', 1);
    await expect(store.set('undone/check', 'v', 60)).rejects.toThrow('PostgreSQL at');
    expect(await tries()).toEqual([{ last_value: '1' }]);
    await store.set('undone/check', 'v', 60);
  });
});

describe('opening a postgres store', () => {
  it('needs the tables of this version, and says which command makes them', async () => {
    const other = unmadePostgresPlace();
    const absent = `The schema ${other.schema} has no tables yet. Run: npx express-client-auth migrate`;
    expect(await failure(other.url)).toBe(absent);
    await sql(`CREATE SCHEMA ${other.schema}`);
    try {
      expect(await failure(other.url)).toBe(absent);
      await sql(`CREATE TABLE ${other.schema}.versions (version integer)`);
      expect(await failure(other.url)).toBe(absent);
      await sql(`INSERT INTO ${other.schema}.versions VALUES (1), (7)`);
      expect(await failure(other.url)).toContain(
        `The schema ${other.schema} is of version 7, and this package knows 1`,
      );
      await sql(`UPDATE ${other.schema}.versions SET version = -1`);
      expect(await failure(other.url)).toMatch(
        /is of version -1, and 1 is needed. Run: npx express-client-auth migrate$/,
      );
    } finally {
      await other.remove();
    }
  });

  it('needs no more than to read, write and delete', async () => {
    const role = `role_${place.schema}`;
    await sql(`CREATE ROLE ${role} LOGIN PASSWORD 'hunter2'; GRANT USAGE ON SCHEMA ${place.schema} TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${place.schema} TO ${role}`);
    try {
      const url = broken((url) => {
        url.username = role;
      });
      const store = await postgresStore(url);
      expect(await store.claim('by a role', 'v', 0.001)).toEqual({ first: true });
      expect(await store.increment('count of a role', 60)).toBe(1);
      expect(await store.prune()).toBeGreaterThan(0);
      await store.delete('count of a role');
      await store.close();
      await sql(`REVOKE UPDATE ON ${place.schema}.entries FROM ${role}`);
      expect(await failure(url)).toContain('permission denied for table entries');
    } finally {
      await sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  const broken = (change: (url: URL) => void) => {
    const url = new URL(place.url);
    url.password = 'hunter2';
    change(url);
    return url.href;
  };

  it.each<[string, () => string, RegExp]>([
    ['nobody listens', () => broken((url) => (url.port = '1')), /^PostgreSQL at [\w.]+:1\/\w+: .*ECONNREFUSED/],
    ['there is no such database', () => broken((url) => (url.pathname = '/none')), /:\d+\/none: database "none" does/],
    ['the role may not', () => broken((url) => (url.username = 'nobody_here')), /role "nobody_here" does not exist/],
    [
      'what is used could be forgotten',
      () => place.with({ options: '-c synchronous_commit=off' }),
      /synchronous_commit is off, .*ALTER ROLE/,
    ],
    [
      'the server only reads',
      () => place.with({ options: '-c default_transaction_read_only=on' }),
      /cannot execute INSERT in a read-only transaction/,
    ],
    [
      'the parameter is unknown',
      () => place.with({ timeout: 'hunter2' }),
      /has no parameter "timeout"\. There are: schema/,
    ],
    ['the schema is no plain name', () => place.with({ schema: 'a"; DROP' }), /^\?schema= /],
    ['the schema is one of the server', () => place.with({ schema: 'pg_catalog' }), /^\?schema= /],
    ['the pool is empty', () => place.with({ pool: '0' }), /^\?pool= .* 1 to 9999/],
    ['the pooler is neither there nor not', () => place.with({ pgbouncer: 'yes' }), /^\?pgbouncer= .* true or false/],
    ['it is no URL', () => 'postgres://user:hunter2@[/', /is written postgres:\/\/user:password@host:port\/database; /],
    ['a password looks like port and path', () => 'postgres://user:1/hunter2@host/db', /are percent-encoded$/],
    ['a password looks like port and query', () => 'postgres://user:1?hunter2@host/db', /are percent-encoded$/],
    ['a password looks like port and fragment', () => 'postgres://user:1#hunter2@host/db', /are percent-encoded$/],
    ['a password has a bare %', () => 'postgres://user:hunter2%@host/db', /write % as %25$/],
    ['a password is no UTF-8', () => 'postgres://user:hunter2%ff@host/db', /write % as %25$/],
    ['it has no slashes', () => 'postgres:hunter2', /is written postgres:/],
  ])('is refused where %s', async (_name, url, message) => {
    const said = await failure(url());
    expect(said).toMatch(message);
    expect(said).not.toContain('hunter2');
  });
});
