import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { databaseUrl } from './services.js';

export interface PgBouncer {
  /** The URL of the specs' database, by way of the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

/** PgBouncer in transaction mode, with fewer connections to the server than its clients have to it. */
export async function startPgBouncer(): Promise<PgBouncer> {
  const { hostname, port, pathname, username, password } = new URL(databaseUrl);
  const database = pathname.slice(1);
  const listenPort = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'spec-pgbouncer-'));
  // It refuses to run as root, and nobody must be able to read this.
  chmodSync(directory, 0o755);
  const file = join(directory, 'pgbouncer.ini');
  writeFileSync(
    file,
    `[databases]
${database} = host=${hostname} port=${port || 5432} user=${username} ${password && `password=${password}`}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 100
`,
  );
  const as = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const pooler = spawn('/usr/sbin/pgbouncer', ['-q', ...as, file], { stdio: 'ignore' });
  await answers(pooler, listenPort);
  return {
    url: `postgres://${username}@127.0.0.1:${listenPort}/${database}`,
    stop: async () => {
      const ended = once(pooler, 'close');
      pooler.kill('SIGKILL');
      await ended;
      rmSync(directory, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(pooler: ChildProcess, port: number): Promise<void> {
  for (let tries = 0; tries < 500 && pooler.exitCode === null; tries += 1) {
    const socket = connect(port, '127.0.0.1');
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return;
    await wait(20);
  }
  throw new Error('pgbouncer did not start');
}
