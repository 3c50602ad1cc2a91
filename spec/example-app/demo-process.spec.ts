import { readdirSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { quote } from '../../example-app/demo/curl.js';
import { run } from '../command-line/run-command.js';
import { compiledLib } from '../support/compiled-lib.js';
import { SiteVisitor } from '../support/site-visitor.js';
import { noteSecret } from '../support/suite-log.js';
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
  'tls_client_auth, the grant of Oracle',
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
  it('warns of nothing but what the demo does on purpose', () => {
    const warnings = app.stderr.split('\n').filter((line) => line.includes('"warning"'));
    expect(warnings.map((line) => JSON.parse(line).name)).toEqual(['password_grant_enabled']);
  });

  it('says where it listens first, then the pages', () => {
    expect(app.stdout).toContain(`\nStore\n  lmdb:${join(directory, 'store')}\nMail\n  outbox:\n`);
    expect(app.stdout).not.toContain('Address in use');
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

  it('ends the banner with the address of the playground', () => {
    expect(app.stdout).toMatch(new RegExp(`\\n\\n${url}/playground\\n$`));
  });

  it('has no file in which a client could change, and says how to add one', async () => {
    const options = ['--workspace', 'acme/demo', '--data-dir', directory];
    const { code, stdout, stderr } = await run(['client', 'rotate-secret', 'demo-basic', ...options]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('demo-basic is a client of the demo, which has no file to change.');
    const line = stderr.trim().split('\n').at(-1)?.trim() ?? '';
    const words = /^echo '(.*)' \| npx express-client-auth (client add -) (.*)$/.exec(line);
    const main = `${process.execPath} ${quote(join(compiledLib(), 'command-line/main.js'))}`;
    const added = await shell(`echo '${words?.[1]}' | ${main} ${words?.[2]} ${words?.[3]}`);
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(noteSecret(added.stdout.trim().split('\n').at(-1) ?? '')).toMatch(/^[\w-]{43}$/);
    const rotated = await run(['client', 'rotate-secret', 'mine', ...options, '--json']);
    expect(rotated.code).toBe(0);
    expect(noteSecret(JSON.parse(rotated.stdout).client_secret)).toMatch(/^[\w-]{43}$/);
  });

  it('explains the failure of its command line in the reply', async () => {
    const { code, stdout } = await shell(command('a wrong secret, to see how a failure is explained'));
    expect([code, JSON.parse(stdout)]).toMatchObject([
      22,
      { error: 'invalid_client', explanation: { reason: 'secret_mismatch', remedy: expect.any(String) } },
    ]);
  });

  it('PAR-02 takes the pushed request of its command line', async () => {
    for (const _time of ['first', 'second']) {
      const { code, stdout } = await shell(command('a pushed authorization request'));
      const request_uri = expect.stringMatching(/^urn:ietf:params:oauth:request_uri:/);
      expect([code, JSON.parse(stdout)]).toEqual([0, { request_uri, expires_in: 60 }]);
    }
  });

  it('DPO-08 calls the protected API with a token bound to a key, again and again', async () => {
    for (const _time of ['first', 'second']) {
      const { code, stdout, stderr } = await shell(command('the protected API, with a token bound to a key (DPoP)'));
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ sub: 'demo-basic', client_id: 'demo-basic', scope: 'read' });
    }
  });

  it('DPO-08 the token and the proof of that call do not serve another time, nor as a bearer token', async () => {
    const script = command('the protected API, with a token bound to a key (DPoP)').replace(/ \| sh$/, '');
    const call = (await shell(script)).stdout.trim();
    expect(call).toContain('Authorization: DPoP ');
    expect((await shell(call)).code).toBe(0);
    const again = await shell(call);
    expect([again.code, JSON.parse(again.stdout).error]).toEqual([22, 'invalid_dpop_proof']);
    const bearer = await shell(call.replace('Authorization: DPoP ', 'Authorization: Bearer '));
    expect([bearer.code, JSON.parse(bearer.stdout).error]).toEqual([22, 'invalid_token']);
  });

  it('BND-04 calls the protected API with a token bound to a certificate', async () => {
    const line = command('the protected API, with a token bound to a certificate');
    const { code, stdout } = await shell(line);
    expect([code, JSON.parse(stdout).client_id]).toEqual([0, 'demo-tls']);
    const without = await shell(line.replace(/--cert .*? -H /, '-H '));
    expect([without.code, JSON.parse(without.stdout).error]).toEqual([22, 'invalid_token']);
  });

  it("OTG-02 answers the request of Oracle's documentation, and finds its path by idcs-configuration", async () => {
    const found = await get('/acme/demo/.well-known/idcs-configuration');
    const { secure_token_endpoint } = JSON.parse(found.text)['openid-configuration'];
    expect(secure_token_endpoint).toBe(`${url}/acme/demo/oauth2/v1/token`);
    // https://docs.oracle.com/en/cloud/paas/identity-cloud/rest-api/TLSAuthFlow.html, with the blank that is missing
    // there before --request, and the places filled in.
    const documented = [
      'curl -i',
      '--cacert cacert.crt --key client.key --cert client.crt',
      `-H 'Content-Type: application/x-www-form-urlencoded;charset=UTF-8' --request POST ${secure_token_endpoint} -d 'grant_type=tls_client_auth&client_id=demo-oracle&scope=read'`,
    ].join(' \\\n');
    const files = { 'cacert.crt': 'ca.crt', 'client.key': 'client.key', 'client.crt': 'client.crt' };
    const links = Object.entries(files).map(([name, file]) => `cp "$PKI/${file}" ${name}`);
    const pki = join(directory, 'pki').replaceAll("'", "'\\''");
    const script = [`PKI='${pki}'`, `cd '${scratch.directory()}'`, ...links, documented].join('\n');
    const { stdout } = await shell(script);
    expect(stdout).toMatch(/^HTTP\/[\d.]+ 200/);
    expect(JSON.parse(stdout.slice(stdout.indexOf('{')))).toMatchObject({ token_type: 'Bearer', scope: 'read' });
  });

  it('lets the token of its command line into the protected API, and nothing else', async () => {
    const { stdout } = await shell(command('the protected API, with a token'));
    const issuer = `${url}/acme/demo`;
    expect(JSON.parse(stdout)).toEqual({ sub: 'demo-basic', client_id: 'demo-basic', scope: 'read', iss: issuer });
    expect((await get('/api/hello')).status).toBe(401);
    expect((await get('/api/hello', { authorization: 'Bearer nonsense' })).status).toBe(401);
  });

  it('RSV-03 tells about the protected API, in its challenge and as a document', async () => {
    const document = `${url}/.well-known/oauth-protected-resource/api/hello`;
    const { headers } = await get('/api/hello');
    expect(headers['www-authenticate']).toContain(`resource_metadata="${document}"`);
    const { status, text } = await get('/.well-known/oauth-protected-resource/api/hello');
    const body = JSON.parse(text);
    expect(status).toBe(200);
    expect(body).toMatchObject({ resource: `${url}/api/hello` });
    expect(body.authorization_servers).toContain(`${url}/acme/demo`);
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

  it('shows no outbox in production, and says why', async () => {
    await app.kill('SIGTERM');
    app = new AppProcess(['--data-dir', directory, '--port', '0'], { NODE_ENV: 'production' });
    url = await app.listening();
    expect((await get('/outbox', { accept: 'application/json' })).status).toBe(404);
    expect(JSON.parse(await app.logged('mail_not_set_up'))).toMatchObject({
      detail: { effect: 'Login by mail is off. There is no outbox, for NODE_ENV is production.' },
    });
    await app.kill('SIGTERM');
  }, 30_000);

  it('runs in production with a mail server', async () => {
    const mail = ['--mail', 'smtp://127.0.0.1:1'];
    app = new AppProcess(['--data-dir', directory, '--port', '0', ...mail], { NODE_ENV: 'production' });
    url = await app.listening();
    expect((await get('/outbox', { accept: 'application/json' })).status).toBe(404);
    expect((await get('/sign-in', { accept: 'text/html' })).status).toBe(200);
    expect(app.stdout).toContain('\nMail\n  smtp://127.0.0.1:1\n');
    expect(app.stdout).not.toMatch(/outbox/);
  }, 30_000);
});
