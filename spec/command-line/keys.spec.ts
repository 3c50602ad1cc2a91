import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { openStore } from '../../index.js';
import { AppProcess, killAll, Scratch } from '../example-app/run-app.js';
import { secretKeyIdOf } from '../support/key-world.js';
import { noteSecret } from '../support/suite-log.js';
import { trustingFetch } from '../support/trusting-fetch.js';
import { events, run } from './run-command.js';

// Each command is a process that starts.
jest.setTimeout(60_000);

const scratch = new Scratch();
const [secretKey, newSecretKey] = [0, 1].map(() => noteSecret(randomBytes(32).toString('base64'))) as [string, string];
const clientSecret = noteSecret(randomBytes(24).toString('hex'));

const client = {
  client_id: 'service',
  client_secret: clientSecret,
  token_endpoint_auth_method: 'client_secret_post',
  grant_types: ['client_credentials'],
  scope: 'read',
};
const workspace = { scopes: { read: {} }, clients: [client], signing_key_rotation: { lead: 4 } };

function writeConfiguration(directory: string, changes: Record<string, unknown> = {}): string {
  const file = join(directory, 'as.json');
  const configuration = {
    listen: { port: 0 },
    store: 'lmdb:./store',
    secret_keys: [secretKey],
    tenants: {
      acme: {
        workspaces: {
          demo: { ...workspace, signing_keys: ['ES256', 'RS256'] },
          plain: { ...workspace, signing_keys: ['ES256', 'PS256'], signing_key_rotation: {} },
        },
      },
    },
    ...changes,
  };
  writeFileSync(file, JSON.stringify(configuration));
  return file;
}

interface Key {
  readonly tenant: string;
  readonly workspace: string;
  readonly alg: string;
  readonly kid: string;
  readonly state: string;
  readonly secret_key: string;
}

async function keys(args: readonly string[]): Promise<Key[]> {
  const { code, stdout, stderr } = await run([...args, '--json']);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout).keys;
}

async function until(what: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await what())) {
    if (Date.now() > deadline) throw new Error('it did not happen within fifteen seconds');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

let directory: string;
let config: string;
let app: AppProcess;
let issuer: string;
let fetchTrusting: ReturnType<typeof trustingFetch>;
beforeAll(async () => {
  directory = scratch.directory();
  config = writeConfiguration(directory);
  app = new AppProcess(['--config', config, '--data-dir', join(directory, 'data')]);
  issuer = `${await app.listening()}/acme/demo`;
  fetchTrusting = trustingFetch({ ca: readFileSync(join(directory, 'data/pki/ca.crt'), 'utf8') });
}, 30_000);
afterAll(async () => {
  await killAll();
  scratch.remove();
});

const here = () => ['--config', config, '--data-dir', join(directory, 'data')];
const published = async (): Promise<string[]> => {
  const reply = await fetchTrusting(`${issuer}/.well-known/jwks.json`);
  const { keys: found } = (await reply.json()) as { keys: { kid: string }[] };
  return found.map(({ kid }) => kid);
};
const token = async (): Promise<string> => {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: 'service',
    client_secret: clientSecret,
    scope: 'read',
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const sent = { method: 'POST', headers, body };
  const reply = await fetchTrusting(`${issuer}/oauth2/token`, sent);
  const { access_token } = (await reply.json()) as { access_token: string };
  return noteSecret(access_token);
};
const hello = async (accessToken: string): Promise<number> => {
  const url = new URL('/api/hello', issuer);
  return (await fetchTrusting(url, { headers: { authorization: `Bearer ${accessToken}` } })).status;
};

describe('keys, while the server runs', () => {
  it('list shows what the server publishes, to people and to scripts', async () => {
    const listed = await keys(['keys', 'list', ...here()]);
    expect(listed.map(({ tenant, workspace: name, alg, state }) => [tenant, name, alg, state])).toEqual([
      ['acme', 'demo', 'ES256', 'active'],
      ['acme', 'demo', 'RS256', 'active'],
      ['acme', 'plain', 'ES256', 'active'],
      ['acme', 'plain', 'PS256', 'active'],
    ]);
    const demo = listed.filter(({ workspace: name }) => name === 'demo');
    expect(demo.map(({ kid }) => kid)).toEqual(await published());
    expect(await keys(['keys', 'list', '--workspace', 'acme/demo', ...here()])).toEqual(demo);
    const { code, stdout, stderr } = await run(['keys', 'list', ...here()]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^WORKSPACE +ALG +STATE +KID +SIGNS FROM/);
    expect(stdout).toMatch(new RegExp(`\nacme/demo +ES256 +active +${listed[0]?.kid} +20\\d\\d-`));
    expect(stdout).not.toContain('PRIVATE');
  });

  it('JWK-03 rotate publishes a key of one algorithm and workspace; the server notices and goes over to it', async () => {
    const before = await published();
    const { code, stdout, stderr } = await run([
      'keys',
      'rotate',
      ...['--workspace', 'acme/demo', '--alg', 'ES256', '--json'],
      ...here(),
    ]);
    expect(code).toBe(0);
    const [fresh, ...more] = JSON.parse(stdout).keys as Key[];
    expect([fresh?.alg, fresh?.state, more]).toEqual(['ES256', 'next', []]);
    expect(events(stderr).map(({ name, detail }) => [name, detail?.kid])).toEqual([
      ['signing_key_rotated', fresh?.kid],
    ]);
    await until(async () => (await published()).includes(fresh?.kid ?? ''));
    expect(await published()).toEqual(expect.arrayContaining(before));
    await until(async () => decodeProtectedHeader(await token()).kid === fresh?.kid);
    expect(await app.logged('"signing_key_learned"')).toContain(fresh?.kid);
  });

  it('rotate --now ends the tokens of the old keys at the server that runs', async () => {
    const old = await token();
    expect(await hello(old)).toBe(200);
    const rotated = await keys(['keys', 'rotate', '--now', '--workspace', 'acme/demo', ...here()]);
    expect(rotated.map(({ alg, state }) => [alg, state])).toEqual([
      ['ES256', 'active'],
      ['RS256', 'active'],
    ]);
    await until(async () => (await hello(old)) === 401);
    expect(await published()).toEqual(rotated.map(({ kid }) => kid));
    expect(await hello(await token())).toBe(200);
  });

  it('rotate without a workspace rotates where the algorithm is, and says for people what follows', async () => {
    const { code, stdout } = await run(['keys', 'rotate', '--alg', 'PS256', ...here()]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nacme\/plain +PS256 +next /);
    expect(stdout).not.toContain('acme/demo');
    expect(stdout).toContain('The old keys sign until then.');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const again = await run(['keys', 'rotate', '--alg', 'PS256', ...here()]);
    expect(again.stdout).toContain(stdout.split('\n')[1]);
    expect(again.stdout).toContain('A key that waits already is not followed by a second one.');
  });

  it.each([
    [
      ['keys', 'rotate', '--workspace', 'acme/other'],
      2,
      'There is no workspace acme/other. There are: acme/demo, acme/plain',
    ],
    [['keys', 'list', '--workspace', 'demo'], 2, 'There is no workspace demo.'],
    [['keys', 'rotate', '--workspace', 'acme/plain', '--alg', 'RS256'], 2, 'acme/plain: no RS256 in signing_keys'],
    [['keys', 'rotate', '--alg', 'none'], 2, 'no none in signing_keys'],
  ])('%j: exit code %i', async (args, expected, message) => {
    const { code, stdout, stderr } = await run([...args, ...here()]);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('tokens revoke, while the server runs', () => {
  it('ends the tokens of a client at once, and new ones live', async () => {
    const old = await token();
    expect(await hello(old)).toBe(200);
    const { code, stdout, stderr } = await run([
      'tokens',
      'revoke',
      ...['--client', 'service', '--workspace', 'acme/demo', '--json'],
      ...here(),
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ revoked: { client: 'service', workspace: 'acme/demo' } });
    expect(events(stderr)).toMatchObject([{ name: 'tokens_revoked', detail: { client_id: 'service' } }]);
    expect(await hello(old)).toBe(401);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await hello(await token())).toBe(200);
  });

  it('ends those of a subject, and of nobody else', async () => {
    const living = await token();
    const revoke = ['tokens', 'revoke', '--workspace', 'acme/demo', ...here(), '--subject'];
    expect((await run([...revoke, 'somebody'])).stdout).toContain('of the subject somebody in acme/demo');
    expect(await hello(living)).toBe(200);
    expect((await run([...revoke, 'service'])).code).toBe(0);
    expect(await hello(living)).toBe(401);
  });
});

describe('a server that is not there', () => {
  it.each<[string, () => string[], string]>([
    [
      'no data directory',
      () => ['--data-dir', join(scratch.directory(), 'none')],
      'With --data-dir name the one it was started with.',
    ],
    [
      'no store',
      () => ['--config', writeConfiguration(scratch.directory()), ...here().slice(2)],
      'Has the server been started?\n',
    ],
    [
      'no store, and no configuration named',
      () => here().slice(2),
      'Has the server been started? With --config? Name it here, too.\n',
    ],
    ['a store in memory', () => [...here(), '--store', 'memory:'], 'store: memory: is inside the process that serves'],
    ['no configuration', () => ['--config', '/nowhere/as.json'], '--config: cannot read /nowhere/as.json'],
  ])('%s: exit code 1, and nothing is made', async (_name, args, expected) => {
    const given = args();
    const { code, stdout, stderr } = await run(['keys', 'rotate', ...given]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(expected);
    expect(stderr).not.toMatch(/\n\s+at /);
    const named = given[given.indexOf('--data-dir') + 1] ?? '';
    if (named.endsWith('none')) expect(existsSync(named)).toBe(false);
  });

  it('keys under another secret key: exit code 1, and the id of the one that is missing', async () => {
    const other = writeConfiguration(scratch.directory(), {
      secret_keys: [newSecretKey],
      store: `lmdb:${join(directory, 'store')}`,
    });
    const { code, stderr } = await run(['keys', 'list', '--config', other, ...here().slice(2)]);
    expect(code).toBe(1);
    expect(stderr).toContain(`under secret key ${secretKeyIdOf(secretKey)}, which is not in secret_keys`);
    expect(stderr).not.toContain(secretKey);
  });
});

describe('the secret keys, step by step', () => {
  it('GEN-18 a new one first, a start, and the list no longer names the old one: then it can go', async () => {
    const home = scratch.directory();
    const serve = async (secret_keys: string[]) => {
      const file = writeConfiguration(home, { secret_keys });
      const server = new AppProcess(['--config', file, '--data-dir', join(home, 'data')]);
      await server.listening();
      await server.kill('SIGTERM');
      return (await keys(['keys', 'list', '--config', file, '--data-dir', join(home, 'data')])).map(
        ({ kid, secret_key }) => [kid, secret_key] as const,
      );
    };
    const first = await serve([secretKey]);
    expect(new Set(first.map(([, id]) => id))).toEqual(new Set([secretKeyIdOf(secretKey)]));
    const second = await serve([newSecretKey, secretKey]);
    expect(second.map(([kid]) => kid)).toEqual(first.map(([kid]) => kid));
    expect(new Set(second.map(([, id]) => id))).toEqual(new Set([secretKeyIdOf(newSecretKey)]));
    expect(await serve([newSecretKey])).toEqual(second);
  });
});

describe('the store holds no key in the clear', () => {
  it('GEN-18 whatever the command line did', async () => {
    const store = await openStore(`lmdb:${join(directory, 'store')}`);
    const values: string[] = [];
    for await (const { key, value } of store.scan('')) if (key.includes('signing-key/')) values.push(value);
    await store.close();
    expect(values.length).toBeGreaterThan(5);
    for (const value of values) expect(value).toMatch(/^(ended|aes-256-gcm:[\w-]+:[\w-]+)$/);
  });
});

describe('serve', () => {
  it('starts what npm start starts, says where it listens, and ends with 0', async () => {
    const server = new AppProcess(['serve', '--port', '0', '--data-dir', scratch.directory()], {}, 'command-line');
    expect(await server.listening()).toMatch(/^https:\/\/localhost:\d+$/);
    expect((await server.kill('SIGTERM')).code).toBe(0);
  }, 30_000);

  it('a configuration that is wrong: exit code 1, and which member', async () => {
    const file = writeConfiguration(scratch.directory(), { colour: 1 });
    const { code, stderr } = await run(['serve', '--config', file]);
    expect(code).toBe(1);
    expect(stderr).toContain('colour: is not a known member');
  });
});
