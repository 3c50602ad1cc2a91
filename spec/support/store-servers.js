// The servers behind the shared stores, for run.js: one that answers already is used, otherwise one is started from the
// binary with nothing but its directory to remember, and ended after the run.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';

/** One row per store: the variable that names its server, where that is without it, and how to start one. */
const servers = {
  redis: { variable: 'REDIS_URL', local: 'redis://127.0.0.1:6379/0', start: startRedis, works: () => true },
  postgres: {
    variable: 'DATABASE_URL',
    local: 'postgres://postgres@127.0.0.1:5432/test',
    start: startPostgres,
    works: takesStatements,
  },
};

/**
 * Finds or starts every server. Answers the environment that names them, the stores that have none, and how to end
 * what was started.
 */
export async function storeServers(directory) {
  const env = {};
  const without = [];
  const stops = [];
  for (const [name, { variable, local, start, works }] of Object.entries(servers)) {
    const given = process.env[variable];
    const url = new URL(given ?? local);
    if ((await answers(url.hostname, Number(url.port))) && (await works(url.href))) continue;
    const started = given === undefined ? await start(join(directory, name)).catch(() => undefined) : undefined;
    if (started === undefined) without.push(name);
    else {
      env[variable] = started.url;
      stops.push(started.stop);
    }
  }
  if (without.length > 0) env.SPEC_WITHOUT_STORES = without.join(',');
  return { env, without, stop: () => Promise.all(stops.map((stop) => stop())) };
}

async function startRedis(directory) {
  mkdirSync(directory);
  const port = await freePort();
  const settings = { port, bind: '127.0.0.1', save: '', appendonly: 'no', dir: directory, loglevel: 'warning' };
  const server = spawn(
    'redis-server',
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const ended = once(server, 'close');
  await Promise.race([untilAnswers(port), ended.then(() => Promise.reject(new Error('redis-server ended')))]);
  return {
    url: `redis://127.0.0.1:${port}/0`,
    stop: async () => {
      server.kill('SIGKILL');
      await ended;
    },
  };
}

/** Debian keeps the binaries of each version apart. The server refuses to run as root, and to look into its directories. */
async function startPostgres() {
  const versions = '/usr/lib/postgresql';
  const [newest] = readdirSync(versions).sort((a, b) => Number(b) - Number(a));
  const program = (name) => join(versions, newest, 'bin', name);
  const owner = process.getuid?.() === 0 ? statSync('/var/lib/postgresql') : statSync('/proc/self');
  const as = { uid: owner.uid, gid: owner.gid };
  const directory = mkdtempSync(join(tmpdir(), 'spec-postgres-'));
  chownSync(directory, as.uid, as.gid);
  const data = join(directory, 'data');
  const init = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
  const [code] = await once(spawn(program('initdb'), init, { ...as, cwd: '/', stdio: 'ignore' }), 'close');
  if (code !== 0) throw new Error('initdb failed');
  const port = await freePort();
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: data, fsync: 'off' };
  const server = spawn(
    program('postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...as, cwd: '/', stdio: 'ignore' },
  );
  const ended = once(server, 'close');
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await Promise.race([untilAnswers(port), ended.then(() => Promise.reject(new Error('postgres ended')))]);
  while (!(await takesStatements(url))) await wait(50);
  return {
    url,
    stop: async () => {
      // At once, and its children with it: SIGKILL would leave them.
      server.kill('SIGQUIT');
      await ended;
      rmSync(directory, { recursive: true });
    },
  };
}

async function takesStatements(connectionString) {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function untilAnswers(port) {
  const deadline = Date.now() + 10_000;
  while (!(await answers('127.0.0.1', port))) {
    if (Date.now() > deadline) throw new Error('no answer within ten seconds');
    await wait(20);
  }
}

/** Whether something listens there. */
async function answers(host, port) {
  const socket = connect({ host, port, timeout: 2000 });
  try {
    return await Promise.race([once(socket, 'connect'), once(socket, 'timeout').then(() => false)]).then(Boolean);
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
