// `npm run soak`: spec/soak for SOAK_SECONDS, ten minutes unless told otherwise.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '../../..');
const env = { ...process.env, SOAK_SECONDS: process.env.SOAK_SECONDS ?? '600' };
const node = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  join(root, 'node_modules/jest/bin/jest.js'),
];
const { status } = spawnSync(process.execPath, [...node, 'spec/soak', '--verbose'], {
  cwd: root,
  env,
  stdio: 'inherit',
});
process.exit(status ?? 1);
