// `npm test`: gets the programs the specs need, runs every spec, then checks what no single spec can: that each row of
// the standards has one, and that no secret used anywhere in the run was logged. Arguments go to jest.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { storeServers } from './store-servers.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
/** Specs that fuzz also present names of reasons and warnings as codes. */
const word = /^[a-z_]+$/;
/** A spec that leaves something open must fail the run, not hold it up. */
const mostMilliseconds = 18 * 60_000;
const inCi = process.env.CI === 'true';
const selection = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'express-client-auth-run-'));

const policy = '/usr/sbin/policy-rc.d';

/** Debian package by program, with the specs that need it. */
const programs = {
  curl: { package: 'curl', specs: 'spec/(interop/curl|example-app)' },
  openssl: { package: 'openssl', specs: 'spec/interop/openssl' },
  chromium: { package: 'chromium', specs: 'spec/browser/' },
  nginx: { package: 'nginx', specs: 'spec/interop/proxies' },
  haproxy: { package: 'haproxy', specs: 'spec/(interop/(proxies|instances)|docs/operations)' },
  // Without the package apache2, which would also set up a service.
  apache2: { package: 'apache2-bin', specs: 'spec/interop/proxies' },
  caddy: { package: 'caddy', specs: 'spec/interop/proxies' },
  // Its server is started by store-servers.js when none answers.
  pg_ctlcluster: { package: 'postgresql', specs: 'spec/stores/postgres' },
  pgbouncer: { package: 'pgbouncer', specs: 'spec/stores/postgres-pgbouncer' },
  'redis-server': { package: 'redis-server', specs: 'spec/stores/redis' },
};

/**
 * Specs that hold other processes to a time. Beside specs that take the whole machine they may fail without a defect, so
 * that a failure among them is looked at once more, alone, and named. Every other failure is final.
 */
const readsTheClock = new RegExp(
  `/spec/(${[
    'attacks/enumeration-by-time',
    'browser/',
    'concurrency/(chaos|changes-heard)',
    'docs/operations',
    'example-app/(demo-process|slow-senders|workers)',
    'found-workspaces',
    'fuzz/',
    'interop/(instances|proxies)',
    'soak/',
    'stores/(lmdb-kills|postgres|redis)',
  ].join('|')})`,
);

const without = missingPrograms();
const stores = await storeServers(directory);
if (stores.without.length > 0) {
  console.error(`NO SERVER: ${stores.without.join(', ')}. No spec runs on these stores.`);
  if (inCi) process.exit(1);
}
const { passed, failed, names } = runSpecs();
await stores.stop();
const found = selection.length === 0 ? [...rowsWithoutSpec(names), ...secretsLogged()] : [];
for (const line of found) console.error(line);
// What was ended may still write there.
rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
console.log(`${passed} passed, ${failed + found.length} failed`);
process.exit(failed + found.length === 0 && passed > 0 ? 0 : 1);

function missingPrograms() {
  const absent = Object.keys(programs).filter((name) => !onPath(name));
  if (absent.length > 0 && process.getuid?.() === 0 && onPath('apt-get')) {
    console.log(`Installing ${absent.join(', ')} ...`);
    spawnSync('apt-get', ['update'], { stdio: 'inherit' });
    const forbidden = forbidServices();
    spawnSync(
      'apt-get',
      ['install', '--yes', '--no-install-recommends', ...absent.map((name) => programs[name].package)],
      { stdio: 'inherit' },
    );
    if (forbidden) rmSync(policy);
  }
  const still = absent.filter((name) => !onPath(name));
  if (still.length > 0) console.error(`MISSING: ${still.join(', ')}. The specs that need them do not run.`);
  if (still.length > 0 && inCi) process.exit(1);
  return still;
}

/** Debian starts the services of what it installs, unless this says no. Answers whether the file is ours to remove. */
function forbidServices() {
  if (existsSync(policy)) return false;
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return true;
}

function onPath(program) {
  return `${process.env.PATH ?? ''}:/usr/sbin`.split(':').some((folder) => existsSync(join(folder, program)));
}

function runSpecs() {
  const ignored = [
    ...without.map((name) => programs[name].specs),
    ...stores.without.map((name) => `spec/stores/${name}`),
  ].flatMap((specs) => ['--testPathIgnorePatterns', specs]);
  // In this order: the option that ignores takes every word after it, up to the next option.
  const report = jest([...selection, ...ignored]);
  if (!report) return { passed: 0, failed: 1, names: [] };
  const files = lookedAtAgain(report.testResults);
  const results = files.flatMap(({ assertionResults }) => assertionResults);
  const skipped = results.filter((result) => result.status !== 'passed' && result.status !== 'failed');
  for (const { fullName, status } of skipped) console.error(`${status}: ${fullName}`);
  const passed = results.filter((result) => result.status === 'passed');
  const broken = files.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((result) => result.status === 'passed'),
  );
  return {
    passed: passed.length,
    failed: results.length - passed.length + broken.length + (report.wasInterrupted ? 1 : 0),
    names: passed.map((result) => result.fullName),
  };
}

/** jest's report, or undefined when it ended without one. */
function jest(options) {
  const output = join(directory, 'results.json');
  rmSync(output, { force: true });
  const node = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join(root, 'node_modules/jest/bin/jest.js'),
  ];
  const { signal } = spawnSync(process.execPath, [...node, ...options, '--json', '--outputFile', output], {
    cwd: root,
    // The JSON report would also go to stdout; people read stderr, where jest tells its progress.
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...stores.env, SPEC_LOG_DIRECTORY: directory },
    timeout: mostMilliseconds,
    killSignal: 'SIGKILL',
  });
  if (signal) console.error(`The run was ended by ${signal} after ${mostMilliseconds / 60_000} minutes at most.`);
  return existsSync(output) ? JSON.parse(readFileSync(output, 'utf8')) : undefined;
}

/** The results by file, where files that read the clock and failed beside others were run once more, alone. */
function lookedAtAgain(files) {
  const late = files.filter(({ name, status }) => status === 'failed' && readsTheClock.test(name));
  if (late.length === 0) return files;
  console.error(`ONCE MORE, ALONE: ${late.map(({ name }) => relative(root, name)).join(', ')}`);
  const report = jest(['--runInBand', '--runTestsByPath', ...late.map(({ name }) => name)]);
  const second = new Map(report?.testResults.map((file) => [file.name, file]));
  return files.map((file) => second.get(file.name) ?? file);
}

function rowsWithoutSpec(specNames) {
  const { rows } = JSON.parse(readFileSync(join(root, 'spec/compliance/rows.json'), 'utf8'));
  const proven = new Set(specNames.flatMap((name) => name.match(/\b[A-Z]{3}-\d\d\b/g) ?? []));
  return rows.filter((row) => !proven.has(row)).map((row) => `No passed spec names the row ${row}.`);
}

function secretsLogged() {
  const read = (name) => (existsSync(join(directory, name)) ? readFileSync(join(directory, name), 'utf8') : '');
  const logged = read('logged');
  if (logged === '') return ['The run logged nothing, so nothing proves that no secret is logged.'];
  const secrets = new Set(
    read('secrets')
      .split('\n')
      .filter((secret) => secret.length >= 8 && !word.test(secret)),
  );
  // Most secrets are one word, and a log says most words many times: each different word is looked at once.
  const words = [...new Set(logged.match(/[\w.~+/=-]{8,}/g))].join('\n');
  return [...secrets]
    .filter((secret) => (/^[\w.~+/=-]+$/.test(secret) ? words : logged).includes(secret))
    .map((secret) => {
      const at = logged.indexOf(secret);
      const around = logged.slice(Math.max(0, at - 300), at + secret.length + 60).replaceAll(secret, '[the secret]');
      return `A secret used by a spec was logged: ${around.replaceAll('\n', ' ')}`;
    });
}
