import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { storeConformance } from '../../lib/stores/conformance.js';
import { lmdbStore } from '../../lib/stores/lmdb.js';

let root = '';
let made = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'lmdb-store-'));
});
afterAll(() => rmSync(root, { recursive: true }));

function fresh(): string {
  made += 1;
  return join(root, String(made));
}

storeConformance(() => lmdbStore(fresh()), { describe, it });

describe('lmdb store on disk', () => {
  it('keeps entries, their expiry and counts over a reopening', async () => {
    const directory = fresh();
    const first = await lmdbStore(directory);
    await first.set('long', 'value', 60);
    await first.set('short', 'value', 0.2);
    await first.claim('claimed', 'mine', 60);
    await first.increment('count', 60);
    await first.set(`${'k'.repeat(3000)}`, 'far', 60);
    await first.close();
    await wait(220);
    const second = await lmdbStore(directory);
    try {
      expect(await second.get('long')).toBe('value');
      expect(await second.get('short')).toBeUndefined();
      expect(await second.claim('claimed', 'yours', 60)).toEqual({ first: false, value: 'mine' });
      expect(await second.increment('count', 60)).toBe(2);
      expect(await second.get('k'.repeat(3000))).toBe('far');
    } finally {
      await second.close();
    }
  });

  it('makes the directory for its owner alone', async () => {
    const directory = join(fresh(), 'deeper');
    await (await lmdbStore(directory)).close();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, 'data.mdb')).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'lock.mdb')).mode & 0o777).toBe(0o600);
  });

  it('is not volatile', async () => {
    const store = await lmdbStore(fresh());
    expect(store.volatile).toBe(false);
    await store.close();
  });

  it('keys around the longest that is kept whole stay apart', async () => {
    const store = await lmdbStore(fresh());
    try {
      const keys = Array.from({ length: 8 }, (_, index) => 'k'.repeat(1020 + index));
      keys.push(...keys.map((key) => `${key.slice(0, -1)}\u00e9`));
      for (const key of keys) await store.set(key, `${key.length}${key.at(-1)}`, 60);
      for (const key of keys) expect(await store.get(key)).toBe(`${key.length}${key.at(-1)}`);
      const seen: string[] = [];
      for await (const { key } of store.scan('k'.repeat(1000))) seen.push(key);
      expect(seen.sort()).toEqual(keys.sort());
    } finally {
      await store.close();
    }
  });

  it('refuses text that has no UTF-8, and takes a surrogate pair', async () => {
    const store = await lmdbStore(fresh());
    try {
      await expect(store.set('a', '\ud800', 60)).rejects.toThrow(TypeError);
      await expect(store.claim('\udfff', 'a', 60)).rejects.toThrow('lone surrogate');
      await expect(store.get('\ud800')).rejects.toThrow('lone surrogate');
      await store.set('\u{1F511}', '\u{1F511}', 60);
      expect(await store.get('\u{1F511}')).toBe('\u{1F511}');
    } finally {
      await store.close();
    }
  });
});

describe('lmdb store upkeep', () => {
  it('prune removes what has expired, however much, and nothing else', async () => {
    const store = await lmdbStore(fresh());
    try {
      const soon = Array.from({ length: 1200 }, (_, index) => store.set(`soon/${index}`, 'v', 0.01));
      const late = Array.from({ length: 1200 }, (_, index) => store.set(`late/${index}`, 'v', 60));
      await Promise.all([...soon, ...late, store.set('soon/large', 'x'.repeat(3_000_000), 0.01)]);
      await wait(20);
      expect(await store.prune()).toBe(1201);
      expect(await store.prune()).toBe(0);
      let left = 0;
      for await (const { key } of store.scan('')) if (key.startsWith('late/')) left += 1;
      expect(left).toBe(1200);
    } finally {
      await store.close();
    }
  });

  it('removes expired entries by itself', async () => {
    const store = await lmdbStore(fresh());
    try {
      await store.set('soon', 'v', 0.01);
      await store.set('late', 'v', 60);
      await wait(1500);
      expect(await store.prune()).toBe(0);
      expect(await store.get('late')).toBe('v');
    } finally {
      await store.close();
    }
  });

  it('an entry renewed while expired ones are removed stays', async () => {
    const store = await lmdbStore(fresh());
    try {
      await store.set('renewed', 'old', 0.001);
      await store.set('left', 'old', 0.001);
      await wait(5);
      // In this order prune still sees the old entry, and its removal comes after the new one.
      const [, removed] = await Promise.all([store.set('renewed', 'new', 60), store.prune()]);
      expect(removed).toBe(1);
      expect(await store.get('renewed')).toBe('new');
    } finally {
      await store.close();
    }
  });
});

describe('lmdb store that cannot be opened', () => {
  async function written(): Promise<{ directory: string; file: string }> {
    const directory = fresh();
    const store = await lmdbStore(directory);
    await Promise.all(Array.from({ length: 2000 }, (_, index) => store.set(`key/${index}`, 'v'.repeat(200), 60)));
    await store.close();
    return { directory, file: join(directory, 'data.mdb') };
  }

  it('a path below a regular file', async () => {
    const file = fresh();
    writeFileSync(file, 'text');
    await expect(lmdbStore(join(file, 'store'))).rejects.toThrow(join(file, 'store'));
    await expect(lmdbStore(file)).rejects.toThrow(`The store directory ${file} cannot be used`);
    expect(readFileSync(file, 'utf8')).toBe('text');
  });

  it.each(['data.mdb', 'lock.mdb'])('%s is a directory', async (name) => {
    const directory = fresh();
    mkdirSync(join(directory, name), { recursive: true });
    await expect(lmdbStore(directory)).rejects.toThrow(`The store file ${join(directory, name)} cannot be used`);
  });

  it.each([
    ['text', Buffer.from('garbage'.repeat(3000)), 'header'],
    ['a few bytes', Buffer.from('x'), 'cut short'],
    ['zeros', Buffer.alloc(65_536), 'header'],
  ])('a data file of %s, left as it is', async (_, content, reason) => {
    const directory = fresh();
    const file = join(directory, 'data.mdb');
    mkdirSync(directory);
    writeFileSync(file, content);
    await expect(lmdbStore(directory)).rejects.toThrow(file);
    await expect(lmdbStore(directory)).rejects.toThrow(reason);
    expect(readFileSync(file).equals(content)).toBe(true);
    expect(existsSync(join(directory, 'lock.mdb'))).toBe(false);
  });

  it('a data file of another LMDB format, with an impossible page size, or with its second header overwritten', async () => {
    const { directory, file } = await written();
    const good = readFileSync(file);
    const spoiled: [number, number, string][] = [
      [28, 1, 'another LMDB format'],
      [48, 3, 'impossible page size'],
      [good.readUInt32LE(48) + 24, 0, 'header'],
    ];
    for (const [offset, value, reason] of spoiled) {
      const bad = Buffer.from(good);
      bad.writeUInt32LE(value, offset);
      writeFileSync(file, bad);
      await expect(lmdbStore(directory)).rejects.toThrow(reason);
      expect(readFileSync(file).equals(bad)).toBe(true);
    }
    writeFileSync(file, good);
    const store = await lmdbStore(directory);
    expect(await store.get('key/7')).toBe('v'.repeat(200));
    await store.close();
  });

  it('a data file that is cut short', async () => {
    const { directory, file } = await written();
    truncateSync(file, 3 * 4096);
    await expect(lmdbStore(directory)).rejects.toThrow('cut short');
  });

  it('but waits for a data file that another process is still making', async () => {
    const { directory, file } = await written();
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, 4096));
    const opening = lmdbStore(directory);
    await wait(200);
    writeFileSync(file, whole);
    const store = await opening;
    expect(await store.get('key/7')).toBe('v'.repeat(200));
    await store.close();
  });

  it('an empty data file is a new store', async () => {
    const directory = fresh();
    mkdirSync(directory);
    writeFileSync(join(directory, 'data.mdb'), '');
    const store = await lmdbStore(directory);
    expect(await store.claim('a', '1', 60)).toEqual({ first: true });
    await store.close();
  });
});
