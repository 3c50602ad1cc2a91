import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { AuthorizationServerEvent, ClientMetadataInput, OutcomeEvent, SignedInUser } from '../../index.js';
import { compiledLib } from './compiled-lib.js';
import { issuer } from './methods.js';
import { noteLogged, noteSecret } from './suite-log.js';

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON; undefined where the body is none. */
  readonly body: Record<string, unknown> | undefined;
}

/** One request on a connection of its own; with `form` it is a POST. */
export async function send(url: string, form?: Record<string, string>): Promise<HttpReply> {
  const outgoing = request(url, {
    agent: false,
    method: form ? 'POST' : 'GET',
    headers: form ? { 'content-type': 'application/x-www-form-urlencoded' } : {},
  });
  outgoing.end(form ? new URLSearchParams(form).toString() : undefined);
  const [response] = await once(outgoing, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const json = String(response.headers['content-type']).startsWith('application/json');
  return { status: response.statusCode, headers: response.headers, body: json ? JSON.parse(text) : undefined };
}

/** What both processes serve. Everything in it goes to them as JSON. */
export interface ProcessOptions {
  /** Such as `lmdb:DIR`. */
  readonly store: string;
  readonly clients: readonly ClientMetadataInput[];
  /** Absent: new ones, for this pair alone. */
  readonly secretKeys?: readonly string[];
  /** Who sits at every browser. Without it there is no authorization endpoint. */
  readonly user?: SignedInUser;
  /** Further options of `grantRouter`, in JSON. */
  readonly router?: Record<string, unknown>;
}

/** A process that runs `grantRouter` on plain HTTP. */
export interface ServerProcess {
  /** `http://127.0.0.1:port`; paths follow from the spec issuer. */
  readonly origin: string;
  /** Every event it has told so far. One may come a little after its reply. */
  readonly events: readonly AuthorizationServerEvent[];
  /** Resolves when this many outcomes of requests have been told, with all of them. */
  outcomes(count: number): Promise<OutcomeEvent[]>;
  readonly process: ChildProcess;
}

export interface TwoProcesses {
  readonly servers: readonly [ServerProcess, ServerProcess];
  /** Sends the form `count` times at once, every second one to the second process. */
  fire(path: string, form: Record<string, string>, count: number): Promise<HttpReply[]>;
  /** Ends both with SIGTERM; rejects if one does not end well. */
  stop(): Promise<void>;
  /** Ends both with SIGKILL, in the middle of whatever they do. */
  kill(): Promise<void>;
}

/** Starts two processes that share a store and its secret keys, and waits until both are ready. */
export async function twoProcesses(options: ProcessOptions): Promise<TwoProcesses> {
  const secretKeys = [...(options.secretKeys ?? [noteSecret(randomBytes(32).toString('base64'))])];
  const servers = await Promise.all([start(options, secretKeys), start(options, secretKeys)]);
  return {
    servers,
    fire: (path, form, count) =>
      Promise.all(
        Array.from({ length: count }, (_, number) => send(`${servers[number % 2 === 0 ? 0 : 1].origin}${path}`, form)),
      ),
    stop: async () => {
      await Promise.all(servers.map(({ process }) => end(process)));
    },
    kill: async () => {
      await Promise.all(
        servers.map(async ({ process }) => {
          const ended = once(process, 'close');
          process.kill('SIGKILL');
          await ended;
        }),
      );
    },
  };
}

const script = (library: string) => `
  import { createServer } from 'node:http';
  import { createInterface } from 'node:readline';
  import * as library from ${JSON.stringify(library)};
  const say = (value) => process.stdout.write(JSON.stringify(value, (_, v) => v instanceof Error ? v.stack : v) + '\\n');
  const [line] = await new Promise((resolve) => createInterface({ input: process.stdin }).once('line', (l) => resolve([l])));
  const { store, user, router: more, ...options } = JSON.parse(line);
  const router = library.grantRouter({
    ...options,
    ...more,
    store: await library.openStore(store),
    strategies: library.standardStrategies(),
    grants: [library.authorizationCode(), library.clientCredentials(), library.refreshToken(), library.passwordless()],
    ...(user && { authenticateUser: () => user }),
    onEvent: (event) => say({ event }),
  });
  await router.ready();
  const server = createServer(router).listen(0, '127.0.0.1', () => say({ port: server.address().port }));
  // Whoever started us is gone.
  process.stdin.once('end', () => process.exit(1));
  process.once('SIGTERM', () => {
    server.close(async () => {
      await router.close();
      process.exit(0);
    });
    server.closeIdleConnections();
  });`;

async function start(
  { clients, secretKeys: _, ...options }: ProcessOptions,
  secret_keys: string[],
): Promise<ServerProcess> {
  const library = pathToFileURL(join(compiledLib(), 'index.js')).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script(library)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.write(`${JSON.stringify({ issuer, clients, secret_keys, ...options })}\n`);
  const events: AuthorizationServerEvent[] = [];
  const lines = createInterface({ input: child.stdout });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`the process ended with ${code} before it was ready`)));
    lines.on('line', (line) => {
      const said: { port?: number; event?: AuthorizationServerEvent } = JSON.parse(line);
      if (said.port !== undefined) resolve(said.port);
      if (said.event === undefined) return;
      events.push(said.event);
      noteLogged(said.event);
    });
  });
  const told = () => events.filter((event): event is OutcomeEvent => event.event !== 'warning');
  return {
    origin: `http://127.0.0.1:${port}`,
    events,
    outcomes: async (count) => {
      while (told().length < count) await once(lines, 'line');
      return told();
    },
    process: child,
  };
}

async function end(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  const [code, signal] = await closed;
  if (code !== 0) throw new Error(`a server process ended with ${code ?? signal}`);
}
