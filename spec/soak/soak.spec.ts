import { Agent } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, describe, expect, it } from '@jest/globals';
import { AttackWorld } from '../attacks/attack-world.js';
import { callUntil, shortLived } from './load.js';

const seconds = Number(process.env.SOAK_SECONDS ?? 15);
const callers = 4;
/** Seconds. A spent code is remembered for twenty minutes, so that its replay is told from a guess. */
const longestLife = 1210;
/** Octets of the heap for an entry of the memory store. */
const entrySize = 2048;
/** The first is for warming up; the others are compared. */
const thirds = 3;

const world = new AttackWorld(shortLived);
world.agent = new Agent({ keepAlive: true });
afterAll(() => world.close());

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

interface Figures {
  /** Octets after garbage was collected. */
  readonly heap: number;
  readonly handles: number;
  readonly entries: number;
  /** Entries that never expire. */
  readonly endless: number;
  /** Seconds until the last of the others does. */
  readonly longest: number;
  /** Milliseconds of the median request. */
  readonly latency: number;
  readonly requests: number;
}

async function figures(milliseconds: number): Promise<Figures> {
  const took: number[] = [];
  const end = performance.now() + milliseconds;
  await Promise.all(Array.from({ length: callers }, () => callUntil(end, world, took)));
  collectGarbage();
  const lives: number[] = [];
  for await (const { ttl } of world.store.scan('')) lives.push(ttl);
  took.sort((one, other) => one - other);
  return {
    heap: process.memoryUsage().heapUsed,
    handles: process.getActiveResourcesInfo().length,
    entries: lives.length,
    endless: lives.filter((ttl) => ttl === Number.POSITIVE_INFINITY).length,
    longest: lives.reduce((most, ttl) => (Number.isFinite(ttl) ? Math.max(most, ttl) : most), 0),
    latency: took[Math.floor(took.length / 2)] ?? 0,
    requests: took.length,
  };
}

describe(`mixed load for ${seconds} s, one request in ten hostile`, () => {
  it(
    'leaves heap, handles, store and latency flat',
    async () => {
      const measured: Figures[] = [];
      for (let third = 0; third < thirds; third += 1) measured.push(await figures((seconds * 1000) / thirds));
      const [, before, after] = measured as [Figures, Figures, Figures];
      if (process.env.SOAK_SECONDS !== undefined) process.stderr.write(`${JSON.stringify(measured)}\n`);
      expect(after.requests).toBeGreaterThan(0);
      // Each entry goes by itself, so the store is as large as what twenty minutes leave behind.
      expect(after.endless).toBe(before.endless);
      expect(after.longest).toBeLessThan(longestLife);
      const stored = Math.max(0, after.entries - before.entries) * entrySize;
      expect(after.heap - stored).toBeLessThan(before.heap * 1.1 + 10_000_000);
      expect(after.handles).toBeLessThan(before.handles + 20);
      // A loaded machine serves more in one third than in another.
      expect(after.latency).toBeLessThan(before.latency * 3 + 20);
    },
    seconds * 2000 + 60_000,
  );
});
