// `npm run bench:check`: fails when our CPU per request is more than so many times the floor's in the same run. Bounds are
// well above what a request costs, so that a loaded machine passes and a slow change does not. At the end a server that
// also wastes as much CPU as the bound allows must be found too slow: a check that cannot fail checks nothing.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contenders } from './contenders.js';
import { contest } from './harness/contest.js';
import { Fixtures } from './harness/fixtures.js';
import { takeOwnCore } from './harness/server-process.js';
import { workloads } from './workloads.js';

/** The most that we may cost, in floors. */
const bounds = { 'basic-opaque': 3, 'private-key-jwt-es256-jwt': 2, 'tls-client-auth': 3 };
const effort = { rounds: 6, most: 1000, warmUp: 6000 };

const floor = contenders['floor-http'];
const ours = contenders['express-client-auth'];
const directory = mkdtempSync(join(tmpdir(), 'bench-check-'));
const fixtures = new Fixtures(directory);
takeOwnCore();
try {
  process.exitCode = (await isFast()) ? 0 : 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function isFast() {
  let good = true;
  let floorCpu;
  for (const [name, bound] of Object.entries(bounds)) {
    const result = await measured(name, ours);
    floorCpu ??= result.floorCpu;
    if (result.ratio > bound) good = false;
    report(name, result, bound, result.ratio <= bound ? 'good' : 'TOO SLOW');
  }
  const [name, bound] = Object.entries(bounds)[0];
  const wasteful = await measured(name, { ...ours, env: { BUSY_MICROSECONDS: String(Math.ceil(bound * floorCpu)) } });
  const isFound = wasteful.ratio > bound;
  report(`${name}, slowed`, wasteful, bound, isFound ? 'found too slow, as it must be' : 'NOT FOUND TOO SLOW');
  return good && isFound;
}

/** Of the best rounds: what else the machine does makes rounds worse, and no slow server better. */
async function measured(name, contender) {
  const [base, own] = await contest(workloads[name], { floor, own: contender }, { fixtures, ...effort });
  for (const { failed } of [base, own]) if (failed) throw new Error(failed);
  return { ratio: own.least / base.least, floorCpu: base.least };
}

function report(name, { ratio }, bound, verdict) {
  console.log(`${name.padEnd(30)} ${ratio.toFixed(2)} floors, at most ${bound}: ${verdict}`);
}
