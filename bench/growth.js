// `npm run bench:growth`: what happens to a request when there is more of something. See bench/README.md.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import v8 from 'node:v8';
import vm from 'node:vm';
import { openStore } from '../dist/index.js';
import { contenders } from './contenders.js';
import { contest, median } from './harness/contest.js';
import { Entrant } from './harness/entrant.js';
import { Fixtures } from './harness/fixtures.js';
import { cpuTime } from './harness/process-tree.js';
import { takeOwnCore } from './harness/server-process.js';
import { workloads } from './workloads.js';

const parts = { processes, clients, tokens, memory, start };
const usage = `npm run bench:growth -- [options]
  --only=a,b    of: ${Object.keys(parts).join(' ')}
  --rounds=3    --seconds=2
  --full        up to 10 million tokens on LMDB instead of 1 million: minutes more, and 8 GB of disk`;
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(parts).join(',') },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    full: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}

const directory = mkdtempSync(join(tmpdir(), 'bench-growth-'));
const fixtures = new Fixtures(directory);
const effort = { fixtures, rounds: Number(options.rounds), seconds: Number(options.seconds) };
const ours = contenders['express-client-auth'];
/** Each goes through all names in their order, between those of the former: as gaps come to be, if not as many, in minutes. */
const passes = 4;
const inOrder = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].sort();
const thousands = (number) => number.toLocaleString('en').replaceAll(',', ' ');
takeOwnCore();
try {
  for (const name of options.only.split(',')) await parts[name]();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** One table: name, CPU per request in those of the first line, and further columns. */
function print(title, heads, results, more = () => []) {
  console.log(`\n| ${[title, 'CPU per request, µs', 'of the first', ...heads].join(' | ')} |`);
  console.log(`|${' --- |'.repeat(3 + heads.length)}`);
  for (const result of results) {
    const { name, failed, cpu } = result;
    const cells = failed
      ? [failed.slice(0, 100)]
      : [cpu.toFixed(0), (cpu / results[0].cpu).toFixed(2), ...more(result)];
    console.log(`| ${[name, ...cells].join(' | ')} |`);
  }
}

async function processes() {
  for (const name of ['basic-jwt', 'private-key-jwt-es256']) {
    const by = (count) => ({
      ...contenders['express-client-auth-lmdb'],
      file: 'workers.js',
      env: { WORKERS: String(count) },
      cores: '0,1',
    });
    const results = await contest(workloads[name], { '1 process': by(1), '2 processes': by(2) }, effort);
    print(`${name}, LMDB`, ['requests a second, of the first'], results, ({ perSecond }) => [
      (perSecond / results[0].perSecond).toFixed(2),
    ]);
  }
}

async function clients() {
  const listed = (count) => [`${thousands(count)}, listed`, { ...ours, clients: count }];
  const found = (count) => [`${thousands(count)}, found`, { ...ours, clients: count, env: { CLIENTS_BY: 'find' } }];
  const sizes = [listed(10), listed(1000), listed(100_000), found(10), found(100_000), found(1_000_000)];
  const results = await contest(workloads['basic-opaque'], Object.fromEntries(sizes), effort);
  // Of 100 000 and more, nearly each that is found in a turn is found for the first time, and parsed.
  print('clients', ['resident MB'], results, ({ resident }) => [(resident / 1e6).toFixed(0)]);
}

async function tokens() {
  const [token] = await entriesOf('basic-opaque', 'access-token');
  const counts = [0, 100_000, 1_000_000, ...(options.full ? [10_000_000] : [])];
  const entries = {};
  for (const count of counts) {
    const place = join(directory, `tokens-${count}`);
    await fill(`lmdb:${place}`, token, count);
    entries[`${thousands(count)} tokens, ${(sizeOf(place) / 1e6).toFixed(0)} MB`] = {
      ...ours,
      store: () => `lmdb:${place}`,
      keepsStore: true,
    };
  }
  for (const name of ['basic-opaque', 'introspection']) {
    const results = await contest(workloads[name], entries, effort);
    print(`${name}, LMDB`, [], results);
  }
}

async function memory() {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc');
  const count = 200_000;
  console.log('\n| live entries | memory store, MB a million | LMDB, MB a million |\n| --- | --- | --- |');
  for (const [what, workload, kind] of [
    ['opaque access tokens', 'basic-opaque', 'access-token'],
    ['remembered assertions', 'private-key-jwt-es256', 'jti'],
  ]) {
    const [sample] = await entriesOf(workload, kind);
    const heap = await heapOf(sample, count, collect);
    const place = join(directory, `memory-${kind}`);
    await fill(`lmdb:${place}`, sample, count);
    const perMillion = (bytes) => (bytes / count).toFixed(0);
    console.log(`| ${what} | ${perMillion(heap)} | ${perMillion(sizeOf(place))} |`);
  }
}

/** Bytes of the heap that so many entries take. */
async function heapOf(sample, count, collect) {
  await sleep(0);
  for (let round = 0; round < 3; round += 1) collect();
  const before = process.memoryUsage().heapUsed;
  const store = await fill('memory:', sample, count);
  await sleep(0);
  collect();
  const used = process.memoryUsage().heapUsed - before;
  await store.close();
  return used;
}

/** What a request leaves in the store: the entries of this kind. */
async function entriesOf(workload, kind) {
  const place = join(directory, `sample-${workload}`);
  const contender = { ...ours, store: () => `lmdb:${place}`, keepsStore: true };
  const entrant = await Entrant.start('sample', contender, workloads[workload], { fixtures });
  await entrant.stop();
  const store = await openStore(`lmdb:${place}`);
  const found = [];
  for await (const entry of store.scan('')) if (entry.key.includes(`/${kind}/`)) found.push(entry);
  await store.close();
  return found;
}

/** The first three characters of a name at this share of all names. */
function beginningAt(share) {
  const ordinal = Math.floor(share * 64 ** 3);
  return [ordinal >> 12, (ordinal >> 6) & 63, ordinal & 63].map((digit) => inOrder[digit]).join('');
}

/** A store with so many entries like this one; closed, where it is one on disk. */
async function fill(url, { key, value }, count) {
  const store = await openStore(url);
  const prefix = key.slice(0, key.lastIndexOf('/') + 1);
  const perPass = Math.ceil(count / passes);
  for (let done = 0; done < count; done += 5000) {
    const batch = Array.from({ length: Math.min(5000, count - done) }, (_, index) => {
      const begin = beginningAt(((done + index) % perPass) / perPass);
      // A string that was cut out of another one would keep that one in memory.
      const name = Buffer.from(prefix + begin + randomBytes(30).toString('base64url')).toString('latin1');
      return store.set(name, Buffer.from(value).toString(), 3600);
    });
    await Promise.all(batch);
  }
  if (url.startsWith('lmdb')) await store.close();
  return store;
}

function sizeOf(place) {
  return readdirSync(place).reduce((sum, name) => sum + statSync(join(place, name)).blocks * 512, 0);
}

/** Of the example app, with keys and certificates made before. */
async function start() {
  const data = join(directory, 'data');
  const takes = [];
  for (let round = 0; round <= Number(options.rounds); round += 1) takes.push(await timeOfStart(data));
  const [first, ...later] = takes;
  const seconds = (pick) => median(later.map(pick)).toFixed(2);
  console.log('\n| cold start of the example app | seconds | seconds of CPU |\n| --- | --- | --- |');
  console.log(`| keys and certificates to make | ${first.wall.toFixed(2)} | ${first.cpu.toFixed(2)} |`);
  console.log(`| made before | ${seconds(({ wall }) => wall)} | ${seconds(({ cpu }) => cpu)} |`);
}

async function timeOfStart(data) {
  const main = join(import.meta.dirname, '../dist/example-app/main.js');
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const began = performance.now();
  const child = spawn(process.execPath, [main, '--data-dir', data, '--port', String(port)], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error('the example app did not start');
    await sleep(5);
  }
  const measured = { wall: (performance.now() - began) / 1000, cpu: cpuTime(child.pid) / 1e6 };
  child.kill('SIGTERM');
  await ended;
  return measured;
}

function answers(port) {
  const options = { port, path: '/.well-known/openid-configuration', rejectUnauthorized: false, agent: false };
  return new Promise((resolve) => {
    https
      .get({ host: 'localhost', ...options }, (reply) => resolve(reply.resume().statusCode !== undefined))
      .on('error', () => resolve(false));
  });
}
