import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { noteSecret } from '../support/suite-log.js';
import { isAsShown } from '../support/walkthrough.js';
import { AppProcess, killAll, Scratch, shell } from './run-app.js';

const scratch = new Scratch();
const directory = scratch.directory();
let url = '';
const variables = new Map<string, string>();
beforeAll(async () => {
  const app = new AppProcess(['--data-dir', directory, '--port', '0']);
  url = await app.listening();
  variables.set('TENANT_ID', 'acme').set('WORKSPACE_ID', 'demo').set('IDENTITY_POOL_ID', 'staff');
  // curl's own variable, in place of `--cacert`.
  variables.set('CURL_CA_BUNDLE', join(directory, 'pki/ca.crt'));
  for (const id of ['signin', 'demo-passwordless']) {
    variables.set(id, noteSecret(new RegExp(`client_id=${id} -d client_secret=([\\w-]+)`).exec(app.stdout)?.[1] ?? ''));
  }
}, 30_000);
afterAll(async () => {
  await killAll();
  scratch.remove();
});

/** A command in a shell that has the variables, and these. */
async function run(command: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const all = Object.entries({ ...Object.fromEntries(variables), ...more }).filter(([name]) => /^[A-Z_]+$/.test(name));
  const set = all.map(([name, value]) => `export ${name}='${value}'`).join('; ');
  return (await shell(`${set}\n${command}`)).stdout;
}

/**
 * A sample as its document has it, on one line. The line breaks after its backslashes were lost, and a `~/repo` came in
 * by accident; the host is ours. Nothing else is changed.
 */
function sample(text: string): string {
  return text
    .replace('\\ ~/repo', '\\')
    .replaceAll('\\ ', '\\\n')
    .replaceAll('https://$TENANT_ID.$REGION_ID.authz.cloudentity.io', url);
}

const tokenSample =
  'curl -X POST https://$TENANT_ID.$REGION_ID.authz.cloudentity.io/$TENANT_ID/system/oauth2/token \\ --header "Content-Type: application/x-www-form-urlencoded" \\ --data-raw "grant_type=client_credentials&client_id=$CLIENT_ID&client_secret=$CLIENT_SECRET&scope=identity_self_registration"';
const generateSample =
  'curl -k -X POST https://$TENANT_ID.$REGION_ID.authz.cloudentity.io/api/identity/$TENANT_ID/system/pools/$IDENTITY_POOL_ID/user/code/generate \\ --header "Authorization: Bearer $AT" \\ --data \'{ "address": "johndoe@example.com", "type": "authentication" }\'';
const authorizeSample =
  'curl --location \\ --get \\ --url "https://$TENANT_ID.$REGION_ID.authz.cloudentity.io/$TENANT_ID/$WORKSPACE_ID/oauth2/authorize" \\ --data-urlencode "response_type=code" \\ --data-urlencode "client_id=$CLIENT_ID" \\ --data-urlencode "authentication_code=$extended_code"';
const passwordSample =
  "curl -X POST https://$TENANT_ID.$REGION_ID.authz.cloudentity.io/$TENANT_ID/$WORKSPACE_ID/oauth2/token \\ ~/repo --header 'Content-Type: application/x-www-form-urlencoded' \\ -d grant_type=password \\ -d client_id=$CLIENT_ID \\ -d client_secret=$CLIENT_SECRET \\ -d password=$EXTENDED_CODE \\ -d username=johndoe@example.com";

const machine = () => ({ CLIENT_ID: 'signin', CLIENT_SECRET: variables.get('signin') ?? '' });
const application = () => ({
  CLIENT_ID: 'demo-passwordless',
  CLIENT_SECRET: variables.get('demo-passwordless') ?? '',
});

async function machineToken(): Promise<string> {
  return noteSecret(JSON.parse(await run(sample(tokenSample), machine())).access_token);
}

async function generated(): Promise<{ code: string; extended_code: string }> {
  const reply = JSON.parse(await run(sample(generateSample), { AT: await machineToken() }));
  noteSecret(reply.extended_code);
  return reply;
}

describe('the samples of seed 004, as they stand there', () => {
  it('GAC-03 a token of the system workspace, and with it a code', async () => {
    const { code, extended_code, ...others } = await generated();
    expect(code).toMatch(/^\d{8}$/);
    expect(extended_code).toBe(Buffer.from(`6833b9b9908740b2b1c68608054c1477:${code}`).toString('base64url'));
    expect(others).toEqual({});
  });

  it('GAC-08 the authorization request answers the consent page at once, as often as it comes', async () => {
    const { extended_code } = await generated();
    const command = sample(authorizeSample).replace('$extended_code', extended_code);
    for (const _time of [1, 2]) {
      const page = await run(command, application());
      expect(page).toContain('<bdi>Demo with one-time codes</bdi> asks for access');
      expect(page).toContain('John Doe');
    }
    const wrong = command.replace(extended_code, Buffer.from('nobody:12345678').toString('base64url'));
    expect(await run(wrong, application())).toContain('Enter your e-mail address to get a new one.');
  });

  it('PWG-05 the password grant answers with access token and ID token, once', async () => {
    const { extended_code } = await generated();
    const command = sample(passwordSample);
    const first = JSON.parse(await run(command, { ...application(), EXTENDED_CODE: extended_code }));
    expect(first).toMatchObject({ token_type: 'Bearer', id_token: expect.any(String) });
    noteSecret(first.access_token);
    const second = JSON.parse(await run(command, { ...application(), EXTENDED_CODE: extended_code }));
    expect(second.error).toBe('invalid_grant');
  });
});

describe('docs/passwordless.md', () => {
  const page = readFileSync(new URL('../../docs/passwordless.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```\n\n```(?:json|html)\n(.*?)^```$/gms)];

  it('shows commands for the demo that answer what it says', async () => {
    const [generate, authorize, password] = blocks.map(([, command = '', shown = '']) => ({
      command: command.replaceAll('https://localhost:8443', url),
      shown,
    }));
    expect(blocks).toHaveLength(3);
    const CA = join(directory, 'pki/ca.crt');
    const reply = await run(generate!.command, { CA, SECRET: machine().CLIENT_SECRET });
    expect(isAsShown(generate!.shown, reply)).toBe(true);
    const EXTENDED_CODE = noteSecret(JSON.parse(reply).extended_code);
    const more = { CA, EXTENDED_CODE, SECRET: application().CLIENT_SECRET };
    expect(isAsShown(authorize!.shown, await run(authorize!.command, more))).toBe(true);
    const tokens = await run(password!.command, more);
    expect(isAsShown(password!.shown, tokens)).toBe(true);
    noteSecret(JSON.parse(tokens).access_token);
    // The code is used up.
    expect(isAsShown(password!.shown, await run(password!.command, more))).toBe(false);
  });
});
