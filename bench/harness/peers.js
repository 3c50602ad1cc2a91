// The peers are dependencies of the benchmark alone (bench/package.json), installed when they are first asked for.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const bench = join(import.meta.dirname, '..');

export function installPeers(contenders) {
  const missing = contenders.filter(({ needs }) => needs && !existsSync(join(bench, 'node_modules', needs)));
  if (missing.length === 0) return;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: bench, stdio: 'inherit' });
  if (status !== 0) throw new Error('The peers could not be installed: npm ci, in bench/');
}
