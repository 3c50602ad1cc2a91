import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lmdbStore } from '../../lib/stores/lmdb.js';
import type { Store } from '../../lib/stores/store.js';
import { compiledLib } from '../support/compiled-lib.js';
import { expectOneFirstOf52, raceOfFour, storeProcess } from '../support/store-processes.js';

let root = '';
let library = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'lmdb-processes-'));
  library = pathToFileURL(join(compiledLib(), 'lib/stores/lmdb.js')).href;
});
afterAll(() => rmSync(root, { recursive: true }));

async function withStore(directory: string, use: (store: Store) => Promise<void>): Promise<void> {
  const store = await lmdbStore(directory);
  try {
    await use(store);
  } finally {
    await store.close();
  }
}

describe('lmdb store in several processes', () => {
  it('four that open a new directory at once race for 20 keys with 52 claims each: one is first, all see its value', async () => {
    const directory = join(root, 'claims');
    await withStore(directory, (store) => store.set('key/0', 'expired', 0.01));
    await wait(20);
    await expectOneFirstOf52(`lmdb:${directory}`);
  });

  it('increments of four add up, and no sum is answered twice', async () => {
    const directory = join(root, 'increments');
    const reports = await raceOfFour(
      `lmdb:${directory}`,
      `const sums = [];
       for (let round = 0; round < 10; round += 1)
         sums.push(...(await Promise.all(Array.from({ length: 25 }, () => store.increment('n', 60)))));
       say(sums);`,
    );
    const sums = (reports.flat(2) as number[]).sort((a, b) => a - b);
    expect(sums).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
  });

  it('what one process wrote another reads at once, even within one turn of its event loop', async () => {
    const directory = join(root, 'reads');
    await withStore(directory, async (store) => {
      await store.set('a', 'old', 60);
      const before = store.get('a');
      const script = `const { lmdbStore } = await import(${JSON.stringify(library)});
        const store = await lmdbStore(${JSON.stringify(directory)});
        await store.set('a', 'new', 60);
        await store.close();`;
      const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
      const after = store.get('a');
      expect(status).toBe(0);
      expect(await before).toBe('old');
      expect(await after).toBe('new');
    });
  });

  it('a process killed while it writes loses nothing it acknowledged and does not stop the others', async () => {
    const directory = join(root, 'kills');
    const acknowledged: string[] = [];
    await withStore(directory, async (store) => {
      for (let round = 0; round < 4; round += 1) {
        const writer = await storeProcess(
          `lmdb:${directory}`,
          `for (let n = 0; ; n += 1) {
             const keys = Array.from({ length: 20 }, (_, m) => '${round}/' + n + '/' + m);
             await Promise.all(keys.map((key, m) => m % 2 ? store.set(key, key, 60) : store.claim(key, key, 60)));
             say(keys);
           }`,
        );
        writer.go();
        for (let n = 0; n < 20; n += 1) await store.set(`survivor/${round}/${n}`, 'v', 60);
        await wait(150 + round * 37);
        writer.process.kill('SIGKILL');
        await once(writer.process, 'close');
        expect(writer.lines.length).toBeGreaterThan(0);
        acknowledged.push(...(writer.lines as string[][]).flat());
        expect(await store.claim(`after/${round}`, 'v', 60)).toEqual({ first: true });
      }
    });
    await withStore(directory, async (store) => {
      const lost: string[] = [];
      for (const key of acknowledged) if ((await store.get(key)) !== key) lost.push(key);
      expect(lost).toEqual([]);
      expect(acknowledged.length).toBeGreaterThan(100);
    });
  });

  it('an open store does not keep its process alive', async () => {
    const idle = await storeProcess(
      `lmdb:${join(root, 'idle')}`,
      `await store.set('a', '1', 60); store.close = () => undefined;`,
    );
    idle.go();
    const [code] = await Promise.race([once(idle.process, 'close'), wait(5000, ['still running'], { ref: false })]);
    idle.process.kill('SIGKILL');
    expect(code).toBe(0);
  });
});
