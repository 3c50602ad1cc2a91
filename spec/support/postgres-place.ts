import { randomUUID } from 'node:crypto';
import { Client, type QueryResultRow } from 'pg';
import { migratePostgres } from '../../lib/stores/postgres-migrations.js';
import { databaseUrl } from './services.js';
import type { StorePlace } from './store-kinds.js';

/** A schema of its own in the specs' database. */
export interface PostgresPlace extends StorePlace {
  readonly schema: string;
  /** The URL with further parameters. */
  with(parameters: Readonly<Record<string, string>>): string;
  remove(): Promise<void>;
}

/** The URL of a schema that nobody else uses, and that is not made yet. */
export function unmadePostgresPlace(): PostgresPlace {
  const schema = `spec_${randomUUID().replaceAll('-', '')}`;
  const withParameters = (parameters: Readonly<Record<string, string>>) => {
    const url = new URL(databaseUrl);
    for (const [name, value] of Object.entries({ schema, ...parameters })) url.searchParams.set(name, value);
    return url.href;
  };
  return {
    schema,
    url: withParameters({}),
    with: withParameters,
    remove: async () => {
      await sql(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    },
  };
}

/** A schema with the tables in it. */
export async function newPostgresPlace(): Promise<PostgresPlace> {
  const place = unmadePostgresPlace();
  await migratePostgres(place.url);
  return place;
}

/** Asks the specs' database something, past every store. */
export async function sql<Row extends QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}
