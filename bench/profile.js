// `node bench/profile.js [CONTENDER] [WORKLOAD]`: where a contender's CPU goes, self time by package and by function.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contenders } from './contenders.js';
import { contest } from './harness/contest.js';
import { Fixtures } from './harness/fixtures.js';
import { takeOwnCore } from './harness/server-process.js';
import { workloads } from './workloads.js';

const [contender = 'express-client-auth', workload = 'basic-opaque'] = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'bench-profile-'));
const flags = ['--cpu-prof', `--cpu-prof-dir=${directory}`, '--cpu-prof-interval=200'];
takeOwnCore();
const effort = { fixtures: new Fixtures(directory), rounds: 3, seconds: 2 };
const [{ cpu, failed }] = await contest(workloads[workload], { it: { ...contenders[contender], flags } }, effort);
if (failed) throw new Error(failed);

const [byPackage, byFunction] = [new Map(), new Map()];
const total = readdirSync(directory)
  .filter((name) => name.endsWith('.cpuprofile'))
  .reduce((sum, name) => sum + added(JSON.parse(readFileSync(join(directory, name), 'utf8'))), 0);
rmSync(directory, { recursive: true, force: true });
console.log(`${contender}, ${workload}: ${cpu.toFixed(0)} µs of CPU per request, with the profiler`);
print('by package', byPackage, 15);
print('by function', byFunction, 40);

/** Adds up the self times of a profile; answers their sum, without the time that nothing was done. */
function added({ nodes, samples, timeDeltas }) {
  const times = new Map();
  samples.forEach((id, index) => {
    times.set(id, (times.get(id) ?? 0) + timeDeltas[index]);
  });
  let sum = 0;
  for (const { id, callFrame } of nodes) {
    const time = times.get(id) ?? 0;
    if (time === 0 || callFrame.functionName === '(idle)') continue;
    sum += time;
    const place = placeOf(callFrame);
    add(byPackage, place.package, time);
    add(byFunction, `${callFrame.functionName || '(anonymous)'}  ${place.file}:${callFrame.lineNumber + 1}`, time);
  }
  return sum;
}

function placeOf({ url, functionName }) {
  if (url === '') return { package: functionName.startsWith('(') ? functionName : '(native)', file: '(native)' };
  if (url.startsWith('node:')) return { package: url, file: url };
  const [, inPackage] = /.*\/node_modules\/(.+)$/.exec(url) ?? [];
  if (inPackage) return { package: /^(@[^/]+\/)?[^/]+/.exec(inPackage)[0], file: inPackage };
  const [, own] = /\/(?:dist|bench)\/(.+)$/.exec(url) ?? [];
  return { package: own ?? url, file: own ?? url };
}

function add(map, key, time) {
  map.set(key, (map.get(key) ?? 0) + time);
}

function print(title, map, most) {
  console.log(`\n${title}`);
  for (const [key, time] of [...map].sort((a, b) => b[1] - a[1]).slice(0, most)) {
    console.log(`${((time / total) * 100).toFixed(1).padStart(6)} %  ${key}`);
  }
}
