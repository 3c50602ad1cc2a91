import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lmdbStore } from '../../lib/stores/lmdb.js';
import type { Store } from '../../lib/stores/store.js';
import { compiledLib } from '../support/compiled-lib.js';

let root = '';
let library = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'lmdb-processes-'));
  library = pathToFileURL(join(compiledLib(), 'lib/stores/lmdb.js')).href;
});
afterAll(() => rmSync(root, { recursive: true }));

/** Starts node on `body`, which has `store` and `say(value)`, once the child has opened the store. Its lines are JSON. */
async function child(
  directory: string,
  body: string,
): Promise<{ process: ChildProcess; lines: unknown[]; go(): void }> {
  const script = `
    import { once } from 'node:events';
    const { lmdbStore } = await import(${JSON.stringify(library)});
    const store = await lmdbStore(${JSON.stringify(directory)});
    const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
    say('ready');
    await once(process.stdin, 'data');
    process.stdin.destroy();
    ${body}
    await store.close();`;
  const started = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines: unknown[] = [];
  const reader = createInterface({ input: started.stdout });
  await once(reader, 'line');
  reader.on('line', (line) => lines.push(JSON.parse(line)));
  return { process: started, lines, go: () => started.stdin.write('go\n') };
}

async function race(directory: string, body: string): Promise<unknown[][]> {
  const children = await Promise.all(Array.from({ length: 4 }, () => child(directory, body)));
  for (const one of children) one.go();
  const codes = await Promise.all(children.map(async (one) => (await once(one.process, 'close'))[0]));
  expect(codes).toEqual([0, 0, 0, 0]);
  return children.map((one) => one.lines);
}

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
    const reports = await race(
      directory,
      `const outcomes = [];
       for (let key = 0; key < 20; key += 1) {
         const claims = Array.from({ length: 13 }, (_, n) => store.claim('key/' + key, process.pid + '/' + n, 60));
         outcomes.push(...(await Promise.all(claims)).map((o, n) => ({ key, by: process.pid + '/' + n, ...o })));
       }
       say(outcomes);`,
    );
    type Outcome = { key: number; by: string; first: boolean; value?: string };
    const outcomes = reports.flat(2) as Outcome[];
    expect(outcomes).toHaveLength(4 * 13 * 20);
    for (let key = 0; key < 20; key += 1) {
      const ofKey = outcomes.filter((outcome) => outcome.key === key);
      const winners = ofKey.filter((outcome) => outcome.first);
      expect(winners).toHaveLength(1);
      expect(ofKey.filter((outcome) => !outcome.first && outcome.value !== winners[0]?.by)).toEqual([]);
    }
  });

  it('increments of four add up, and no sum is answered twice', async () => {
    const directory = join(root, 'increments');
    const reports = await race(
      directory,
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
        const writer = await child(
          directory,
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
    const idle = await child(join(root, 'idle'), `await store.set('a', '1', 60); store.close = () => undefined;`);
    idle.go();
    const [code] = await Promise.race([once(idle.process, 'close'), wait(5000, ['still running'], { ref: false })]);
    idle.process.kill('SIGKILL');
    expect(code).toBe(0);
  });
});
