import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { openStore } from '../../lib/stores/open.js';

const directory = mkdtempSync(join(tmpdir(), 'open-store-'));
afterAll(() => rmSync(directory, { recursive: true }));

async function failure(url: string): Promise<string> {
  const outcome = await openStore(url).catch((error: unknown) => error);
  if (!(outcome instanceof Error)) throw new Error(`${url} was opened`);
  return outcome.message;
}

describe('openStore', () => {
  const before = process.env.NODE_ENV;
  afterEach(() => {
    process.env.NODE_ENV = before;
  });

  it('opens memory:', async () => {
    const store = await openStore('memory:');
    expect(store.volatile).toBe(true);
    await store.ping();
  });

  it('in production opens memory: only when acknowledged', async () => {
    process.env.NODE_ENV = 'production';
    expect(await failure('memory:')).toContain('memory:?acknowledge=single-process');
    await (await openStore('memory:?acknowledge=single-process')).ping();
  });

  it.each(['memory:?acknowledge=yes', 'memory:?acknowledge=single-process&x=1', 'memory://', 'memory:x'])(
    'refuses %s',
    async (url) => {
      expect(await failure(url)).toContain('is written memory:');
    },
  );

  it('opens lmdb:DIR, the directory taken literally', async () => {
    const path = join(directory, 'with space %20?x');
    const store = await openStore(`lmdb:${path}`);
    try {
      expect(store.volatile).toBe(false);
      await store.set('a', '1', 60);
      expect(existsSync(join(path, 'data.mdb'))).toBe(true);
    } finally {
      await store.close();
    }
  });

  it.each(['lmdb:', 'lmdb://data', 'lmdb:///data'])('refuses %s', async (url) => {
    expect(await failure(url)).toContain('is written lmdb:DIR');
  });

  it.each(['redis:', 'rediss:', 'redis:host', 'redis://'])('refuses %s', async (url) => {
    expect(await failure(url)).toContain('is written redis://');
  });

  it.each(['redis', 'rediss'])('%s:// that is refused keeps its password', async (scheme) => {
    const message = await failure(`${scheme}://user:s3cret@db.example:1234/0?colour=s3cret`);
    expect(message).toContain('Unknown parameter "colour"');
    expect(message).not.toMatch(/s3cret|user|example/);
  });

  it('an unknown scheme is answered with the known ones, its password kept', async () => {
    const message = await failure('mysql://user:s3cret@db.example');
    expect(message).toContain('Unknown store scheme "mysql:"');
    expect(message).toMatch(/memory:.*lmdb:DIR/);
    expect(message).not.toMatch(/s3cret|user|example/);
  });

  it.each(['', 's3cret', '//user:s3cret@host', './data'])('text without a scheme is refused (%s)', async (url) => {
    const message = await failure(url);
    expect(message).toContain('begins with its scheme');
    expect(message).not.toContain('s3cret');
  });
});
