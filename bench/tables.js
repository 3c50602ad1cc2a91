// `npm run bench:tables -- [--write]`: the runs behind docs/performance.md, in about half an hour on an idle machine.
// Prints the tables as Markdown; with --write they take the place of those between the page's marks.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { contenders } from './contenders.js';
import { contest } from './harness/contest.js';
import { Fixtures } from './harness/fixtures.js';
import { installPeers } from './harness/peers.js';
import { takeOwnCore } from './harness/server-process.js';
import { workloads } from './workloads.js';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '0.5' },
    only: { type: 'string', default: 'floors,peers,express,failures,load,stores,growth' },
    write: { type: 'boolean', default: false },
  },
});
const page = new URL('../docs/performance.md', import.meta.url);
const directory = mkdtempSync(join(tmpdir(), 'bench-tables-'));
const effort = { fixtures: new Fixtures(directory), rounds: Number(options.rounds), seconds: Number(options.seconds) };
const names = Object.keys(workloads);
const some = ['basic-opaque', 'basic-jwt', 'private-key-jwt-es256', 'tls-client-auth'];
const failing = names.filter((name) => name.startsWith('wrong-'));
const succeeding = names.filter((name) => !failing.includes(name));
const ours = 'express-client-auth';
// Of the best rounds: what else the machine, or its host, does makes rounds worse, and no server better.
const ratio = (one, other) => (one?.least && other?.least ? (one.least / other.least).toFixed(2) : '');
const cpu = (result) => result?.least?.toFixed(0) ?? '';

const tables = { floors, peers, express, failures, load, stores, growth };
takeOwnCore();
installPeers(Object.values(contenders));
try {
  for (const name of options.only.split(',')) {
    const text = await tables[name]();
    console.log(`\n${name}\n\n${text}`);
    if (options.write) write(name, text);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Ours and the floor, in all workloads. */
function floors() {
  return lines(succeeding, ['floor-http', ours], {
    'floor, µs': (of) => cpu(of['floor-http']),
    'ours, µs': (of) => cpu(of[ours]),
    'ours / floor': (of) => ratio(of[ours], of['floor-http']),
  });
}

function peers() {
  const others = ['oidc-provider', 'node-oauth', 'oauth2orize'];
  const able = [
    'authorization-code',
    'refresh-token',
    'introspection',
    'private-key-jwt-es256-jwt',
    'private-key-jwt-rs256',
    'client-secret-jwt-hs256',
    'self-signed-tls',
  ];
  return lines([...some, ...able], [ours, ...others], {
    'ours / oidc-provider': (of) => ratio(of[ours], of['oidc-provider']),
    'ours / node-oauth': (of) => ratio(of[ours], of['node-oauth']),
    'ours / oauth2orize': (of) => ratio(of[ours], of.oauth2orize),
  });
}

function express() {
  const [lean, mounted] = ['floor-lean-express', 'express-client-auth-in-express'];
  return lines(some, [lean, mounted], {
    'floor in Express, µs': (of) => cpu(of[lean]),
    'ours in Express, µs': (of) => cpu(of[mounted]),
    'ours / floor': (of) => ratio(of[mounted], of[lean]),
  });
}

/** Each failure beside the success of the same method, on servers that are up at the same time. */
async function failures() {
  const successes = {
    'wrong-secret': 'basic-opaque',
    'wrong-secret-post': 'post-opaque',
    'wrong-mac-hs256': 'client-secret-jwt-hs256',
    'wrong-signature-es256': 'private-key-jwt-es256',
    'wrong-signature-rs256': 'private-key-jwt-rs256',
    'wrong-certificate': 'tls-client-auth',
    'wrong-self-signed': 'self-signed-tls',
  };
  const rows = [];
  for (const [failure, success] of Object.entries(successes)) {
    const results = await contest(
      workloads[failure],
      {
        failing: contenders[ours],
        succeeding: { ...contenders[ours], workload: workloads[success] },
      },
      effort,
    );
    const [bad, good] = results;
    rows.push([failure, cpu(bad), cpu(good), ratio(bad, good)]);
  }
  return markdown(['workload', 'failure, µs', 'success, µs', 'failure / success'], rows);
}

async function load() {
  const rows = [];
  for (const name of some) {
    const able = Object.fromEntries([ours, 'floor-http'].map((each) => [each, contenders[each]]));
    const results = await heldContest(name, able, { atLoad: 0.7 });
    const [own, floor] = results.map(({ loadP50, loadP99 }) => (loadP99 / loadP50).toFixed(1));
    rows.push([name, own, floor]);
  }
  return markdown(['workload', 'ours, p99 / p50 at 70 %', 'floor, p99 / p50 at 70 %'], rows);
}

function stores() {
  const on = Object.keys(contenders).filter((name) => contenders[name].store);
  const kinds = [ours, ...on];
  const columns = Object.fromEntries(
    on.map((name) => [`${name.split('-').at(-1)} / memory`, (of) => ratio(of[name], of[ours])]),
  );
  return lines(contenders[on[0]].workloads, kinds, columns);
}

function growth() {
  const { stdout, status } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'growth.js'), '--full', '--seconds=1'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error('bench/growth.js failed');
  return stdout.trim();
}

async function lines(workloadNames, contenderNames, columns) {
  const rows = [];
  for (const name of workloadNames) {
    const able = contenderNames.filter((each) => contenders[each].workloads.includes(name));
    const entries = Object.fromEntries(able.map((each) => [each, contenders[each]]));
    const results = await heldContest(name, entries);
    const of = Object.fromEntries(results.map((result) => [result.name, result]));
    rows.push([name, ...Object.values(columns).map((column) => column(of))]);
    console.error(rows.at(-1).join(' '));
  }
  return markdown(['workload', ...Object.keys(columns)], rows);
}

/** A contest in which nobody may fail: a table with holes would pass for one without. */
async function heldContest(name, entries, more) {
  const results = await contest(workloads[name], entries, { ...effort, ...more });
  for (const { name: who, failed } of results) if (failed) throw new Error(`${name}, ${who}: ${failed}`);
  return results;
}

function markdown(heads, rows) {
  return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function write(name, text) {
  const marks = new RegExp(`(<!-- ${name} -->)[^]*?(<!-- /${name} -->)`);
  const before = readFileSync(page, 'utf8');
  if (!marks.test(before)) throw new Error(`docs/performance.md has no place for ${name}`);
  writeFileSync(
    page,
    before.replace(marks, (_, open, close) => `${open}\n\n${text}\n\n${close}`),
  );
}
