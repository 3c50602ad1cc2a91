import { expect, it } from '@jest/globals';
import express from 'express';
import {
  authenticateClient,
  authorizationCode,
  ClientSecretBasicStrategy,
  clientSecretBasic,
  type Grant,
  grantRouter,
  OAuthError,
  standardStrategies,
} from '../../index.js';
import { freshCode, signedIn } from '../support/code-flow.js';
import { exchange } from '../support/http-exchange.js';
import {
  allClients,
  assertion,
  assertionType,
  basicHeader,
  ca,
  clientCertificate,
  issuer,
  secrets,
} from '../support/methods.js';
import { specServer } from '../support/spec-server.js';

const good = { grant_type: 'client_credentials' };
const headers = { Authorization: basicHeader('basic-client', secrets.basic) };

/** A grant of a host's own that fails the way it is told to. */
function failing(thrown: unknown): Grant {
  return {
    grantType: 'client_credentials',
    parameters: [],
    validate() {
      throw thrown;
    },
    issue: () => Promise.reject(thrown),
  };
}

it('GEN-08 an error has only the characters RFC 6749 5.2 allows, whatever a grant of a host says', async () => {
  const description = 'caf\u00E9 "quoted" \\ back\r\nSet-Cookie: x <b>\u0000\u{1F600}';
  const server = specServer({ grants: [failing(new OAuthError('parameter_invalid', { description }))] });
  const reply = await server.token(good, headers);
  expect([reply.status, reply.body.error]).toEqual([400, 'invalid_request']);
  expect(reply.body.error_description).toMatch(/^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/);
  expect(reply.body.error_description).toMatch(/^caf\? \?quoted\? \? back/);
});

it('GEN-08 what the request said is not echoed', async () => {
  const server = specServer();
  const marker = '<script>marker</script>';
  for (const body of [
    { grant_type: marker },
    { ...good, scope: marker },
    { ...good, resource: marker },
    { ...good, [marker]: marker, client_id: marker },
  ]) {
    const reply = await server.token(body, headers);
    expect(reply.status).toBe(400);
    expect(reply.text).not.toContain('marker');
  }
});

it('GEN-08 authenticateClient answers the same JSON as the router, never the text of Passport', async () => {
  const server = specServer();
  const app = express().post(
    '/oauth2/token',
    authenticateClient({ issuer, clients: allClients, strategies: [clientSecretBasic()] }),
  );
  const wrong = {
    headers: { authorization: basicHeader('basic-client', 'wrong') },
    body: 'grant_type=client_credentials',
  };
  const [ofRoute, ofRouter] = [await exchange(app, wrong), await exchange(server.router, wrong)];
  expect([ofRoute.status, ofRouter.status]).toEqual([401, 401]);
  expect(ofRoute.text).toBe(ofRouter.text);
  expect(ofRoute.text).not.toContain('Unauthorized');
  for (const name of ['content-type', 'www-authenticate', 'cache-control', 'pragma'] as const) {
    expect([name, ofRoute.headers[name]]).toEqual([name, ofRouter.headers[name]]);
  }
  expect(ofRoute.headers['x-correlation-id']).toMatch(/^[\w-]{20}$/);
});

it.each([
  ['success', good, headers, 200],
  ['a refused client', good, {}, 401],
  ['a refused request', {}, headers, 400],
  ['a refused grant', { grant_type: 'authorization_code', code: 'x' }, headers, 400],
] as const)('GEN-09 %s is not to be stored', async (_name, body, sent, status) => {
  const reply = await specServer().token(body, sent);
  expect([reply.status, reply.headers['cache-control'], reply.headers.pragma]).toEqual([
    status,
    'no-store',
    'no-cache',
  ]);
  expect(reply.headers['content-type']).toBe('application/json');
});

it('GEN-09 documents for everybody may be stored, so the other is no accident', async () => {
  const reply = await exchange(specServer().router, { method: 'GET', path: '/.well-known/openid-configuration' });
  expect([reply.headers['cache-control'], reply.headers.pragma]).toEqual(['public, max-age=300', undefined]);
});

it.each([
  ['no credentials', good, {}, 'no_credentials'],
  ['a wrong secret in the header', good, { Authorization: basicHeader('basic-client', 'x') }, 'secret_mismatch'],
  ['a wrong secret in the body', { ...good, client_id: 'post-client', client_secret: 'x' }, {}, 'secret_mismatch'],
  [
    'a wrong assertion',
    { ...good, client_assertion: 'a.b.c', client_assertion_type: assertionType },
    {},
    'assertion_malformed',
  ],
  ['no certificate', { ...good, client_id: 'tls-client' }, {}, 'certificate_missing'],
  ['another scheme', good, { Authorization: 'Bearer x' }, 'authorization_scheme_unsupported'],
] as const)('GEN-10 a 401 for %s carries a challenge', async (_name, body, sent, reason) => {
  const server = specServer();
  const reply = await server.token(body, sent);
  expect([reply.status, server.last().reason]).toEqual([401, reason]);
  expect(reply.headers['www-authenticate']).toBe(`Basic realm="${issuer}", error="invalid_client"`);
});

it('GEN-10 what is no 401 carries none', async () => {
  const server = specServer();
  expect((await server.token(good, headers)).headers['www-authenticate']).toBeUndefined();
  expect((await server.token({}, headers)).headers['www-authenticate']).toBeUndefined();
});

it('GEN-12 an http issuer is refused at start, wherever it is named', () => {
  const options = { clients: allClients, root_cas: [ca.cert] };
  const strategies = standardStrategies();
  const mistakes = (issuerOfTest: string) => [
    () => grantRouter({ ...options, issuer: issuerOfTest, strategies, grants: [authorizationCode() as Grant] }),
    () =>
      grantRouter({
        workspaces: [{ ...options, issuer: issuerOfTest }],
        strategies,
        grants: [authorizationCode() as Grant],
      }),
    () => authenticateClient({ ...options, issuer: issuerOfTest, strategies }),
    () => new ClientSecretBasicStrategy({ ...options, issuer: issuerOfTest }),
  ];
  for (const make of mistakes('http://as.example.com')) expect(make).toThrow(/issuer: must be an https URL/);
  for (const make of mistakes('https://as.example.com')) expect(make).not.toThrow();
  expect(() =>
    authenticateClient({ ...options, issuer, strategies, token_endpoint: 'http://as.example.com/t' }),
  ).toThrow('token_endpoint');
});

it('GEN-12 GEN-13 every URL of the metadata is https and the configured one, whatever the request says', async () => {
  const { router } = specServer(signedIn);
  const forged = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
    'x-forwarded-prefix': '/evil',
    forwarded: 'host=evil.example;proto=http',
    'x-original-url': '/evil',
  };
  const ask = { method: 'GET', path: '/.well-known/openid-configuration' };
  const reply = await exchange(router, { ...ask, headers: forged });
  expect(reply.json()).toEqual((await exchange(router, ask)).json());
  const urls = Object.values(reply.json()).filter((value) => typeof value === 'string');
  expect(urls.length).toBeGreaterThan(3);
  for (const url of urls) expect(url).toMatch(/^https:\/\/as\.example\.com/);
});

it('GEN-13 the audience of an assertion is the configured issuer, not the Host header', async () => {
  const server = specServer();
  const send = async (aud: string) =>
    server.token(
      {
        ...good,
        client_assertion: await assertion('private-key-client', { claims: { aud } }),
        client_assertion_type: assertionType,
      },
      { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example' },
    );
  expect((await send(issuer)).status).toBe(200);
  expect((await send('https://evil.example')).status).toBe(401);
  expect(server.last().reason).toBe('assertion_audience_mismatch');
});

it('GEN-13 a token names the configured issuer', async () => {
  const server = specServer({ access_token_format: 'jwt' });
  const reply = await server.token(good, { ...headers, Host: 'evil.example', 'X-Forwarded-Host': 'evil.example' });
  const claims = JSON.parse(Buffer.from(reply.body.access_token.split('.')[1], 'base64url').toString());
  expect([claims.iss, claims.aud]).toEqual([issuer, issuer]);
});

it('GEN-13 a certificate header counts from a configured proxy and from nobody else', async () => {
  const sent = { ...good, client_id: 'tls-client' };
  const forwarded = { 'X-SSL-Client-Cert': encodeURIComponent(clientCertificate.cert), 'X-Forwarded-For': '10.0.0.1' };
  const proxy = { client_certificate: 'nginx' } as const;
  const trusting = specServer({ trusted_proxies: [{ cidr: '127.0.0.1/32', ...proxy }] });
  expect((await trusting.token(sent, forwarded)).status).toBe(200);
  const elsewhere = specServer({ trusted_proxies: [{ cidr: '10.0.0.0/8', ...proxy }] });
  expect((await elsewhere.token(sent, forwarded)).status).toBe(401);
  expect(elsewhere.last().reason).toBe('certificate_missing');
  expect(elsewhere.events).toContainEqual(expect.objectContaining({ name: 'certificate_header_untrusted' }));
});

const browser = {
  origin: 'https://app.example.com',
  'access-control-request-method': 'GET',
  'access-control-request-headers': 'authorization',
  'content-type': undefined,
};

it('GEN-14 the authorization endpoint answers no preflight and emits no CORS header', async () => {
  const { router } = specServer(signedIn);
  const preflight = await exchange(router, { method: 'OPTIONS', path: '/oauth2/authorize', headers: browser });
  expect(preflight.status).toBe(405);
  const asked = await exchange(router, {
    method: 'GET',
    path: '/oauth2/authorize?client_id=public-client',
    headers: browser,
  });
  const posted = await exchange(router, {
    path: '/oauth2/authorize',
    headers: { origin: browser.origin },
    body: 'client_id=x',
  });
  for (const reply of [preflight, asked, posted]) {
    expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  }
  expect(await freshCode(router)).toMatch(/^[\w-]{43}$/);
});
