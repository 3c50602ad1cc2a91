// What one verb of each store costs, in one run: `node bench/store-operations.js [URL...]`, after `npm run build`. The
// unit is one ES256 signature of this machine, so that figures of several machines compare.
//
// `alone`: time of a verb with nothing else under way. `together`: time per verb with many under way. `ours`: CPU time of
// this process per verb then. `theirs`: of the Redis server, or of PostgreSQL's backends where they run on this machine.
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateStore, openStore } from '../dist/index.js';

const sequential = 1000;
const atOnce = 256;
const seconds = 2;
const value = 'x'.repeat(400);

const directory = mkdtempSync(join(tmpdir(), 'bench-store-'));
const urls = process.argv.slice(2);
if (urls.length === 0) {
  urls.push(
    'memory:?acknowledge=single-process',
    `lmdb:${directory}`,
    `${process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'}?prefix=bench:${randomUUID()}:`,
    `${process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/test'}?schema=bench_${randomUUID().slice(0, 8)}&application_name=bench`,
  );
}

const unit = signature();
console.log(`one ES256 signature: ${unit.toFixed(0)} µs, here called 1\n`);
console.log(row('store', 'verb', 'alone', 'together', 'ours', 'theirs'));
for (const url of urls) {
  const scheme = url.split(':')[0];
  try {
    if (scheme.startsWith('postgres')) await migrateStore(url);
    await measure(url, await openStore(url));
    if (scheme.startsWith('postgres')) await sql(url, `DROP SCHEMA ${new URL(url).searchParams.get('schema')} CASCADE`);
  } catch (error) {
    console.log(row(scheme, error.message));
  }
}
rmSync(directory, { recursive: true });

async function measure(url, store) {
  const scheme = url.split(':')[0];
  const key = () => `acme/demo/bench/${randomUUID()}`;
  const known = Array.from({ length: 1000 }, key);
  await Promise.all(known.map((each) => store.set(each, value, 60)));
  const pick = () => known[Math.floor(Math.random() * known.length)];
  const verbs = {
    get: () => store.get(pick()),
    set: () => store.set(key(), value, 60),
    claim: () => store.claim(key(), '1', 60),
    increment: () => store.increment(pick().replace('bench', 'count'), 60),
  };
  for (const [name, verb] of Object.entries(verbs)) {
    for (let warm = 0; warm < 200; warm += 1) await verb();
    const alone = await timeAlone(verb);
    const { together, ours, theirs } = await timeTogether(verb, url);
    const inUnits = (microseconds) => (microseconds === undefined ? '' : (microseconds / unit).toFixed(2));
    console.log(row(scheme, name, ...[alone, together, ours, theirs].map(inUnits)));
  }
  for await (const { key: each } of store.scan('')) await store.delete(each);
  await store.close();
}

/** The median, in microseconds. */
async function timeAlone(verb) {
  const times = [];
  for (let count = 0; count < sequential; count += 1) {
    const start = performance.now();
    await verb();
    times.push((performance.now() - start) * 1000);
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}

async function timeTogether(verb, url) {
  const end = performance.now() + seconds * 1000;
  const before = await serverCpu(url);
  const start = { time: performance.now(), cpu: process.cpuUsage() };
  let done = 0;
  const worker = async () => {
    while (performance.now() < end) {
      await verb();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const { user, system } = process.cpuUsage(start.cpu);
  const elapsed = performance.now() - start.time;
  const after = await serverCpu(url);
  return {
    together: (elapsed * 1000) / done,
    ours: (user + system) / done,
    theirs: before === undefined ? undefined : (after - before) / done,
  };
}

/** Microseconds of CPU that the server has used so far; undefined where nobody tells. */
async function serverCpu(url) {
  if (url.startsWith('redis')) {
    const { createClient } = await import('redis');
    const client = createClient({ url: url.split('?')[0] });
    await client.connect();
    const text = await client.info('cpu');
    await client.close();
    const used = (name) => Number(new RegExp(`^used_cpu_${name}:(\\S+)`, 'm').exec(text)[1]);
    return (used('user') + used('sys')) * 1e6;
  }
  if (!url.startsWith('postgres')) return undefined;
  const backends = await sql(url, "SELECT pid FROM pg_stat_activity WHERE application_name = 'bench' ORDER BY pid");
  try {
    // Clock ticks of a hundredth of a second, user and system (proc(5)).
    const ticks = backends.map(({ pid }) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' '));
    return ticks.reduce((sum, fields) => sum + Number(fields[11]) + Number(fields[12]), 0) * 10_000;
  } catch {
    return undefined;
  }
}

async function sql(url, text) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url.split('?')[0] });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

function signature() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const data = Buffer.alloc(300, 'x');
  const times = [];
  for (let count = 0; count < 5000; count += 1) {
    const start = performance.now();
    sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    times.push((performance.now() - start) * 1000);
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}

function row(...cells) {
  return cells.map((cell, index) => (index < 2 ? String(cell).padEnd(12) : String(cell).padStart(12))).join('');
}
