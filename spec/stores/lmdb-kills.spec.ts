import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { lmdbStore } from '../../lib/stores/lmdb.js';
import { compiledLib } from '../support/compiled-lib.js';

const rounds = 20;
const writersPerRound = 5;

let directory = '';
let library = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lmdb-kills-'));
  library = pathToFileURL(join(compiledLib(), 'lib/stores/lmdb.js')).href;
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Writes as fast as it can, and says what was acknowledged: a line has the name of a batch of ten keys. */
function writer(name: string): ChildProcess {
  const script = `
    import { writeSync } from 'node:fs';
    const { lmdbStore } = await import(${JSON.stringify(library)});
    const store = await lmdbStore(${JSON.stringify(directory)});
    for (let n = 0; ; n += 1) {
      const batch = ${JSON.stringify(name)} + '/' + n;
      await Promise.all([
        store.increment('batches', 3600),
        ...Array.from({ length: 10 }, (_, m) => (m % 2 ? store.set : store.claim).call(store, batch + '/' + m, 'v'.repeat(m * 300), 3600)),
      ]);
      writeSync(1, batch + '\\n');
    }`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Kills a writer in the middle of its work. Answers the batches it was told to be safe. */
async function killed(name: string, milliseconds: number): Promise<string[]> {
  const child = writer(name);
  const batches: string[] = [];
  const lines = createInterface({ input: child.stdout! });
  lines.on('line', (line) => batches.push(line));
  await once(lines, 'line');
  await wait(milliseconds);
  child.kill('SIGKILL');
  await once(child, 'close');
  return batches;
}

it('of 100 processes killed while they write, each leaves a sound store with all that it was told to be safe', async () => {
  const acknowledged: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const names = Array.from({ length: writersPerRound }, (_, index) => `${round}.${index}`);
    // At whatever step of a transaction: writes take a few milliseconds.
    acknowledged.push(
      ...(await Promise.all(names.map((name, index) => killed(name, (index * 7 + round * 3) % 23)))).flat(),
    );
  }
  const store = await lmdbStore(directory);
  try {
    const lengths = new Map<string, number>();
    for await (const { key, value } of store.scan('')) lengths.set(key, value.length);
    const lost = acknowledged.flatMap((batch) =>
      Array.from({ length: 10 }, (_, m) => `${batch}/${m}`).filter((key, m) => lengths.get(key) !== m * 300),
    );
    expect(lost).toEqual([]);
    expect(acknowledged.length).toBeGreaterThanOrEqual(rounds * writersPerRound);
    // What was written and not told may be there too: of each process, the batch it was at.
    const count = Number(await store.get('batches'));
    expect(count).toBeGreaterThanOrEqual(acknowledged.length);
    expect(count).toBeLessThanOrEqual(acknowledged.length + rounds * writersPerRound);
    expect(await store.claim('after', 'v', 60)).toEqual({ first: true });
  } finally {
    await store.close();
  }
}, 400_000);
