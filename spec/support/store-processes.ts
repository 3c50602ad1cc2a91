import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { expect } from '@jest/globals';
import { compiledLib } from './compiled-lib.js';

/** A process that has opened a store and waits. */
export interface StoreProcess {
  readonly process: ChildProcess;
  /** What it said after it was ready. */
  readonly lines: unknown[];
  go(): void;
}

/** Starts node on `body`, which has `store`, that of `url`, and `say(value)`; resolves when the store is open. */
export async function storeProcess(url: string, body: string): Promise<StoreProcess> {
  const library = pathToFileURL(join(compiledLib(), 'lib/stores/open.js')).href;
  const script = `
    import { once } from 'node:events';
    const { openStore } = await import(${JSON.stringify(library)});
    const store = await openStore(${JSON.stringify(url)});
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

/** What four processes said that did the same at once. */
export async function raceOfFour(url: string, body: string): Promise<unknown[][]> {
  const children = await Promise.all(Array.from({ length: 4 }, () => storeProcess(url, body)));
  for (const one of children) one.go();
  const codes = await Promise.all(children.map(async (one) => (await once(one.process, 'close'))[0]));
  expect(codes).toEqual([0, 0, 0, 0]);
  return children.map((one) => one.lines);
}

/** Four processes make 52 claims on each of `key/0` to `key/19`. One of each 52 must be first, and all see its value. */
export async function expectOneFirstOf52(url: string): Promise<void> {
  const reports = await raceOfFour(
    url,
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
}

/** Each of four processes counts `n` 100 times; the sums must be 1 to 400, each once. */
export async function expectSumsOf400(url: string): Promise<void> {
  const reports = await raceOfFour(
    url,
    `const sums = [];
     for (let round = 0; round < 4; round += 1)
       sums.push(...(await Promise.all(Array.from({ length: 25 }, () => store.increment('n', 60)))));
     say(sums);`,
  );
  const sums = (reports.flat(2) as number[]).sort((a, b) => a - b);
  expect(sums).toEqual(Array.from({ length: 400 }, (_, index) => index + 1));
}
