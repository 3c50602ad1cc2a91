import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ca, serverCertificate } from './methods.js';

const page = join(dirname(fileURLToPath(import.meta.url)), '../../docs/behind-a-proxy.md');

export type ProxyProgram = 'nginx' | 'haproxy' | 'apache' | 'caddy';

/** A proxy that runs. */
export interface RunningProxy {
  /** `https://localhost:PORT` */
  readonly origin: string;
  stop(): Promise<void>;
}

interface Recipe {
  /** Of the block on the page. */
  readonly language: string;
  /** What differs from the page: ports, and paths of files. */
  readonly replacements: (port: number, backend: number, directory: string) => readonly (readonly [string, string])[];
  /** What stands around the block, so that it runs in the foreground, in this directory, on loopback. */
  readonly wrap: (block: string, directory: string) => string;
  readonly command: (file: string, directory: string) => readonly [program: string, ...parameters: string[]];
}

const files = (directory: string) =>
  [
    ['/etc/ssl/as.crt', `${directory}/as.crt`],
    ['/etc/ssl/as.key', `${directory}/as.key`],
  ] as const;
const clientsCa = (directory: string) => ['/etc/ssl/clients-ca.crt', `${directory}/clients-ca.crt`] as const;
const upstream = (backend: number) => ['127.0.0.1:8443', `127.0.0.1:${backend}`] as const;

const recipes: Readonly<Record<ProxyProgram, Recipe>> = {
  nginx: {
    language: 'nginx',
    replacements: (port, backend, directory) => [
      ...files(directory),
      clientsCa(directory),
      upstream(backend),
      ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    ],
    wrap: (block, directory) => {
      const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
      const temporary = kinds.map((kind) => `${kind}_temp_path ${directory}/${kind};`).join('\n');
      return `daemon off;\nmaster_process off;\npid ${directory}/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${temporary}\n${block}\n}\n`;
    },
    command: (file, directory) => ['nginx', '-p', directory, '-e', 'stderr', '-c', file],
  },
  haproxy: {
    language: 'haproxy',
    replacements: (port, backend, directory) => [
      ['/etc/ssl/as.pem', `${directory}/as.pem`],
      clientsCa(directory),
      upstream(backend),
      ['bind :443', `bind 127.0.0.1:${port}`],
    ],
    wrap: (block) => `global\n  nbthread 1\n\n${block}\n`,
    command: (file) => ['haproxy', '-db', '-f', file],
  },
  apache: {
    language: 'apache',
    replacements: (port, backend, directory) => [
      ...files(directory),
      upstream(backend),
      ['*:443', `127.0.0.1:${port}`],
      ['# ssl, headers, proxy, proxy_http', `Listen 127.0.0.1:${port}`],
    ],
    wrap: (block, directory) => {
      const names = ['mpm_event', 'authz_core', 'socache_shmcb', 'ssl', 'headers', 'proxy', 'proxy_http'];
      const modules = names.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`);
      const server = [`PidFile ${directory}/pid`, `DefaultRuntimeDir ${directory}`, `Mutex file:${directory}`];
      return [`ServerRoot ${directory}`, ...modules, ...server, `ErrorLog ${directory}/error.log`, block, ''].join(
        '\n',
      );
    },
    command: (file) => ['apache2', '-D', 'FOREGROUND', '-f', file],
  },
  caddy: {
    language: 'caddyfile',
    replacements: (port, backend, directory) => [
      ...files(directory),
      upstream(backend),
      ['as.example.com {', `https://localhost:${port} {`],
    ],
    wrap: (block) => `{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}\n${block}\n`,
    command: (file) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', file],
  },
};

/** The block of the page for this proxy. */
export function documentedBlock(program: ProxyProgram): string {
  const blocks = readFileSync(page, 'utf8').split('```');
  const { language } = recipes[program];
  const found = blocks.filter((block) => block.startsWith(`${language}\n`));
  if (found.length !== 1) throw new Error(`docs/behind-a-proxy.md has ${found.length} blocks of ${language}`);
  return String(found[0]).slice(language.length + 1);
}

/**
 * Starts a proxy as docs/behind-a-proxy.md configures it, in front of a server on 127.0.0.1, and waits until it takes
 * connections. `change` alters the block, for proxies that were set up badly.
 */
export async function startProxy(
  program: ProxyProgram,
  backend: number,
  change: (block: string) => string = (block) => block,
): Promise<RunningProxy> {
  const { replacements, wrap, command } = recipes[program];
  const directory = mkdtempSync(join(tmpdir(), `${program}-`));
  const [port, documented] = [await freePort(), documentedBlock(program)];
  let block = change(documented);
  for (const [from, to] of replacements(port, backend, directory)) {
    if (!documented.includes(from)) throw new Error(`The block of ${program} does not have ${from}`);
    block = block.replaceAll(from, to);
  }
  const file = join(directory, 'configuration');
  writeFileSync(file, wrap(block, directory));
  writeProxyFiles(directory);
  return runProxy(command(file, directory), directory, port);
}

/** The certificate of localhost, its key, both together as HAProxy wants them, and the CA of clients. */
export function writeProxyFiles(directory: string): void {
  writeFileSync(join(directory, 'as.crt'), serverCertificate.cert);
  writeFileSync(join(directory, 'as.key'), serverCertificate.key, { mode: 0o600 });
  writeFileSync(join(directory, 'as.pem'), serverCertificate.cert + serverCertificate.key, { mode: 0o600 });
  writeFileSync(join(directory, 'clients-ca.crt'), ca.cert);
}

/** Runs a proxy, and waits until it takes connections at this port. Its directory goes when it is stopped. */
export async function runProxy(
  [name, ...parameters]: readonly [program: string, ...parameters: string[]],
  directory: string,
  port: number,
): Promise<RunningProxy> {
  const child = spawn(name, parameters, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: `${process.env.PATH}:/usr/sbin`,
      HOME: directory,
      XDG_DATA_HOME: directory,
      XDG_CONFIG_HOME: directory,
    },
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  const stop = async () => {
    await end(child);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await listening(port, child);
  } catch (error) {
    await stop();
    throw new Error(`${name} does not run: ${Buffer.concat(output).toString()}`, { cause: error });
  }
  return { origin: `https://localhost:${port}`, stop };
}

/** A port of 127.0.0.1 that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended');
    const socket = connect(port, '127.0.0.1');
    const answered = await new Promise<boolean>((resolve) => {
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    });
    socket.destroy();
    if (answered) return;
    await pause(50);
  }
  throw new Error('it does not listen');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = new AbortController();
  void pause(5_000, undefined, { signal: patience.signal }).then(
    () => child.kill('SIGKILL'),
    () => undefined,
  );
  await ended;
  patience.abort();
}
