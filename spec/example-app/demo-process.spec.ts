import { readdirSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SiteVisitor } from '../support/site-visitor.js';
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
  'password, with a one-time code',
];

let app: AppProcess;
let directory: string;
let url: string;
let ca: string;
let outboxBefore: unknown;
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

describe('the demo', () => {
  it('says where it listens first, then the pages', () => {
    expect(app.stdout.split('\n')[0]).toBe(`Listening on ${url}`);
    for (const path of ['/', '/callback', '/api/hello', '/sign-in', '/outbox'])
      expect(app.stdout).toContain(`\n  ${url}${path}\n`);
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
    for (const path of ['/', '/callback?code=c', '/sign-in', '/sign-in/link?extended_code=YTpi', '/outbox']) {
      const { status, headers, text } = await get(path, { accept: 'text/html' });
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-security-policy':
          "default-src 'none';style-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'none'",
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

describe('passwordless', () => {
  it('GAC-03 makes a code by the command line of seed 004, again and again', async () => {
    const codes = new Set<string>();
    for (const _time of ['first', 'second', 'third']) {
      const { code, extended_code } = JSON.parse((await shell(command('a one-time code'))).stdout);
      expect(code).toMatch(/^\d{8}$/);
      expect(Buffer.from(extended_code, 'base64url').toString()).toBe(`6833b9b9908740b2b1c68608054c1477:${code}`);
      codes.add(code);
    }
    expect(codes.size).toBe(3);
  });

  it('PWG-05 gives an ID token beside the access token, and no refresh token', async () => {
    const { stdout } = await shell(command('password, with a one-time code'));
    expect(Object.keys(JSON.parse(stdout)).sort()).toEqual([
      'access_token',
      'expires_in',
      'id_token',
      'scope',
      'token_type',
    ]);
  });

  it('shows the mails of the sign-in page, which stay when it starts anew', async () => {
    const browser = new SiteVisitor(url, ca);
    const form_token = await browser.formToken();
    await browser.post('/sign-in', { form_token, email: 'johndoe@example.com' });
    const list = async () => JSON.parse((await get('/outbox', { accept: 'application/json' })).text);
    let mails = await list();
    while (mails.length === 0) mails = await list();
    expect(mails).toEqual([
      {
        to: 'johndoe@example.com',
        subject: 'Your code to sign in',
        text: expect.stringMatching(/\d{8}[\s\S]*https:/),
        html: expect.stringMatching(/\d{8}[\s\S]*href="https:/),
        date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      },
    ]);
    const { text } = await get('/outbox', { accept: 'text/html' });
    expect(text).toContain(`<a href="${url}/sign-in/link?extended_code=`);
    outboxBefore = mails;
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
    expect(JSON.parse((await get('/outbox', { accept: 'application/json' })).text)).toEqual(outboxBefore);
  }, 30_000);

  it('shows no outbox in production', async () => {
    await app.kill('SIGTERM');
    app = new AppProcess(['--data-dir', directory, '--port', '0'], { NODE_ENV: 'production' });
    url = await app.listening();
    expect((await get('/outbox', { accept: 'application/json' })).status).toBe(404);
    expect((await get('/sign-in', { accept: 'text/html' })).status).toBe(404);
    expect(app.stdout).not.toMatch(/outbox|sign-in$/m);
  }, 30_000);
});
