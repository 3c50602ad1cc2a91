// `npm test`: gets the programs the specs need, runs every spec, then checks what no single spec can: that each row of
// the standards has one, and that no secret used anywhere in the run was logged. Arguments go to jest.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
/** Specs that fuzz also present names of reasons and warnings as codes. */
const word = /^[a-z_]+$/;
/** A spec that leaves something open must fail the run, not hold it up. */
const mostMilliseconds = 15 * 60_000;
const inCi = process.env.CI === 'true';
const selection = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'express-client-auth-run-'));

/** Debian package by program, with the specs that need it. */
const programs = {
  curl: { package: 'curl', specs: 'spec/(interop/curl|example-app)' },
  openssl: { package: 'openssl', specs: 'spec/interop/openssl' },
  chromium: { package: 'chromium', specs: 'spec/browser/' },
};

const without = missingPrograms();
const { passed, failed, names } = runSpecs();
const found = selection.length === 0 ? [...rowsWithoutSpec(names), ...secretsLogged()] : [];
for (const line of found) console.error(line);
rmSync(directory, { recursive: true, force: true });
console.log(`${passed} passed, ${failed + found.length} failed`);
process.exit(failed + found.length === 0 && passed > 0 ? 0 : 1);

function missingPrograms() {
  const absent = Object.keys(programs).filter((name) => !onPath(name));
  if (absent.length > 0 && process.getuid?.() === 0 && onPath('apt-get')) {
    console.log(`Installing ${absent.join(', ')} ...`);
    spawnSync('apt-get', ['update'], { stdio: 'inherit' });
    spawnSync(
      'apt-get',
      ['install', '--yes', '--no-install-recommends', ...absent.map((name) => programs[name].package)],
      { stdio: 'inherit' },
    );
  }
  const still = absent.filter((name) => !onPath(name));
  if (still.length > 0) console.error(`MISSING: ${still.join(', ')}. The specs that need them do not run.`);
  if (still.length > 0 && inCi) process.exit(1);
  return still;
}

function onPath(program) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}

function runSpecs() {
  const output = join(directory, 'results.json');
  const ignored = without.flatMap((name) => ['--testPathIgnorePatterns', programs[name].specs]);
  const node = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join(root, 'node_modules/jest/bin/jest.js'),
  ];
  const { status, signal } = spawnSync(
    process.execPath,
    [...node, '--json', '--outputFile', output, ...ignored, ...selection],
    {
      cwd: root,
      // The JSON report would also go to stdout; people read stderr, where jest tells its progress.
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, SPEC_LOG_DIRECTORY: directory },
      timeout: mostMilliseconds,
      killSignal: 'SIGKILL',
    },
  );
  if (signal) console.error(`The run was ended by ${signal} after ${mostMilliseconds / 60_000} minutes at most.`);
  if (!existsSync(output)) return { passed: 0, failed: 1, names: [] };
  const report = JSON.parse(readFileSync(output, 'utf8'));
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const skipped = results.filter((result) => result.status !== 'passed' && result.status !== 'failed');
  for (const { fullName, status: state } of skipped) console.error(`${state}: ${fullName}`);
  const broken = report.numFailedTests + report.numRuntimeErrorTestSuites + skipped.length;
  return {
    passed: report.numPassedTests,
    failed: broken === 0 && status !== 0 ? 1 : broken,
    names: results.filter((result) => result.status === 'passed').map((result) => result.fullName),
  };
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
  return [...secrets]
    .filter((secret) => logged.includes(secret))
    .map((secret) => {
      const at = logged.indexOf(secret);
      const around = logged.slice(Math.max(0, at - 300), at + secret.length + 60).replaceAll(secret, '[the secret]');
      return `A secret used by a spec was logged: ${around.replaceAll('\n', ' ')}`;
    });
}
