import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import type { PostgresConnections } from './postgres-connections.js';
import { loadPg } from './postgres-package.js';
import { readPostgresUrl } from './postgres-url.js';

/** What a migration found and left. Versions count from 1; 0 is a schema without our tables. */
export interface PostgresMigration {
  readonly schema: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Each takes the tables from the version before to its own; the first one is version 1. What was released is never
 * changed: the next version follows it.
 *
 * `id` is the key in UTF-8, or, as an index takes no more than 2704 bytes, the beginning of a long one and its digest;
 * `long_key` is then the whole. Sweeps need the second index. The table changes all the time, so that vacuum must come
 * more often than by default.
 */
const migrations: readonly ((schema: string) => string)[] = [
  (schema) => `
    CREATE TABLE ${schema}.entries (
      id bytea PRIMARY KEY,
      long_key bytea,
      value bytea NOT NULL,
      expires_at timestamptz NOT NULL
    ) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
    CREATE INDEX entries_expires_at ON ${schema}.entries (expires_at);`,
];

/** What this version of the package works with. */
const CURRENT = migrations.length;

const CONNECT = 5000;
const UNDEFINED_TABLE = '42P01';

/**
 * Brings the tables of the schema that the URL names to the version of this package, in one transaction. Does nothing
 * where they are there already, and may run in several processes at once: one works, the others wait for it.
 *
 * Rejects with an Error, and leaves everything as it was, when the URL is wrong, the server does not answer, its role may
 * not do it, or the tables are of a newer version.
 */
export async function migratePostgres(url: string): Promise<PostgresMigration> {
  const address = readPostgresUrl(url);
  const { Client } = await loadPg();
  const client = new Client({ connectionString: address.connectionString, connectionTimeoutMillis: CONNECT });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await migrate(client, address.schema);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`PostgreSQL at ${address.place} cannot be migrated: ${reason}`, { cause });
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function migrate(client: Client, schema: string): Promise<PostgresMigration> {
  // Whoever waited for the lock must see what the other one did.
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  await client.query('SELECT pg_advisory_xact_lock($1)', [lockNumber(schema, 'migrate')]);
  // Even with IF NOT EXISTS this needs a privilege that is not needed where the schema is there already.
  const { rows } = await client.query('SELECT to_regnamespace($1) IS NULL AS absent', [schema]);
  if (rows[0].absent) await client.query(`CREATE SCHEMA ${schema}`);
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${schema}.versions (version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())`,
  );
  const found = await client.query<VersionRow>(selectVersion(schema));
  const from = found.rows[0]?.version ?? 0;
  if (from > CURRENT) throw new Error(newer(schema, from));
  for (const [index, statements] of migrations.entries()) {
    if (index < from) continue;
    await client.query(statements(schema));
    await client.query(`INSERT INTO ${schema}.versions (version) VALUES ($1)`, [index + 1]);
  }
  await client.query('COMMIT');
  return { schema, from, to: CURRENT };
}

/**
 * Resolves when the tables are of this version. Rejects with an Error that says which command to run, or that the
 * package is older than they are.
 */
export async function checkVersion(connections: PostgresConnections, schema: string): Promise<void> {
  const statement = { name: 'version', text: selectVersion(schema), repeatable: true } as const;
  const [found] = await connections.run<VersionRow>(statement, []).catch((thrown: { cause?: { code?: unknown } }) => {
    if (thrown.cause?.code === UNDEFINED_TABLE) return [];
    throw thrown;
  });
  const version = found?.version ?? 0;
  if (version > CURRENT) throw new Error(newer(schema, version));
  if (version === CURRENT) return;
  const state = version === 0 ? 'has no tables yet' : `is of version ${version}, and ${CURRENT} is needed`;
  throw new Error(`The schema ${schema} ${state}. Run: npx express-client-auth migrate`);
}

interface VersionRow {
  readonly version: number;
}

function selectVersion(schema: string): string {
  return `SELECT coalesce(max(version), 0) AS version FROM ${schema}.versions`;
}

function newer(schema: string, version: number): string {
  return `The schema ${schema} is of version ${version}, and this package knows ${CURRENT} at most. Update express-client-auth`;
}

/** The number of an advisory lock: those of other schemas and of other programs are other numbers. */
export function lockNumber(schema: string, purpose: 'migrate' | 'sweep'): string {
  const digest = createHash('sha256').update(`express-client-auth\0${schema}\0${purpose}`).digest();
  return String(digest.readBigInt64BE());
}
