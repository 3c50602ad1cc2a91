import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect as connectPlain, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../support/demo-site.js';
import {
  assertion,
  assertionType,
  basicHeader,
  ca,
  clientPerMethod,
  secrets,
  serverCertificate,
} from '../support/methods.js';
import { addressOf, passwordlessConfiguration } from '../support/passwordless-configuration.js';
import { SiteVisitor } from '../support/site-visitor.js';
import { noteLogged } from '../support/suite-log.js';
import { agentOf, type Reply, type TlsRequest, tlsRequest } from '../support/tls-world.js';
import { AppProcess, killAll, Scratch } from './run-app.js';

const scratch = new Scratch();
const intermediate = ca.issue({ subject: 'CN=Intermediate', isCa: true });
const below = intermediate.issue({ subject: 'CN=tls.example.com,O=Example' });
const count = 3;

const people = ['john', 'jane', 'jim', 'jill'];

function configuration(publicUrl: string) {
  const { tenants, ...top } = passwordlessConfiguration(publicUrl, people);
  const { demo, system } = tenants.acme.workspaces;
  const more = [
    // Its scope is a doubt that is told at the start.
    { ...clientPerMethod.client_secret_basic, scope: 'read unknown' },
    { ...clientPerMethod.private_key_jwt, scope: 'read' },
    { ...clientPerMethod.tls_client_auth, scope: 'read' },
  ];
  const workspaces = { system, demo: { ...demo, root_cas: [ca.cert], clients: [...demo.clients, ...more] } };
  const tls = { cert: serverCertificate.cert, key: serverCertificate.key };
  return {
    ...top,
    tls,
    listen: { port: Number(new URL(publicUrl).port) },
    tenants: { acme: { ...tenants.acme, workspaces } },
  };
}

let app: AppProcess;
let url: string;
let port: number;
beforeAll(async () => {
  port = await freePort();
  ({ app, url } = await start(['--config', configured(), '--workers', String(count)]));
}, 60_000);
afterAll(async () => {
  await killAll();
  noteLogged(app.stderr);
  scratch.remove();
});

/** The path of a configuration file. */
function configured(changes: Record<string, unknown> = {}): string {
  const file = join(scratch.directory(), 'as.json');
  writeFileSync(file, JSON.stringify({ ...configuration(`https://localhost:${port}`), ...changes }));
  return file;
}

async function start(args: readonly string[]) {
  const started = new AppProcess([...args, '--data-dir', scratch.directory()]);
  return { app: started, url: await started.listening() };
}

/** The processes that a process has started. */
function children(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(20);
}

/** On a connection of its own, so that the workers take turns. */
const send = (message: TlsRequest) => tlsRequest(url, message);
const token = (form: Record<string, string>, more: Partial<TlsRequest> = {}) =>
  send({ path: '/acme/demo/oauth2/token', form: { grant_type: 'client_credentials', ...form }, ...more });
const basic = { authorization: basicHeader('basic-client', secrets.basic) };
const statuses = (replies: readonly Reply[]) => replies.map(({ status }) => status);
const times = <T>(number: number, make: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: number }, (_, index) => make(index)));

describe('--workers', () => {
  it('prints one banner, tells each doubt once, and runs as many processes as were asked for', () => {
    expect(children(app.pid)).toHaveLength(count);
    expect(app.stdout.match(/Listening on/g)).toHaveLength(1);
    expect(app.stderr.match(/client_scope_unknown/g)).toHaveLength(1);
  });

  it('all of them publish the same keys, those of one first start', async () => {
    const sets = await times(2 * count, () => send({ path: '/acme/demo/.well-known/jwks.json' }));
    expect(sets[0]?.body.keys).toHaveLength(2);
    expect(new Set(sets.map(({ text }) => text)).size).toBe(1);
  });

  it('AST-10 an assertion is taken once, whoever hears it', async () => {
    const client_assertion = await assertion('private-key-client', { claims: { aud: `${url}/acme/demo` } });
    const form = { client_assertion, client_assertion_type: assertionType };
    const replies = await times(50, () => token(form));
    expect(statuses(replies).sort()).toEqual([200, ...Array(49).fill(401)]);
  });

  it('every mail of the outbox is there, whoever sent it and whoever shows it', async () => {
    for (const name of people) {
      const browser = new SiteVisitor(url, ca.cert);
      await browser.post('/sign-in', { form_token: await browser.formToken(), email: addressOf(name) });
    }
    const list = async (): Promise<{ to: string }[]> =>
      (await send({ path: '/outbox', headers: { accept: 'application/json' } })).body;
    while ((await list()).length < people.length) await pause(20);
    const lists = await times(2 * count, list);
    for (const mails of lists) expect(mails.map(({ to }) => to).sort()).toEqual(people.map(addressOf).sort());
  });
});

describe('TLS sessions', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'MTL-06 %s: intermediates of a handshake are not lost with the next worker',
    async (version) => {
      const agent = agentOf([below, intermediate], { minVersion: version, maxVersion: version });
      const replies: Reply[] = [];
      for (let visit = 0; visit < 4 * count; visit += 1)
        replies.push(await token({ client_id: 'tls-client' }, { agent }));
      expect(statuses(replies)).toEqual(Array(4 * count).fill(200));
      // Else this proves nothing: the session of one worker met another one.
      expect(replies.slice(1).filter(({ resumed }) => !resumed).length).toBeGreaterThan(0);
    },
  );
});

describe('the end of a worker', () => {
  it('does not stop the service, and another one takes its place', async () => {
    const before = children(app.pid);
    process.kill(before[0] ?? 0, 'SIGKILL');
    await until(() => !children(app.pid).includes(before[0] ?? 0));
    expect(statuses(await times(2 * count, () => token({}, { headers: basic })))).toEqual(Array(2 * count).fill(200));
    await until(() => children(app.pid).length === count);
    expect(JSON.parse(await app.logged('worker_ended'))).toMatchObject({
      event: 'warning',
      detail: { pid: before[0], reason: 'SIGKILL', replaced_in: 0.1 },
    });
  });

  it('of all at once is mended too, at the port that the system chose', async () => {
    const chosen = await start([
      '--config',
      configured({ listen: { port: 0 }, public_url: undefined }),
      '--workers',
      '2',
    ]);
    const before = children(chosen.app.pid);
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await until(() => children(chosen.app.pid).every((pid) => !before.includes(pid)));
    const ready = async () => {
      try {
        return (await tlsRequest(chosen.url, { path: '/readyz' })).status;
      } catch {
        return 0;
      }
    };
    while ((await ready()) !== 200) await pause(50);
    expect(chosen.app.stdout.match(/Listening on/g)).toHaveLength(1);
    // Doubts are told at the start, and not by those who came later.
    expect(chosen.app.stderr.match(/client_scope_unknown/g)).toHaveLength(1);
    const workers = children(chosen.app.pid);
    await chosen.app.kill('SIGKILL');
    // Without the process that replaces them they must not go on.
    await until(() => workers.every((pid) => !existsSync(`/proc/${pid}`)));
  }, 40_000);
});

/** A token request whose body waits for `finish()`. */
async function slowRequest() {
  const { port } = new URL(url);
  const socket: TLSSocket = connect({ port: Number(port), host: '127.0.0.1', servername: 'localhost', ca: ca.cert });
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  const head = ['POST /acme/demo/oauth2/token HTTP/1.1', 'Host: localhost', `Authorization: ${basic.authorization}`];
  const form = ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 29', 'Expect: 100-continue'];
  socket.write(`${[...head, ...form, '', ''].join('\r\n')}`);
  await until(() => text.includes('100 Continue'));
  return {
    finish: async () => {
      socket.write('grant_type=client_credentials');
      await ended;
      return text;
    },
  };
}

/** Resolves when nobody takes new connections any more. */
async function refusing(): Promise<void> {
  const taken = () =>
    new Promise<boolean>((resolve) => {
      const socket = connectPlain(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
  while (await taken()) await pause(20);
}

describe('the end of all', () => {
  it('comes with SIGTERM: what is in hand is answered, nobody stays, and the exit code is 0', async () => {
    await until(() => children(app.pid).length === count);
    const workers = children(app.pid);
    const inHand = await times(2 * count, slowRequest);
    const ended = app.kill('SIGTERM');
    await refusing();
    const answers = await Promise.all(inHand.map(({ finish }) => finish()));
    for (const answer of answers) expect(answer).toContain('HTTP/1.1 200 OK');
    expect((await ended).code).toBe(0);
    expect(workers.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  }, 40_000);
});

describe('a start that fails', () => {
  const failure = async (...args: string[]) => {
    const { code, stdout, stderr } = await new AppProcess([...args, '--data-dir', scratch.directory()]).ended();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    return stderr;
  };

  it('is told once', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port: used } = taken.address() as { port: number };
    const reason = `listen: 127.0.0.1:${used}: the port is in use; choose another one with --port`;
    expect(await failure('--config', configured(), '--port', String(used), '--workers', '2')).toBe(
      `Cannot start.\n${reason}\n`,
    );
    await new Promise((resolve) => taken.close(resolve));
  }, 40_000);

  it('has its reason in a store that is inside one process, by flag or by file', async () => {
    const words = /^Cannot start\.\nstore: memory: is inside one process, .* Choose lmdb:DIR/;
    expect(await failure('--store', 'memory:', '--workers', '2')).toMatch(words);
    const inMemory = configured({ store: 'memory:?acknowledge=single-process' });
    expect(await failure('--config', inMemory, '--workers', '2')).toMatch(words);
  });

  it('is none for one worker with such a store', async () => {
    const { app: single } = await start([
      '--config',
      configured({ store: 'memory:', listen: { port: 0 } }),
      '--workers',
      '1',
    ]);
    expect(children(single.pid)).toEqual([]);
    await single.kill('SIGTERM');
  }, 40_000);
});
