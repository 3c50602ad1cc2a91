import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { run } from '../command-line/run-command.js';
import { freePort } from '../support/demo-site.js';
import { basicHeader } from '../support/methods.js';
import { SiteVisitor } from '../support/site-visitor.js';
import { noteLogged, noteSecret } from '../support/suite-log.js';
import { AppProcess, killAll, Scratch } from './run-app.js';

// Processes are started.
jest.setTimeout(60_000);

const scratch = new Scratch();
const token = noteSecret(randomBytes(24).toString('base64url'));
const secret = noteSecret(randomBytes(24).toString('base64url'));
const bearer = { authorization: `Bearer ${token}` };
const count = 2;

const service = { client_id: 'service', client_secret: secret, grant_types: ['client_credentials'], scope: 'read' };

let app: AppProcess;
let url: string;
let file: string;
let directory: string;
let visitor: SiteVisitor;
beforeAll(async () => {
  directory = scratch.directory();
  file = join(directory, 'as.json');
  const port = await freePort();
  const configuration = {
    listen: { port },
    admin_tokens: ['an older one that is long', token],
    tenants: { acme: { workspaces: { demo: { scopes: { read: {} }, clients: [service] } } } },
  };
  writeFileSync(file, JSON.stringify(configuration));
  app = new AppProcess(['--config', file, '--data-dir', directory, '--workers', String(count)]);
  url = await app.listening();
  visitor = new SiteVisitor(url, readFileSync(join(directory, 'pki/ca.crt'), 'utf8'));
});
afterAll(async () => {
  await killAll();
  noteLogged(app.stderr);
  scratch.remove();
});

const form = 'application/x-www-form-urlencoded';
const tokenRequest = (clientSecret: string, grantType = 'client_credentials') =>
  visitor.send('POST', '/acme/demo/oauth2/token', `grant_type=${grantType}`, {
    authorization: basicHeader('service', clientSecret),
    'content-type': form,
  });

/** The sum of a counter's series that have all these labels. */
async function counted(labels: readonly string[]): Promise<number> {
  const { text } = await visitor.get('/metrics', bearer);
  return text
    .split('\n')
    .filter((line) => line.startsWith('oauth_requests_total{') && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('/metrics', () => {
  it('are for operators alone', async () => {
    const nobody = await visitor.get('/metrics', {});
    expect([nobody.status, nobody.headers['www-authenticate']]).toEqual([401, 'Bearer realm="admin"']);
    for (const authorization of ['Bearer wrong', `Basic ${token}`, `Bearer ${token}x`, token]) {
      const refused = await visitor.get('/metrics', { authorization });
      expect([refused.status, refused.headers['www-authenticate']]).toEqual([
        401,
        'Bearer realm="admin", error="invalid_token"',
      ]);
      expect(refused.text).not.toContain('oauth_');
    }
  });

  it('count the outcomes of all workers, by labels no caller can invent', async () => {
    const failed = ['event="token"', 'outcome="failure"', 'reason="secret_mismatch"', 'workspace="demo"'];
    const succeeded = ['event="token"', 'outcome="success"', 'method="client_secret_basic"'];
    const before = [await counted(failed), await counted(succeeded)];
    for (let request = 0; request < 6; request += 1) await tokenRequest('wrong');
    for (let request = 0; request < 6; request += 1) await tokenRequest(secret);
    expect([await counted(failed), await counted(succeeded)]).toEqual(before.map((number) => (number ?? 0) + 6));
    expect((await tokenRequest(secret, 'urn:invented:grant')).status).toBe(400);
    const { text, headers } = await visitor.get('/metrics', bearer);
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toContain('grant_type="other"');
    expect(text).not.toContain('invented');
    expect(text).toMatch(/http_request_duration_seconds_count\{status="401"\} \d/);
    expect(text).toContain('process_cpu_seconds_total');
    // A time of one worker, and not the sum of all.
    const [, rotation] =
      /^oauth_signing_key_rotation_timestamp_seconds\{.*workspace="demo".*\} (\d+)$/m.exec(text) ?? [];
    expect(Math.abs(Number(rotation) - Date.now() / 1000 - 7_776_000)).toBeLessThan(600);
  });
});

describe('a failed request', () => {
  let id: string;
  beforeAll(async () => {
    id = (await tokenRequest('wrong')).headers['x-correlation-id'] as string;
    // It is kept while the reply is on its way.
    while ((await visitor.get(`/admin/explain/${id}`, bearer)).status === 404) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  it('is explained to an operator, as JSON and as a page', async () => {
    const asJson = await visitor.get(`/admin/explain/${id}`, { ...bearer, accept: 'application/json' });
    expect(JSON.parse(asJson.text)).toMatchObject({
      correlation_id: id,
      reason: 'secret_mismatch',
      client_id: 'service',
      tenant: 'acme',
      workspace: 'demo',
      remedy: expect.stringContaining('raw_basic_fallback'),
    });
    const asPage = await visitor.get(`/admin/explain/${id}`, { ...bearer, accept: 'text/html' });
    expect(asPage.text).toContain('<h2>secret_mismatch</h2>');
    expect(asPage.headers['cache-control']).toBe('no-store');
  });

  it('is explained to nobody else', async () => {
    const refused = await visitor.get(`/admin/explain/${id}`, { authorization: 'Bearer wrong' });
    expect(refused.status).toBe(401);
    const body = `token=wrong&correlation_id=${id}`;
    const posted = await visitor.send('POST', '/admin/explain', body, { 'content-type': form });
    expect(posted.status).toBe(403);
    for (const { text } of [refused, posted]) expect(text).not.toContain('secret_mismatch');
  });

  it('is explained by the form of the page', async () => {
    expect((await visitor.get('/admin/explain', { accept: 'text/html' })).text).toContain('Correlation id');
    const ask = (name: string) =>
      visitor.send('POST', '/admin/explain', new URLSearchParams({ token, correlation_id: name }).toString(), {
        'content-type': form,
      });
    expect((await ask(` ${id} `)).text).toContain('<h2>secret_mismatch</h2>');
    const absent = await ask('<b>xxxxxxxxxxxxxxxxx');
    expect([absent.status, absent.text.includes('<b>x')]).toEqual([404, false]);
  });

  it('is explained by the command line', async () => {
    const options = ['--config', file, '--data-dir', directory];
    const told = await run(['explain', id, ...options]);
    expect(told).toMatchObject({ code: 0, stderr: '' });
    expect(told.stdout).toContain('What to do: Compare it with the newest live secret of the client');
    expect(told.stdout).toMatch(/^client_id +service$/m);
    const json = await run(['explain', id, ...options, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ reason: 'secret_mismatch', correlation_id: id });
    const unknown = await run(['explain', 'x'.repeat(20), ...options]);
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain('Nothing is known of');
  });
});

it('without admin_tokens there is nothing of it', async () => {
  const alone = scratch.directory();
  const plain = new AppProcess(['--port', '0', '--data-dir', alone]);
  const there = await plain.listening();
  const stranger = new SiteVisitor(there, readFileSync(join(alone, 'pki/ca.crt'), 'utf8'));
  for (const path of ['/metrics', '/admin/explain', `/admin/explain/${'x'.repeat(20)}`]) {
    expect((await stranger.get(path, bearer)).status).toBe(404);
  }
});
