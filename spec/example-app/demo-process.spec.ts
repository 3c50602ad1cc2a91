import { readdirSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Browser } from '../../example-app/demo/browser.js';
import { AppProcess, type Ended, killAll, Scratch, shell } from './run-app.js';

const scratch = new Scratch();
const methods = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'tls_client_auth, with an elliptic curve',
  'self_signed_tls_client_auth',
  'none, with an authorization code',
];

let app: AppProcess;
let directory: string;
let url: string;
let ca: string;
beforeAll(async () => {
  // A path that a shell would split.
  directory = join(scratch.directory(), "data's home");
  app = new AppProcess(['--data-dir', directory, '--port', '0']);
  url = await app.listening();
  ca = readFileSync(join(directory, 'pki/ca.crt'), 'utf8');
}, 30_000);
afterAll(async () => {
  await killAll();
  scratch.remove();
});

/** The command line below a title of the banner. */
function command(title: string): string {
  const lines = app.stdout.split('\n');
  return lines[lines.indexOf(title) + 1]?.trim() ?? '';
}

function get(path: string, headers: Record<string, string> = {}, method = 'GET', body = '') {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const sent = request(new URL(path, url), { ca, headers, method, agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const authorize = (more = '') =>
  `${url}/acme/demo/oauth2/authorize?response_type=code&client_id=demo-basic&redirect_uri=${encodeURIComponent(`${url}/callback`)}&scope=read&state=s${more}`;
const signInPath = (returnTo: string) => `/acme/demo/login?${new URLSearchParams({ return_to: returnTo })}`;

describe('the demo', () => {
  it('says where it listens first, then the pages', () => {
    expect(app.stdout.split('\n')[0]).toBe(`Listening on ${url}`);
    for (const path of ['/', '/callback', '/api/hello']) expect(app.stdout).toContain(`\n  ${url}${path}\n`);
  });

  it.each(methods)('answers the command line of %s, twice', async (title) => {
    for (const _time of ['first', 'second']) {
      const { code, stdout, stderr }: Ended = await shell(command(title));
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ token_type: 'Bearer', access_token: expect.any(String) });
    }
  });

  it('lets the token of its command line into the protected API, and nothing else', async () => {
    const { stdout } = await shell(command('the protected API, with a token'));
    const issuer = `${url}/acme/demo`;
    expect(JSON.parse(stdout)).toEqual({ sub: 'demo-basic', client_id: 'demo-basic', scope: 'read', iss: issuer });
    expect((await get('/api/hello')).status).toBe(401);
    expect((await get('/api/hello', { authorization: 'Bearer nonsense' })).status).toBe(401);
  });

  it('refuses a wrong secret, and logs who, method, grant and reason without it', async () => {
    const wrong = command('client_secret_basic').replace(/demo-basic:[\w-]+/, 'demo-basic:hunter2');
    const { code, stdout } = await shell(wrong);
    expect({ code, error: JSON.parse(stdout).error }).toEqual({ code: 22, error: 'invalid_client' });
    expect(JSON.parse(await app.logged('secret_mismatch'))).toMatchObject({
      event: 'token',
      outcome: 'failure',
      error: 'invalid_client',
      reason: 'secret_mismatch',
      client_id: 'demo-basic',
      method: 'client_secret_basic',
      tenant: 'acme',
      workspace: 'demo',
      correlation_id: expect.any(String),
    });
    const secrets = Object.values(JSON.parse(readFileSync(join(directory, 'clients/secrets.json'), 'utf8')));
    for (const secret of ['hunter2', ...secrets]) expect(app.stderr).not.toContain(secret);
  });

  it('is alive and ready, and knows no other path', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, text: '{"status":"ok"}' });
    expect(await get('/readyz')).toMatchObject({ status: 200, text: '{"status":"ok"}' });
    expect(await get('/no-such')).toMatchObject({ status: 404, text: '{"error":"not_found"}' });
    expect((await get('/no-such', { accept: 'text/html' })).text).toContain('<h1>Nothing here</h1>');
  });

  it('AUT-13 sends pages that load nothing from elsewhere and stand in no frame', async () => {
    for (const path of ['/', '/callback?code=c', signInPath(authorize())]) {
      const { status, headers, text } = await get(path, { accept: 'text/html' });
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-security-policy': "default-src 'none';style-src 'self';base-uri 'none';frame-ancestors 'none'",
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      });
      expect(headers).not.toHaveProperty('strict-transport-security');
      expect(text).not.toMatch(/<script|<style|style="|src=/);
    }
    expect((await get('/assets/style.css')).headers['content-type']).toBe('text/css; charset=utf-8');
  });

  it('shows a code and an issuer as text', async () => {
    const { text } = await get(`/callback?code=${encodeURIComponent('<b>c</b>')}&iss=i&state=s&other=o`);
    expect(text).toContain('&lt;b&gt;c&lt;/b&gt;');
    expect(text).not.toContain('<b>');
    expect(text).not.toContain('other');
  });

  it('speaks TLS 1.2 and 1.3, not 1.1', async () => {
    const { hostname, port } = new URL(url);
    const speak = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<string | null>((resolve) => {
        const limits = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
        const socket = connect({ host: '127.0.0.1', servername: hostname, port: Number(port), ca, ...limits });
        socket.on('secureConnect', () => {
          resolve(socket.getProtocol());
          socket.destroy();
        });
        socket.on('error', () => resolve(null));
      });
    expect([await speak('TLSv1.1'), await speak('TLSv1.2'), await speak('TLSv1.3')]).toEqual([
      null,
      'TLSv1.2',
      'TLSv1.3',
    ]);
  });
});

describe('signing in', () => {
  it.each([
    'https://evil.example.com/acme/demo/oauth2/authorize?a=b',
    '//evil.example.com/?a=b',
    '/acme/demo/oauth2/authorize?a=b',
    'javascript:alert(1)?a',
    '',
  ])('leads back to our own authorization endpoint alone, not to %j', async (returnTo) => {
    expect((await get(signInPath(returnTo))).status).toBe(400);
  });

  it('leads back to none of our other pages, nor to another workspace', async () => {
    for (const path of ['/callback?a=b', '/acme/system/oauth2/authorize?a=b', '/acme/demo/oauth2/authorize/../x?a=b']) {
      expect((await get(signInPath(`${url}${path}`))).status).toBe(400);
    }
    expect((await get(signInPath(authorize()))).status).toBe(200);
    expect((await get('/acme/system/login')).status).toBe(404);
  });

  it('signs a person in once for all requests, and anew for prompt=login and max_age=0', async () => {
    const browser = new Browser(ca);
    const toSignIn = await browser.get(authorize());
    expect(toSignIn).toMatchObject({ status: 303, location: expect.stringContaining('/acme/demo/login?return_to=') });
    const page = await browser.get(toSignIn.location!);
    const done = await browser.submit(page, page.forms[0]!, page.forms[0]!.buttons[0]);
    expect(done.status).toBe(303);
    const consent = await browser.get(done.location!);
    expect(consent).toMatchObject({ status: 200, location: undefined });
    expect(await browser.get(authorize())).toMatchObject({ status: 200, location: undefined });

    for (const demand of ['&prompt=login', '&max_age=0']) {
      const anew = await browser.get(authorize(demand));
      // A sign-in within this very second is fresh enough for max_age=0.
      if (demand === '&max_age=0' && anew.status === 200) continue;
      expect(anew.location).toContain('/login?');
      const again = await browser.get(anew.location!);
      const back = await browser.submit(again, again.forms[0]!, again.forms[0]!.buttons[0]);
      expect(await browser.get(back.location!)).toMatchObject({ status: 200, location: undefined });
    }
  });

  it('CON-01 takes no form from elsewhere', async () => {
    const browser = new Browser(ca);
    const page = await browser.get(`${url}${signInPath(authorize())}`);
    const [form] = page.forms;
    expect((await browser.submit(page, form!, form!.buttons[0])).status).toBe(303);
    const forged = { ...form!, fields: form!.fields.filter(([name]) => name !== 'csrf') };
    expect((await browser.submit(page, forged, form!.buttons[0])).status).toBe(403);
    expect((await new Browser(ca).submit(page, form!, form!.buttons[0])).status).toBe(403);
    const outside = {
      ...form!,
      fields: form!.fields.map(([name, value]): [string, string] => [
        name,
        name === 'return_to' ? 'https://evil.example.com/?a' : value,
      ]),
    };
    expect((await browser.submit(page, outside, form!.buttons[0])).status).toBe(400);
    expect((await browser.submit(page, form!, ['user', 'nobody'])).status).toBe(400);
  });
});

describe('the end of the demo', () => {
  it('leaves files for their owner alone', () => {
    const files = readdirSync(directory, { recursive: true, withFileTypes: true });
    const open = files.filter((file) => (statSync(join(file.parentPath, file.name)).mode & 0o077) !== 0);
    expect(open.map(({ name }) => name)).toEqual([]);
  });

  it('comes with SIGTERM, in order, and the next start keeps the secrets', async () => {
    const before = command('client_secret_basic').match(/demo-basic:[\w-]+/)?.[0];
    const { code, stderr } = await app.kill('SIGTERM');
    expect(code).toBe(0);
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('event');
    app = new AppProcess(['--data-dir', directory, '--port', '0']);
    url = await app.listening();
    expect(command('client_secret_basic')).toContain(before);
    expect((await shell(command('client_secret_basic'))).code).toBe(0);
  }, 30_000);
});
