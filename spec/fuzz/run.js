// `npm run fuzz`: the specs of spec/fuzz for FUZZ_SECONDS, ten minutes unless told otherwise. FUZZ_SEED repeats a run.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '../../..');
const env = { ...process.env, FUZZ_SECONDS: process.env.FUZZ_SECONDS ?? '600' };
const node = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  join(root, 'node_modules/jest/bin/jest.js'),
];
const { status } = spawnSync(process.execPath, [...node, 'spec/fuzz', '--verbose'], {
  cwd: root,
  env,
  stdio: 'inherit',
});
process.exit(status ?? 1);
