import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AppProcess, killAll, Scratch } from '../example-app/run-app.js';
import { noteSecret } from '../support/suite-log.js';
import { trustingFetch } from '../support/trusting-fetch.js';
import { run } from './run-command.js';
import { runHere } from './run-here.js';

// Processes are started.
jest.setTimeout(60_000);

const scratch = new Scratch();
const directory = scratch.directory();
const configuration = join(directory, 'as.json');
const here = ['--config', configuration, '--data-dir', join(directory, 'data')];
let issuer: string;
let fetchTrusting: ReturnType<typeof trustingFetch>;
beforeAll(async () => {
  const fixed = { client_id: 'fixed', client_secret: noteSecret(randomBytes(24).toString('hex')) };
  const workspaces = { demo: { scopes: { read: {}, write: {} }, clients: [fixed] }, other: { scopes: { read: {} } } };
  const secret_keys = [noteSecret(randomBytes(32).toString('base64'))];
  const written = { listen: { port: 0 }, store: 'lmdb:./store', secret_keys, tenants: { acme: { workspaces } } };
  writeFileSync(configuration, JSON.stringify(written));
  const app = new AppProcess(here);
  issuer = `${await app.listening()}/acme/demo`;
  fetchTrusting = trustingFetch({ ca: readFileSync(join(directory, 'data/pki/ca.crt'), 'utf8') });
});
afterAll(async () => {
  await killAll();
  scratch.remove();
});

type Clients = Record<string, unknown>[];
const machine = {
  grant_types: ['client_credentials'],
  token_endpoint_auth_method: 'client_secret_post',
  scope: 'read',
};
const fileOf = (demo: Clients, more: Record<string, unknown> = {}) => ({
  tenants: { acme: { workspaces: { demo: { clients: demo }, ...more } } },
});

let files = 0;
function file(content: unknown): string {
  files += 1;
  const path = join(directory, `clients-${files}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}
const importing = (content: unknown, ...options: string[]) => runHere('import', file(content), ...options, ...here);
async function exported(...options: string[]) {
  const { code, out, error } = await runHere('export', ...options, ...here);
  expect({ code, error }).toEqual({ code: 0, error: '' });
  return JSON.parse(out) as { tenants: { acme: { workspaces: Record<string, { clients: Clients }> } } };
}
async function token(client_id: string, client_secret: string): Promise<number> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return (await fetchTrusting(`${issuer}/oauth2/token`, { method: 'POST', headers, body })).status;
}

describe('clients as a file, while the server runs', () => {
  let secret: string;

  it('import shows what differs and changes nothing: exit code 3', async () => {
    const { code, out, error } = await importing(fileOf([{ ...machine, client_id: 'reports' }]));
    expect({ code, error }).toEqual({ code: 3, error: '' });
    expect(out).toBe(
      [
        'acme/demo',
        '  + reports',
        '      + grant_types: ["client_credentials"]',
        '      + scope: "read"',
        '      + token_endpoint_auth_method: "client_secret_post"',
        '      + client_secrets: "one is made"',
        '',
        '1 client to change. Nothing was done: --apply does it.',
        '',
      ].join('\n'),
    );
    expect((await exported()).tenants.acme.workspaces).toEqual({ demo: { clients: [] }, other: { clients: [] } });
  });

  it('--apply does it, tells the secret that was made, and the server knows the client', async () => {
    const content = fileOf([{ ...machine, client_id: 'reports' }]);
    const { code, out } = await importing(content, '--apply', '--json');
    const { applied, changes } = JSON.parse(out);
    secret = noteSecret(changes[0].client_secret);
    expect({ code, applied, changes }).toMatchObject({
      code: 0,
      applied: true,
      changes: [{ tenant: 'acme', workspace: 'demo', client_id: 'reports', change: 'added' }],
    });
    expect(await token('reports', secret)).toBe(200);
    expect(await importing(content, '--apply')).toEqual({ code: 0, out: 'Nothing differs.\n', error: '' });
    expect(await importing(content, '--json')).toMatchObject({ code: 0 });
  });

  it('what export writes, import takes: nothing differs; no secret is in it, hashes only when asked for', async () => {
    const content = await exported('--workspace', 'acme/demo');
    expect(content.tenants.acme.workspaces).toEqual({
      demo: {
        clients: [{ ...machine, client_id: 'reports', client_secrets: [{ id: expect.any(String) }] }],
      },
    });
    expect((await importing(content, '--prune')).code).toBe(0);
    const text = JSON.stringify(await exported('--hashes'));
    expect(text).toContain('hmac-sha256:');
    expect(text).not.toContain(secret);
    expect(JSON.stringify(content)).not.toContain('sha256');
  });

  it('a process says the same; changes are told member by member, and no secret goes', async () => {
    const path = file(fileOf([{ ...machine, client_id: 'reports', scope: 'read write', client_name: 'Reports' }]));
    const seen = await run(['import', path, ...here]);
    expect(seen.code).toBe(3);
    expect(seen.stdout).toContain(
      '  ~ reports\n      + client_name: "Reports"\n      ~ scope: "read" -> "read write"\n',
    );
    const done = await run(['import', path, '--apply', ...here]);
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(done.stdout).toContain('1 client changed.');
    expect(await token('reports', secret)).toBe(200);
  });

  it('one mistake, and nothing of the file is done; every mistake is told by its path', async () => {
    const before = await exported();
    const good = { ...machine, client_id: 'good' };
    const broken = fileOf(
      [good, { ...machine, client_id: 'bad', colour: 'red' }, { ...machine, client_id: 'fixed' }, good],
      { other: { clients: [{ ...machine, client_id: 'secret', client_secret: noteSecret('hush-hush-hush') }] } },
    );
    const { code, out, error } = await importing(broken, '--apply', '--prune');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(error.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^tenants\.acme\.workspaces\.demo\.clients\[1\]\.colour: is not a known member/),
      expect.stringMatching(/^tenants\.acme\.workspaces\.demo\.clients\[2\]: fixed stands in the configuration/),
      expect.stringMatching(/^tenants\.acme\.workspaces\.demo\.clients\[3\]\.client_id: stands there twice/),
      expect.stringMatching(/^tenants\.acme\.workspaces\.other\.clients\[0\]\.client_secret: is never imported/),
    ]);
    expect(await exported()).toEqual(before);
  });

  it.each<[string, unknown, string[], number, string]>([
    ['no JSON', 'client_secret=hush', [], 2, 'is not JSON.'],
    ['another shape', { clients: [] }, [], 1, 'clients: is not a known member'],
    ['a client without id', fileOf([{ scope: 'read' }]), [], 1, 'tenants.acme.workspaces.demo.clients[0].client_id'],
    [
      'a workspace that is not here',
      fileOf([], { away: { clients: [] } }),
      [],
      1,
      'acme.workspaces.away: is no workspace',
    ],
    ['nothing for the workspace', fileOf([]), ['--workspace', 'acme/other'], 1, 'tenants: says nothing of acme/other'],
    ['a workspace nobody knows', fileOf([]), ['--workspace', 'acme/none'], 2, 'There is no workspace acme/none'],
  ])('%s: the exit code says whose mistake it is', async (_what, content, options, expected, message) => {
    const { code, out, error } = await importing(content, '--apply', ...options);
    expect({ code, out }).toEqual({ code: expected, out: '' });
    expect(error).toContain(message);
    expect(error).not.toContain('hush');
  });

  it('--prune removes what the file lacks, in the workspaces that it has; without it everything stays', async () => {
    await importing(fileOf([], { other: { clients: [{ ...machine, client_id: 'elsewhere' }] } }), '--apply');
    expect((await importing(fileOf([]))).code).toBe(0);
    const { code, out } = await importing(fileOf([]), '--prune');
    expect({ code, out }).toMatchObject({
      code: 3,
      out: expect.stringMatching(/^acme\/demo\n {2}- reports\n\n1 client/),
    });
    expect((await importing(fileOf([]), '--prune', '--apply')).code).toBe(0);
    const { demo, other } = (await exported()).tenants.acme.workspaces;
    expect([demo?.clients.length, other?.clients.length]).toEqual([0, 1]);
    expect((await importing(fileOf([]), '--prune', '--apply')).out).toBe('Nothing differs.\n');
  });

  it('long values are cut for people, and whole in JSON', async () => {
    const content = fileOf([
      { ...machine, client_id: 'long', contacts: Array.from({ length: 50 }, () => 'a@example.com') },
    ]);
    const { out } = await importing(content);
    expect(out).toMatch(/^ {6}\+ contacts: \["a@example\.com",.{1,160}\.\.\.$/m);
    const { changes } = JSON.parse((await importing(content, '--json')).out);
    expect(changes[0].members[0].to).toHaveLength(50);
  });

  it('two processes at once: each client is there once, as one of the two files says', async () => {
    const ids = Array.from({ length: 8 }, (_each, index) => `twin-${index}`);
    const paths = ['a', 'b'].map((name) =>
      file(fileOf(ids.map((client_id) => ({ ...machine, client_id, client_name: name, contacts: [name] })))),
    );
    const ended = await Promise.all(paths.map((path) => run(['import', path, '--apply', '--json', ...here])));
    expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    const made = ended.flatMap(
      ({ stdout }) => JSON.parse(stdout).changes as { client_id: string; client_secret?: string }[],
    );
    const { clients = [] } = (await exported()).tenants.acme.workspaces.demo ?? {};
    expect(clients.map(({ client_id }) => client_id)).toEqual(ids);
    for (const { client_id, client_name, contacts, client_secrets } of clients) {
      expect(contacts).toEqual([client_name]);
      expect(client_secrets).toHaveLength(1);
      const told = made.filter((each) => each.client_id === client_id && each.client_secret !== undefined);
      expect(told).toHaveLength(1);
      expect(await token(String(client_id), noteSecret(told[0]?.client_secret ?? ''))).toBe(200);
    }
  });
});
