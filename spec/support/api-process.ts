import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { AuthorizationServerEvent, OutcomeEvent } from '../../index.js';
import { compiledLib } from './compiled-lib.js';
import { noteLogged } from './suite-log.js';

/** A process of its own with nothing in it but an API behind `protectResource`. */
export interface ApiProcess {
  /** Status, error and private reason of a call with this access token, and what the API answered. */
  call(token: string): Promise<{ seen: unknown[]; body: Record<string, unknown> }>;
  stop(): Promise<void>;
}

const script = (library: string) => `
  import { createServer } from 'node:http';
  import { createInterface } from 'node:readline';
  import { accessOf, protectResource } from ${JSON.stringify(library)};
  const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
  const options = JSON.parse(await new Promise((resolve) => createInterface({ input: process.stdin }).once('line', resolve)));
  const guard = protectResource({ ...options, onEvent: (event) => say({ event }) });
  const server = createServer((request, response) => guard(request, response, () => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(accessOf(request)));
  })).listen(0, '127.0.0.1', () => say({ port: server.address().port }));
  process.stdin.once('end', () => process.exit(1));`;

/** Starts one with these options of `protectResource`, in JSON. */
export async function apiProcess(options: Record<string, unknown>): Promise<ApiProcess> {
  const library = pathToFileURL(join(compiledLib(), 'index.js')).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script(library)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.write(`${JSON.stringify(options)}\n`);
  const outcomes: OutcomeEvent[] = [];
  const lines = createInterface({ input: child.stdout });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`the process ended with ${code} before it was ready`)));
    lines.on('line', (line) => {
      const said: { port?: number; event?: AuthorizationServerEvent } = JSON.parse(line);
      if (said.port !== undefined) resolve(said.port);
      if (said.event) noteLogged(said.event);
      if (said.event && said.event.event !== 'warning') outcomes.push(said.event);
    });
  });
  let calls = 0;
  return {
    async call(token) {
      calls += 1;
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${token}` } });
      const body = (await response.json()) as Record<string, unknown>;
      while (outcomes.length < calls) await once(lines, 'line');
      return { seen: [response.status, body.error, outcomes.at(-1)?.reason], body };
    },
    async stop() {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    },
  };
}
