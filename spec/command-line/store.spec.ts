import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { run as runCommandLine } from '../../command-line/run.js';
import type { Store } from '../../index.js';
import { copyStore } from '../../lib/stores/copy.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { openStore } from '../../lib/stores/open.js';
import { type StorePlace, sharedStoreKinds } from '../support/store-kinds.js';

const directory = mkdtempSync(join(tmpdir(), 'store-command-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** In this process: a dozen processes that start would take longer than all the copies. */
async function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const said = { stdout: '', stderr: '' };
  const code = await runCommandLine(args, environment, {
    out: (text) => {
      said.stdout += text;
    },
    error: (text) => {
      said.stderr += text;
    },
  });
  return { code, ...said };
}

const awkward = 'nul\0 and \u{1F511} and 100% \\';

async function fill(store: Store): Promise<void> {
  await store.set('acme/demo/jti/a', '1', 600);
  await store.set('acme/demo/signing-key/1', 'sealed', Number.POSITIVE_INFINITY);
  await store.set(`acme/demo/${awkward}/${'k'.repeat(3000)}`, awkward, 600);
  await store.increment('acme/demo/otc-guesses/1', 600);
  await store.increment('acme/demo/otc-guesses/1', 600);
  await store.set('@outbox/1', 'mail', 600);
  await Promise.all(Array.from({ length: 100 }, (_, n) => store.set(`acme/system/many/${n}`, `${n}`, 600)));
}

async function using<T>(url: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(url);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** What a store holds, with ttls in tens of minutes. */
async function content(store: Store): Promise<Map<string, readonly [string, number]>> {
  const found = new Map<string, readonly [string, number]>();
  for await (const { key, value, ttl } of store.scan('')) found.set(key, [value, Math.ceil(ttl / 600)]);
  return found;
}

describe.each(sharedStoreKinds)('store commands, $name', (kind) => {
  let place: StorePlace;
  beforeEach(async () => {
    place = await kind.newPlace();
  });
  afterEach(() => place.remove());

  it('copy there and back keeps every entry and its ttl', async () => {
    await using(place.url, fill);
    const backup = `lmdb:${join(directory, `backup-${kind.name}`)}`;
    const saved = await run(['store', 'copy', 'env:FROM', backup, '--json'], { FROM: place.url });
    expect({ ...saved, stdout: JSON.parse(saved.stdout) }).toEqual({
      code: 0,
      stdout: { copied: 105, kept: 0 },
      stderr: '',
    });
    const before = await using(place.url, content);
    expect(await using(backup, content)).toEqual(before);

    await using(place.url, async (store) => {
      await store.delete('acme/demo/jti/a');
      await store.set('acme/system/many/1', 'newer', 600);
    });
    const refused = await run(['store', 'copy', backup, 'env:TO'], { TO: place.url });
    expect(refused).toEqual({ code: 1, stdout: '', stderr: 'The target holds entries already\n' });
    const merged = await run(['store', 'copy', backup, 'env:TO', '--merge'], { TO: place.url });
    expect(merged).toEqual({ code: 0, stdout: '1 entries copied, 104 were there already.\n', stderr: '' });
    before.set('acme/system/many/1', ['newer', 1]);
    expect(await using(place.url, content)).toEqual(before);
  });

  it('stats counts by workspace and kind', async () => {
    await using(place.url, fill);
    const { code, stdout, stderr } = await run(['store', 'stats', 'env:STORE_URL', '--json'], { STORE_URL: place.url });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { shares, ...total } = JSON.parse(stdout);
    expect(total).toMatchObject({ entries: 105, endless: 1 });
    expect(shares).toContainEqual({ space: 'acme/demo', kind: 'signing-key', entries: 1, bytes: 29, endless: 1 });
    expect(shares).toContainEqual({ space: '-', kind: '@outbox', entries: 1, bytes: 13, endless: 0 });
    expect(shares.find(({ kind: of }: { kind: string }) => of === 'many')).toMatchObject({ entries: 100 });
    expect(shares[0].kind).toBe(awkward);
  });

  it('prune removes what has expired alone', async () => {
    await using(place.url, async (store) => {
      await store.set('over', '1', 0.001);
      await store.set('live', '1', 600);
    });
    const { code, stdout } = await run(['store', 'prune', place.url, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ removed: expect.any(Number) });
    expect([...(await using(place.url, content)).keys()]).toEqual(['live']);
  });
});

describe('store commands', () => {
  it('stats is a table for people', async () => {
    const url = `lmdb:${join(directory, 'table')}`;
    await using(url, (store) => store.set('acme/demo/jti/a', '1', 600));
    const { stdout } = await run(['store', 'stats', url]);
    expect(stdout).toBe(
      'WORKSPACE  KIND  ENTRIES  BYTES  ENDLESS\nacme/demo  jti   1        16     0\nall              1        16     0\n',
    );
  });

  it('a copy that broke off goes on', async () => {
    const [from, to] = [memoryStore(), memoryStore()];
    await fill(from);
    let writes = 0;
    const claim = to.claim.bind(to);
    to.claim = (...given) => {
      writes += 1;
      return writes > 40 ? Promise.reject(new Error('gone')) : claim(...given);
    };
    await expect(copyStore(from, to)).rejects.toThrow('gone');
    to.claim = claim;
    expect(await copyStore(from, to, { merge: true })).toEqual({ copied: 65, kept: 40 });
    expect(await content(to)).toEqual(await content(from));
  });

  it.each<[string, string[], number, RegExp]>([
    ['one store alone', ['copy', 'lmdb:a'], 2, /^There must be FROM and TO\./],
    ['three stores', ['copy', 'lmdb:a', 'lmdb:b', 'lmdb:c'], 2, /^There must be FROM and TO\./],
    ['no store', ['stats'], 2, /^There must be one URL\./],
    ['a store within a process', ['stats', 'memory:'], 2, /^memory: is inside the process/],
    ['a variable nobody set', ['prune', 'env:NONE'], 2, /^There is no variable NONE\./],
    [
      'a store that is not there',
      ['copy', 'lmdb:/nowhere/a', 'lmdb:/nowhere/b'],
      1,
      /^There is no store in \/nowhere\/a\./,
    ],
    ['a scheme nobody knows', ['stats', 'mysql://u:hunter2@h/d'], 1, /^Unknown store scheme "mysql:"/],
    ['a server that is away', ['stats', 'postgres://u:hunter2@127.0.0.1:1/d'], 1, /^PostgreSQL at 127\.0\.0\.1:1\/d: /],
  ])('%s: refused, and no password repeated', async (_name, args, expected, message) => {
    const { code, stdout, stderr } = await run(['store', ...args]);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('hunter2');
    expect(existsSync('/nowhere')).toBe(false);
  });
});
