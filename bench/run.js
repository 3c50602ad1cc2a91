// `npm run bench`: token endpoints side by side. See bench/README.md.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as known from './contenders.js';
import { contest } from './harness/contest.js';
import { Fixtures } from './harness/fixtures.js';
import { installPeers } from './harness/peers.js';
import { row, table } from './harness/report.js';
import { takeOwnCore } from './harness/server-process.js';
import { quick, workloads } from './workloads.js';

const usage = `npm run bench -- [options]
  --workloads=a,b    ${quick.join(',')}
                     or of: ${Object.keys(workloads).join(' ')}
  --contenders=a,b   all but our stores
                     or of: ${Object.keys(known.contenders).join(' ')}
  --rounds=3         turns of each contender
  --seconds=2        of each turn
  --full             every workload, every contender, 5 rounds, latency at 70 % load: about an hour
  --at-load=0.7      one turn more of each, at this share of what it can do, for its latency
  --peers=DIRECTORY  run another benchmark instead, one that starts the contenders in CONTENDER_DIR/bench-contenders.js;
                     its options follow after --`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    workloads: { type: 'string' },
    contenders: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string', default: '2' },
    full: { type: 'boolean', default: false },
    'at-load': { type: 'string' },
    peers: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}
if (options.peers) process.exit(runPeers(resolve(options.peers)));

const { full } = options;
const workloadNames = chosen(options.workloads, workloads, full ? Object.keys(workloads) : quick);
const names = chosen(options.contenders, known.contenders, full ? Object.keys(known.contenders) : known.quick);
const entries = Object.fromEntries(names.map((name) => [name, known.contenders[name]]));
installPeers(Object.values(entries));

const directory = mkdtempSync(join(tmpdir(), 'bench-'));
const fixtures = new Fixtures(directory);
takeOwnCore();
let failures = 0;
for (const name of workloadNames) {
  const able = Object.fromEntries(Object.entries(entries).filter(([, entry]) => entry.workloads.includes(name)));
  const results = await contest(workloads[name], able, {
    fixtures,
    rounds: Number(options.rounds ?? (full ? 5 : 3)),
    seconds: Number(options.seconds),
    atLoad: Number(options['at-load'] ?? (full ? 0.7 : 0)),
  });
  failures += results.filter(({ failed }) => failed).length;
  console.log(`\n${name}\n${table(results.map((result) => row(result, results)))}`);
}
rmSync(directory, { recursive: true, force: true });
process.exit(failures === 0 ? 0 : 1);

function chosen(list, all, standard) {
  const wanted = list?.split(',') ?? standard;
  const unknown = wanted.filter((name) => !all[name]);
  if (unknown.length === 0) return wanted;
  console.error(`There is no ${unknown.join(', ')}. There are: ${Object.keys(all).join(', ')}`);
  process.exit(2);
}

/** In a copy: the directory may be one that nobody may write to. */
function runPeers(peers) {
  if (!existsSync(join(peers, 'bench.js'))) {
    console.error(`There is no bench.js in ${peers}`);
    return 2;
  }
  const copy = mkdtempSync(join(tmpdir(), 'bench-peers-'));
  cpSync(peers, copy, { recursive: true, filter: (path) => !path.includes('node_modules') });
  const env = { ...process.env, CONTENDER_DIR: import.meta.dirname };
  const run = (command, args) => spawnSync(command, args, { cwd: copy, stdio: 'inherit', env }).status ?? 1;
  const status = run('npm', ['ci', '--no-audit', '--no-fund']) || run('node', ['bench.js', ...positionals]);
  rmSync(copy, { recursive: true, force: true });
  return status;
}
