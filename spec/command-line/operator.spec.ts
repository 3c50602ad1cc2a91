import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AppProcess, killAll, Scratch, shell } from '../example-app/run-app.js';
import { freePort } from '../support/demo-site.js';
import { newSecret } from '../support/methods.js';
import { noteSecret } from '../support/suite-log.js';
import { runHere } from './run-here.js';

// Processes are started.
jest.setTimeout(60_000);

const scratch = new Scratch();
const directory = scratch.directory();
const port = String(await freePort());
const server = ['--data-dir', directory, '--port', port];
const at = ['--workspace', 'acme/demo', ...server];

let app: AppProcess;
let token: string;
beforeAll(async () => {
  app = new AppProcess(server);
  await app.listening();
  const command = /\nclient_secret_basic\n {2}(.*)\n/.exec(app.stdout)?.[1] ?? '';
  token = noteSecret(JSON.parse((await shell(command)).stdout).access_token);
});
afterAll(async () => {
  await killAll();
  scratch.remove();
});

const json = async (...args: string[]) => {
  const { code, out, error } = await runHere(...args, '--json');
  expect({ code, error }).toEqual({ code: 0, error: '' });
  return JSON.parse(out);
};

describe('workspace', () => {
  it('list names them all', async () => {
    const { workspaces } = await json('workspace', 'list', ...server);
    expect(workspaces.map(({ workspace }: { workspace: string }) => workspace)).toEqual([
      'acme/system',
      'acme/demo',
      'acme/opaque',
    ]);
    expect((await runHere('workspace', 'list', ...server)).out).toMatch(/^acme\/demo +https:.* default +staff +auth/m);
  });

  it('show tells what the metadata tell', async () => {
    const metadata = await json('workspace', 'show', ...at);
    expect(metadata).toMatchObject({ token_endpoint: expect.stringMatching(/\/acme\/demo\/oauth2\/token$/) });
    const { out } = await runHere('workspace', 'show', ...at);
    expect(out).toMatch(/^grant_types_supported +authorization_code client_credentials /m);
    expect(out).not.toContain('undefined');
  });

  it('policy tells what is in force, and why', async () => {
    const policy = await json('workspace', 'policy', ...at);
    expect(policy).toMatchObject({
      pkce: { value: 'public-clients', from: 'configuration' },
      refresh_grace_seconds: { value: 10, from: 'default' },
    });
    const { out } = await runHere('workspace', 'policy', ...at);
    expect(out).toMatch(/^root_cas +configuration +1 PEM$/m);
  });

  it('policy tells what the profile has set', async () => {
    const own = scratch.directory();
    const file = join(own, 'as.json');
    const [lasting, ending] = [newSecret(), newSecret()];
    const initial_access_tokens = [lasting, { value: ending, max_uses: 3 }];
    const registration = { enabled: true, initial_access_tokens };
    const workspaces = { bank: { profile: 'fapi2', signing_keys: ['PS256'], registration, clients: [] } };
    writeFileSync(file, JSON.stringify({ store: 'lmdb:./store', tenants: { acme: { workspaces } } }));
    const served = new AppProcess(['--config', file, '--data-dir', own, '--port', '0']);
    await served.listening();
    const options = ['--workspace', 'acme/bank', '--config', file, '--data-dir', own];
    expect(await json('workspace', 'policy', ...options)).toMatchObject({
      require_pushed_authorization_requests: { value: true, from: 'profile' },
      signing_keys: { value: ['PS256'], from: 'configuration' },
      registration: { value: { initial_access_tokens: ['(hidden)', { value: '(hidden)', max_uses: 3 }] } },
    });
    // GEN-18: who has one of them may register.
    const { out } = await runHere('workspace', 'policy', ...options);
    expect(out).toContain('PS256');
    for (const token of [lasting, ending]) expect(out).not.toContain(token);
  });

  it.each(['show', 'policy'])('%s wants to know which', async (name) => {
    expect(await runHere('workspace', name, ...server)).toMatchObject({ code: 2, out: '' });
    const absent = await runHere('workspace', name, '--workspace', 'acme/none', ...server);
    expect(absent).toMatchObject({ code: 2, error: expect.stringContaining('There is no workspace acme/none') });
  });
});

let files = 0;
/** A file that holds a token. */
function file(text: string): string {
  files += 1;
  const path = join(directory, `token${files}`);
  writeFileSync(path, text);
  return path;
}

describe('token inspect', () => {
  it('tells of a good token, and takes it apart', async () => {
    const said = await json('token', 'inspect', file(`${token}\n`), ...server);
    expect(said).toMatchObject({
      known: true,
      active: true,
      workspace: 'demo',
      claims: { client_id: 'demo-basic' },
      jwt: { header: { typ: 'at+jwt' }, claims: { client_id: 'demo-basic' } },
    });
    const { out: text } = await runHere('token', 'inspect', file(token), ...server);
    expect(text).toMatch(/^Good\.\n/);
    expect(text).toMatch(/^exp +\d+ {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/m);
    expect(text).not.toContain(token);
  });

  it('tells of one that was changed, or is of no workspace asked', async () => {
    const [header, , signature] = token.split('.');
    const claims = Buffer.from(JSON.stringify({ sub: '\u001b[31mred', iss: 'https://localhost' })).toString(
      'base64url',
    );
    const { out: text } = await runHere('token', 'inspect', file(`${header}.${claims}.${signature}`), ...server);
    expect(text).toMatch(/^Not good here/);
    expect(text).toContain('?[31mred');
    const elsewhere = await json('token', 'inspect', file(token), '--workspace', 'acme/system', ...server);
    expect(elsewhere).toMatchObject({ known: false });
  });
});

describe('code generate', () => {
  it('PWG-01 makes a code that signs its person in', async () => {
    const made = await json('code', 'generate', '--user', 'johndoe@example.com', ...at);
    expect(made).toMatchObject({ user: '6833b9b9908740b2b1c68608054c1477', expires_in: 600 });
    expect(made.code).toMatch(/^\d{8}$/);
    expect(Buffer.from(noteSecret(made.extended_code), 'base64url').toString()).toContain(noteSecret(made.code));
    const byName = await runHere('code', 'generate', '--user', 'johndoe', ...at);
    expect(byName.out).toMatch(/^Code +\d{8}$/m);
  });

  it('makes none for nobody, nowhere, or a client that is not there', async () => {
    const wrong: [string[], number, string][] = [
      [['--user', 'nobody', ...at], 1, 'no active person nobody'],
      [['--user', 'johndoe', '--client', 'none', ...at], 1, 'no client none'],
      [['--user', 'johndoe', '--workspace', 'acme/system', ...server], 1, 'has no pool'],
      [['--user', 'johndoe', ...server], 2, 'Where?'],
      [at, 2, 'For whom?'],
    ];
    for (const [args, code, message] of wrong) {
      const said = await runHere('code', 'generate', ...args);
      expect(said).toMatchObject({ code, out: '', error: expect.stringContaining(message) });
    }
  });
});
