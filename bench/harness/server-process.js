// The server of a contender, as a process of its own on the first core; whoever measures it takes the second.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import net from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeChallenge, codeVerifier, issuer, resource } from './constants.js';
import { cpuTime, residentMemory } from './process-tree.js';

const servers = join(import.meta.dirname, '../servers');
/** The same in a run, so that one server reads what another one left in a store. */
const secretKey = randomBytes(32).toString('base64');
const [serverCore, ownCore] = ['0', '1'];
const pins = availableParallelism() > 1 && has('taskset');

/** Gives this process the second core, where there are two. */
export function takeOwnCore() {
  if (pins) execFileSync('taskset', ['-a', '-p', '-c', ownCore, String(process.pid)], { stdio: 'ignore' });
}

export class ServerProcess {
  #child;
  #storeToRemove;
  #output = '';

  /** Rejects with what the server said when it does not come up. */
  static async start(contender, workload, { fixtures, env = {} }) {
    const server = new ServerProcess();
    server.port = await freePort();
    const store = contender.store?.();
    if (!contender.keepsStore) server.#storeToRemove = store;
    const { key, cert, ca } = workload.tls ? fixtures.tls : {};
    const command = [process.execPath, ...(contender.flags ?? []), join(servers, contender.file)];
    const child = spawn(
      ...(pins ? ['taskset', ['-c', contender.cores ?? serverCore, ...command]] : [command[0], command.slice(1)]),
      {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        env: {
          ...process.env,
          NODE_ENV: 'production',
          NODE_NO_WARNINGS: '1',
          PORT: String(server.port),
          ISSUER: issuer,
          AUTH_METHOD: workload.method,
          TOKEN_FORMAT: workload.format,
          GRANT: workload.grant ?? '',
          RESOURCE: resource,
          CODE_CHALLENGE: codeChallenge,
          CODE_VERIFIER: codeVerifier,
          SECRET_KEY: secretKey,
          CLIENTS_FILE: fixtures.clients(workload, contender.clients).file,
          SIGNING_KEY_FILE: fixtures.signingKeyFile,
          ...(workload.tls && { TLS_KEY_FILE: key, TLS_CERT_FILE: cert, TLS_CLIENT_CA_FILE: ca }),
          ...(store && { STORE_URL: store }),
          ...contender.env,
          ...env,
        },
      },
    );
    server.#child = child;
    child.stderr.setEncoding('utf8').on('data', (text) => {
      server.#output = (server.#output + text).slice(-4000);
    });
    await server.#untilReady();
    return server;
  }

  /** Microseconds of CPU so far, of the process and all below it. */
  get cpuTime() {
    return cpuTime(this.#child.pid);
  }

  /** Bytes. */
  get residentMemory() {
    return residentMemory(this.#child.pid);
  }

  /** Has the server make something, such as `code`, for each of these clients. */
  async seed(kind, clientIds) {
    this.#child.send({ seed: kind, clientIds });
    const [{ seeded, failed }] = await once(this.#child, 'message');
    if (failed) throw new Error(failed);
    return seeded;
  }

  async stop() {
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(late);
    }
    await removeStore(this.#storeToRemove);
  }

  async #untilReady() {
    for (let attempt = 0; attempt < 1200 && this.#child.exitCode === null; attempt += 1) {
      if (await answers(this.port)) return;
      await sleep(50);
    }
    await this.stop();
    throw new Error(`did not start: ${this.#output}`);
  }
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function removeStore(url) {
  if (url?.startsWith('lmdb:')) rmSync(url.slice(5), { recursive: true, force: true });
  if (url?.startsWith('redis')) {
    const { openStore } = await import('../../dist/index.js');
    const store = await openStore(url);
    for await (const { key } of store.scan('')) await store.delete(key);
    await store.close();
  }
  if (url?.startsWith('postgres')) {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: url.split('?')[0] });
    await client.connect();
    await client.query(`DROP SCHEMA IF EXISTS ${new URL(url).searchParams.get('schema')} CASCADE`);
    await client.end();
  }
}

function has(program) {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
