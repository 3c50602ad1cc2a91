import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { storeConformance } from '../../lib/stores/conformance.js';
import { postgresStore } from '../../lib/stores/postgres.js';
import { migratePostgres } from '../../lib/stores/postgres-migrations.js';
import { type PgBouncer, startPgBouncer } from '../support/pgbouncer.js';
import { type PostgresPlace, sql, unmadePostgresPlace } from '../support/postgres-place.js';

let place: PostgresPlace;
let pooler: PgBouncer;
let url: string;
beforeAll(async () => {
  place = unmadePostgresPlace();
  pooler = await startPgBouncer();
  url = `${pooler.url}?pgbouncer=true&schema=${place.schema}`;
  await migratePostgres(url);
});
afterAll(async () => {
  await pooler.stop();
  await place.remove();
});

describe('a postgres store behind PgBouncer in transaction mode', () => {
  storeConformance(() => postgresStore(url), { describe, it });

  it('of 50 claims by two stores one is first, on fewer connections than they have', async () => {
    const stores = await Promise.all([postgresStore(url), postgresStore(url)]);
    const claims = await Promise.all(Array.from({ length: 50 }, (_, n) => stores[n % 2]!.claim('once', `${n}`, 60)));
    expect(claims.filter(({ first }) => first)).toHaveLength(1);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('migrates in one transaction', async () => {
    const outcomes = await Promise.all([migratePostgres(url), migratePostgres(url)]);
    expect(outcomes.map(({ from }) => from)).toEqual([1, 1]);
    expect(await sql(`SELECT version FROM ${place.schema}.versions`)).toEqual([{ version: 1 }]);
  });

  it('says which parameter is missing', async () => {
    const opening = postgresStore(url.replace('pgbouncer=true&', ''));
    await expect(opening).rejects.toThrow(
      /unsupported startup parameter.*\. With a pooler between, add pgbouncer=true/,
    );
  });
});
