import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openStore } from '../../lib/stores/open.js';
import { type PostgresPlace, sql, unmadePostgresPlace } from '../support/postgres-place.js';
import { run } from './run-command.js';

// Each command is a process that starts.
jest.setTimeout(60_000);

const directory = mkdtempSync(join(tmpdir(), 'migrate-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('migrate', () => {
  let place: PostgresPlace;
  beforeEach(() => {
    place = unmadePostgresPlace();
  });
  afterEach(() => place.remove());

  it('makes what a server needs, and then has nothing to do', async () => {
    const refused = await run(['serve', '--port', '0', '--data-dir', directory], { STORE_URL: place.url });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(
      `store: The schema ${place.schema} has no tables yet. Run: npx express-client-auth migrate\n`,
    );

    const made = await run(['migrate'], { STORE_URL: place.url });
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toMatch(/^postgres:\/\/[^@?]+, schema spec_\w+: migrated from version 0 to 1\.\n$/);
    const store = await openStore(place.url);
    await store.set('a', 'kept', Number.POSITIVE_INFINITY);

    const again = await run(['migrate', '--store', place.url, '--json']);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(again.stdout)).toMatchObject({ schema: place.schema, from: 1, to: 1 });
    expect(await store.get('a')).toBe('kept');
    await store.close();
  });

  it('four at once: one works, the others wait and find nothing to do', async () => {
    const file = join(directory, 'as.json');
    writeFileSync(file, JSON.stringify({ store: place.url, tenants: { acme: { workspaces: { demo: {} } } } }));
    const ended = await Promise.all(Array.from({ length: 4 }, () => run(['migrate', '--config', file, '--json'])));
    expect(ended.map(({ stderr }) => stderr)).toEqual(['', '', '', '']);
    expect(ended.map(({ stdout }) => JSON.parse(stdout).from).sort()).toEqual([0, 1, 1, 1]);
    expect(await sql(`SELECT version FROM ${place.schema}.versions`)).toEqual([{ version: 1 }]);
  });

  it('leaves everything as it was where it fails', async () => {
    // Stands in the way of our table.
    await sql(`CREATE SCHEMA ${place.schema}; CREATE VIEW ${place.schema}.entries AS SELECT 1`);
    const { code, stderr } = await run(['migrate'], { STORE_URL: place.url });
    expect(code).toBe(1);
    expect(stderr).toContain('cannot be migrated: relation "entries" already exists');
    expect(await sql(`SELECT to_regclass('${place.schema}.versions') AS versions`)).toEqual([{ versions: null }]);
  });

  it('does not touch tables that are newer', async () => {
    await run(['migrate'], { STORE_URL: place.url });
    await sql(`INSERT INTO ${place.schema}.versions VALUES (9)`);
    const { code, stderr } = await run(['migrate'], { STORE_URL: place.url });
    expect(code).toBe(1);
    expect(stderr).toContain('is of version 9, and this package knows 1 at most. Update express-client-auth');
  });

  it.each([['memory:'], ['lmdb:./nowhere']])('%s has no tables', async (store) => {
    const { code, stdout } = await run(['migrate', '--store', store]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^(memory:|lmdb:.*\/nowhere) has no tables: there is nothing to migrate\.\n$/);
  });

  it('says no password when it fails', async () => {
    const { code, stdout, stderr } = await run(['migrate'], { STORE_URL: 'postgres://as:hunter2@127.0.0.1:1/as' });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^PostgreSQL at 127\.0\.0\.1:1\/as cannot be migrated: .*ECONNREFUSED/);
    expect(stderr).not.toContain('hunter2');
  });
});
