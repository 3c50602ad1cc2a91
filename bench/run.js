// `npm run bench`: our server beside its peers, same work, one run, where the peers' benchmark is at hand
// (PEERS_DIRECTORY, or ../shared/bench-peers); our own figures beside a bare node:http server otherwise.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const peers = resolve(process.env.PEERS_DIRECTORY ?? join(here, '../../shared/bench-peers'));

if (existsSync(join(peers, 'bench.js'))) {
  const copy = mkdtempSync(join(tmpdir(), 'bench-peers-'));
  cpSync(peers, copy, { recursive: true, filter: (path) => !path.includes('node_modules') });
  const run = (command, args) =>
    spawnSync(command, args, { cwd: copy, stdio: 'inherit', env: { ...process.env, CONTENDER_DIR: here } }).status ?? 1;
  const status = run('npm', ['ci', '--no-audit', '--no-fund']) || run('node', ['bench.js', ...process.argv.slice(2)]);
  rmSync(copy, { recursive: true, force: true });
  process.exit(status);
}
await import('./alone.js');
