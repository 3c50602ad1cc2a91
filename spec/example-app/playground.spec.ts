import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { Outcomes } from '../../example-app/playground/outcomes.js';
import { playground } from '../../example-app/playground/playground.js';
import { CertificateSender } from '../../example-app/playground/sender.js';
import { hasPlayground } from '../../example-app/playground/setup.js';
import { FailureExplanations, openStore } from '../../index.js';
import { DemoSite } from '../support/demo-site.js';
import { SiteVisitor } from '../support/site-visitor.js';

const site = new DemoSite();
let visitor: SiteVisitor;
beforeAll(async () => {
  await site.start();
  visitor = new SiteVisitor(site.url, site.ca);
}, 30_000);
afterAll(() => site.stop());

const nobody = { address: '', generateCodeUrl: '', tokenUrl: '', clientId: '', clientSecret: '' };
const own = { 'sec-fetch-site': 'same-origin' };
const json = { ...own, 'content-type': 'application/json' };
const order = (more: Readonly<Record<string, unknown>> = {}) => ({
  url: `${site.url}/acme/demo/oauth2/token`,
  certificate: 'rsa',
  body: 'grant_type=client_credentials&client_id=demo-tls',
  ...more,
});
const send = (value: unknown, headers: Readonly<Record<string, string>> = json) =>
  visitor.send('POST', '/playground/send', JSON.stringify(value), headers);

describe('there is a playground', () => {
  const place = { demo: true, host: '127.0.0.1', publicUrl: 'https://localhost:8443', production: false };

  it.each([place, { ...place, host: '::1' }, { ...place, host: 'localhost', publicUrl: 'https://as.localhost/auth' }])(
    'at %j',
    (where) => {
      expect(hasPlayground(where)).toBe(true);
    },
  );

  it.each([
    { ...place, demo: false },
    { ...place, production: true },
    { ...place, host: '0.0.0.0' },
    { ...place, host: '192.0.2.1' },
    { ...place, publicUrl: 'https://as.example.com' },
    { ...place, publicUrl: 'https://localhost.example.com' },
  ])('not at %j', (where) => {
    expect(hasPlayground(where)).toBe(false);
  });
});

describe('the playground of the demo', () => {
  it('stands in the banner and on the home page', async () => {
    expect((await visitor.get('/')).text).toContain('href="/playground"');
    expect(site.stdout).toContain(`\n  ${site.url}/playground\n`);
  });

  it('runs scripts of its own origin alone, and none in the page', async () => {
    const { status, headers, text } = await visitor.get('/playground');
    expect([status, headers['content-security-policy']]).toEqual([
      200,
      "default-src 'none';script-src 'self';style-src 'self';connect-src 'self';form-action 'none';base-uri 'none';frame-ancestors 'none';require-trusted-types-for 'script'",
    ]);
    expect(text).not.toMatch(/<script(?![^>]* src="\/playground\/scripts\/)|<style|style="|onclick/);
    const [, script = ''] = /<script type="module" src="([^"]+)"/.exec(text) ?? [];
    expect((await visitor.get(script)).headers['content-type']).toMatch(/^text\/javascript/);
  });

  it('leads to the name that the endpoints have', async () => {
    const other = { host: new URL(site.url).host.replace('localhost', '127.0.0.1') };
    const { status, headers } = await visitor.get('/playground', other);
    expect([status, headers.location]).toEqual([302, `${site.url}/playground`]);
  });

  it('gives the PKCS#12 file', async () => {
    const { status, headers } = await visitor.get('/playground/client.p12');
    expect([status, headers['content-disposition']]).toEqual([200, 'attachment; filename=demo-tls.p12']);
  });

  it.each([
    '/playground/scripts/playground/setup.js',
    '/playground/scripts/playground/page/../sender.js',
    '/playground/scripts/start.js',
  ])('gives none of the server at %s', async (path) => {
    expect((await visitor.get(path, own)).status).toBe(404);
  });

  it('tells its scripts the secrets of the demo, and nobody else', async () => {
    const { status, text } = await visitor.get('/playground/facts', own);
    const { workspaces } = JSON.parse(text);
    expect(status).toBe(200);
    const basic = workspaces[1].clients.find((client: { clientId: string }) => client.clientId === 'demo-basic');
    expect(basic).toMatchObject({ method: 'client_secret_basic', secret: expect.stringMatching(/^[\w-]{43}$/) });
    for (const site of ['cross-site', 'same-site', 'none']) {
      const refused = await visitor.get('/playground/facts', { 'sec-fetch-site': site });
      expect([refused.status, refused.text.includes(basic.secret)]).toEqual([403, false]);
    }
    expect((await visitor.get('/playground/facts')).status).toBe(403);
    expect((await visitor.get('/playground/facts', { origin: site.url })).status).toBe(200);
    expect((await visitor.get('/playground/facts', { origin: 'https://elsewhere.example' })).status).toBe(403);
  });

  it.each<Readonly<Record<string, string>>>([{ 'x-forwarded-for': '203.0.113.7' }, { forwarded: 'for=203.0.113.7' }])(
    'is not there for a request of elsewhere with %j',
    async (headers) => {
      for (const path of ['/playground', '/playground/facts', '/playground/client.p12']) {
        expect((await visitor.get(path, { ...own, ...headers })).status).toBe(404);
      }
      expect((await send(order(), { ...json, ...headers })).status).toBe(404);
    },
  );

  it('sends a form with a certificate to the token endpoint', async () => {
    const { status, text } = await send(order());
    const reply = JSON.parse(text);
    expect([status, reply.status, JSON.parse(reply.body)]).toMatchObject([200, 200, { token_type: 'Bearer' }]);
    const without = JSON.parse((await send(order({ certificate: '' }))).text);
    expect([without.status, JSON.parse(without.body)]).toMatchObject([401, { error: 'invalid_client' }]);
  });

  it.each<readonly [string, () => Readonly<Record<string, unknown>>]>([
    ['another server', () => ({ url: 'https://elsewhere.example/oauth2/token' })],
    ['another port', () => ({ url: 'https://localhost:1/acme/demo/oauth2/token' })],
    ['another endpoint', () => ({ url: `${site.url}/acme/demo/oauth2/introspect` })],
    ['a query', () => ({ url: `${site.url}/acme/demo/oauth2/token?a=b` })],
    ['a path that leads elsewhere', () => ({ url: `${site.url}/acme/demo/oauth2/token/../revoke` })],
    ['a certificate there is not', () => ({ certificate: '../server' })],
    ['a member of all objects', () => ({ certificate: '__proto__' })],
    ['two headers in one', () => ({ authorization: 'Basic YTpi\r\nHost: elsewhere.example' })],
    ['a header it does not send', () => ({ cookie: 'a=b' })],
    ['a method', () => ({ method: 'GET' })],
    ['a body above 16 KiB', () => ({ body: 'a'.repeat(16_385) })],
    ['a body that is no text', () => ({ body: { a: 1 } })],
  ])('sends nothing to or with %s', async (_what, more) => {
    expect(await send(order(more()))).toMatchObject({ status: 400, text: '{"error":"invalid_request"}' });
  });

  it('sends nothing for a page of elsewhere, nor what is no JSON or too long', async () => {
    for (const site of ['cross-site', 'same-site', 'none']) {
      expect((await send(order(), { ...json, 'sec-fetch-site': site })).status).toBe(403);
    }
    expect((await send(order(), { 'content-type': 'application/json' })).status).toBe(403);
    expect((await send(order(), { ...own, 'content-type': 'text/plain' })).status).toBe(400);
    expect((await send(order({ body: 'a'.repeat(40_000) }))).status).toBe(413);
    expect((await visitor.get('/playground/send', own)).status).toBe(404);
  });

  it('tells what happened to a request by its correlation id, with the explanation when it failed', async () => {
    const failed = JSON.parse((await send(order({ certificate: 'stranger' }))).text);
    const id = new Map<string, string>(failed.headers).get('x-correlation-id');
    const outcome = JSON.parse((await visitor.get(`/playground/outcomes/${id}`, own)).text);
    expect(outcome).toMatchObject({
      event: { outcome: 'failure', reason: 'certificate_untrusted', correlation_id: id },
      explanation: { happened: expect.any(String), remedy: expect.any(String) },
    });
    expect((await visitor.get(`/playground/outcomes/${id}`)).status).toBe(403);
    expect((await visitor.get('/playground/outcomes/AAAAAAAAAAAAAAAAAAAA', own)).status).toBe(404);
  });
});

it.each([
  ['localhost:8443', 200],
  ['127.0.0.1:8443', 200],
  ['elsewhere.example', 404],
  ['localhost.elsewhere.example:8443', 404],
])('a page of elsewhere has its name lead here in vain: %s', async (host, expected) => {
  const facts = { redirectUri: '', authorityPath: '', workspaces: [], certificates: [], person: nobody };
  const store = await openStore('memory:');
  const app = express().use(
    '/playground',
    playground({
      publicUrl: 'https://localhost:8443',
      facts,
      outcomes: new Outcomes(store, new FailureExplanations({ store })),
      sender: new CertificateSender([], [], { host: '127.0.0.1', port: 1, authority: '' }),
      pkcs12: '',
    }),
  );
  const { status } = await request(app)
    .get('/playground/facts')
    .set({ ...own, host });
  expect(status).toBe(expected);
});

describe('without the demo', () => {
  it('is neither there nor shown', async () => {
    const other = await new DemoSite().start(() => ({ tenants: { acme: { workspaces: { demo: {} } } } }));
    const stranger = new SiteVisitor(other.url, other.ca);
    expect((await stranger.get('/playground')).status).toBe(404);
    expect((await stranger.get('/')).text).not.toContain('playground');
    expect(other.stdout).not.toContain('playground');
  });
});

it('the modules of the page import nothing that is not served', () => {
  const from = (path: string) => readFileSync(new URL(`../../example-app/${path}`, import.meta.url), 'utf8');
  for (const path of ['playground/facts.ts', 'demo/curl.ts']) expect(from(path)).not.toMatch(/^import /m);
});
