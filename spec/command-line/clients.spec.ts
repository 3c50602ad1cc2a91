import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AppProcess, killAll, Scratch } from '../example-app/run-app.js';
import { selfSigned } from '../support/pki.js';
import { noteSecret } from '../support/suite-log.js';
import { trustingFetch } from '../support/trusting-fetch.js';
import { run } from './run-command.js';

// Each command is a process that starts.
jest.setTimeout(60_000);

const scratch = new Scratch();
let directory: string;
let here: string[];
let issuer: string;
let fetchTrusting: ReturnType<typeof trustingFetch>;
beforeAll(async () => {
  directory = scratch.directory();
  const config = join(directory, 'as.json');
  const configured = { client_id: 'fixed', client_secret: noteSecret(randomBytes(24).toString('hex')) };
  const demo = { scopes: { read: {} }, clients: [configured] };
  const secret_keys = [noteSecret(randomBytes(32).toString('base64'))];
  const written = {
    listen: { port: 0 },
    store: 'lmdb:./store',
    secret_keys,
    tenants: { acme: { workspaces: { demo } } },
  };
  writeFileSync(config, JSON.stringify(written));
  const app = new AppProcess(['--config', config, '--data-dir', join(directory, 'data')]);
  issuer = `${await app.listening()}/acme/demo`;
  fetchTrusting = trustingFetch({ ca: readFileSync(join(directory, 'data/pki/ca.crt'), 'utf8') });
  here = ['--workspace', 'acme/demo', '--config', config, '--data-dir', join(directory, 'data')];
}, 60_000);
afterAll(async () => {
  await killAll();
  scratch.remove();
});

const client = (...args: string[]) => run(['client', ...args, ...here]);
async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await client(...args, '--json');
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
const file = (name: string, text: string) => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};
async function token(client_secret: string): Promise<number> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'reports', client_secret });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return (await fetchTrusting(`${issuer}/oauth2/token`, { method: 'POST', headers, body })).status;
}
async function until(what: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await what())) {
    if (Date.now() > deadline) throw new Error('it did not happen within five seconds');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const members = {
  client_id: 'reports',
  grant_types: ['client_credentials'],
  scope: 'read',
  token_endpoint_auth_method: 'client_secret_post',
};

describe('clients, while the server runs', () => {
  it('add, rotate, revoke, disable, enable and remove are known to the server', async () => {
    const added = await json('add', file('reports.json', JSON.stringify(members)));
    const first = noteSecret(String(added.client_secret));
    expect(await token(first)).toBe(200);

    const rotated = await client('rotate-secret', 'reports', '--overlap', '7d');
    const second = noteSecret(rotated.stdout.trimEnd().split('\n').at(-1) ?? '');
    expect(rotated.stdout).toMatch(new RegExp(`^Secret ${added.secret_id} works until 20`));
    expect(second).toMatch(/^[\w-]{43,}$/);
    expect([await token(first), await token(second)]).toEqual([200, 200]);

    expect(await json('revoke-secret', 'reports', '--id', String(added.secret_id))).toMatchObject({
      revoked: added.secret_id,
    });
    await until(async () => (await token(first)) === 401);
    const shown = await client('show', 'reports');
    expect(shown.stdout).toMatch(/\nSECRET +CREATED +EXPIRES +LAST USED +SECRET KEY\n/);
    for (const secret of [first, second]) expect(shown.stdout).not.toContain(secret);

    expect((await client('disable', 'reports')).code).toBe(0);
    await until(async () => (await token(second)) === 401);
    expect((await client('list')).stdout).toMatch(/\nreports +- +client_secret_post +inactive +operator +20/);
    expect((await client('enable', 'reports')).code).toBe(0);
    await until(async () => (await token(second)) === 200);

    const own = noteSecret(randomBytes(32).toString('hex'));
    const taken = await client('rotate-secret', 'reports', '--from', file('secret.txt', `${own}\n`));
    expect(taken.stdout).not.toContain(own);
    expect(await token(own)).toBe(200);

    expect(await json('remove', 'reports')).toEqual({ removed: 'reports' });
    await until(async () => (await token(own)) === 401);
    expect((await client('show', 'reports')).code).toBe(1);
  });

  it('import-cert registers one beside another, and ends the old one', async () => {
    const [old, fresh] = [selfSigned({ subject: 'CN=old' }), selfSigned({ subject: 'CN=new' })];
    const own = { client_id: 'tls', certificate: old.cert, token_endpoint_auth_method: 'self_signed_tls_client_auth' };
    await json('add', file('tls.json', JSON.stringify({ ...own, grant_types: ['client_credentials'] })));
    const { keys } = (await json('show', 'tls')) as unknown as { keys: { id: string }[] };
    const [first] = keys;
    await json('import-cert', 'tls', '--cert', file('new.crt', fresh.cert), '--remove', first?.id ?? '');
    const after = (await json('show', 'tls')) as unknown as { keys: { jwk: { x5c: string[] } }[] };
    expect(after.keys.map(({ jwk }) => jwk.x5c[0])).toEqual([fresh.der.toString('base64')]);
  });

  it.each<[string, () => string[], number, string]>([
    [
      'metadata that are wrong',
      () => ['add', file('bad.json', '{"grant_types":["implicit"],"colour":1}')],
      1,
      'colour: is not',
    ],
    ['no JSON', () => ['add', file('none.json', 'client_secret=hush')], 2, 'none.json is not a JSON object.'],
    ['a client of the configuration', () => ['disable', 'fixed'], 1, 'fixed stands in the configuration'],
    ['nobody', () => ['rotate-secret', 'nobody'], 1, 'There is no client nobody.'],
    [
      'a time that is none',
      () => ['rotate-secret', 'fixed', '--overlap', 'soon'],
      2,
      '--overlap takes a number of seconds',
    ],
    ['no secret named', () => ['revoke-secret', 'fixed'], 2, 'Which secret? Give --id ID.'],
    ['no certificate', () => ['import-cert', 'fixed'], 2, 'Which certificate? Give --cert FILE.'],
    ['a file that is not there', () => ['add', '/nowhere.json'], 1, '/nowhere.json'],
  ])('%s: the exit code says whose mistake it is, nothing on stdout', async (_what, args, expected, message) => {
    const { code, stdout, stderr } = await client(...args());
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('hush');
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('without a workspace: exit code 2', async () => {
    const { code, stderr } = await run(['client', 'list', ...here.slice(2)]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('Where? Give --workspace')]);
  });
});
