import { expect, it } from '@jest/globals';
import { freshCode, redeeming, signedIn } from '../support/code-flow.js';
import { exchange } from '../support/http-exchange.js';
import { basicHeader, clientCertificate, secrets } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';

const grant = { grant_type: 'client_credentials' };
const body = 'grant_type=client_credentials';
const authorization = basicHeader('basic-client', secrets.basic);
const plain = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

it.each([
  ['raw, as curl -u sends it', plain(`basic-client:${secrets.basic}`)],
  ['form-encoded', authorization],
  [
    'over-encoded, as openid-client 6 does',
    plain(`basic%2Dclient:${secrets.basic.replaceAll('-', '%2D').replaceAll('_', '%5F')}`),
  ],
])('CSB-04 the same plain credentials, %s', async (_name, header) => {
  const server = specServer();
  expect((await server.token(grant, { Authorization: header })).status).toBe(200);
  expect((await server.token(grant, { Authorization: header.slice(0, -4) })).status).toBe(401);
});

it('CAU-04 libiddawc repeats its client_id in the body', async () => {
  const server = specServer();
  expect((await server.token({ ...grant, client_id: 'basic-client' }, { Authorization: authorization })).status).toBe(
    200,
  );
  const other = await server.token({ ...grant, client_id: 'post-client' }, { Authorization: authorization });
  expect([other.status, server.last().reason]).toEqual([400, 'client_id_conflict']);
});

it('CAU-01 passport-oauth2 with a Basic header still sends id and secret, and is told what is wrong', async () => {
  const server = specServer();
  const reply = await server.token(
    { ...grant, client_id: 'basic-client', client_secret: secrets.basic },
    { Authorization: authorization },
  );
  expect([reply.status, server.last().reason]).toEqual([400, 'several_methods']);
  expect(reply.body.error_description).toBe('Use one client authentication method per request.');
  expect(server.last().detail).toEqual({ presented_mechanisms: ['authorization', 'client_secret'] });
});

it('GEN-06 an empty client_secret of a public client is absent', async () => {
  const server = specServer(signedIn);
  const sent = { client_id: 'public-client', ...redeeming(await freshCode(server.router)) };
  expect((await server.token({ ...sent, client_secret: 'x' })).status).toBe(401);
  expect((await server.token({ ...sent, client_secret: '' })).status).toBe(200);
});

it('GEN-06 an empty client_secret of a certificate client is absent', async () => {
  const server = specServer({ trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: 'nginx' }] });
  const certificate = { 'X-SSL-Client-Cert': encodeURIComponent(clientCertificate.cert) };
  expect((await server.token({ ...grant, client_id: 'tls-client', client_secret: '' }, certificate)).status).toBe(200);
  expect((await server.token({ ...grant, client_id: 'tls-client', client_secret: 'x' }, certificate)).status).toBe(401);
});

it('GEN-06 an empty code beside another grant is absent', async () => {
  const server = specServer();
  expect((await server.token({ ...grant, code: '', redirect_uri: '' }, { Authorization: authorization })).status).toBe(
    200,
  );
});

it('CAU-08 Go x/oauth2 tries Basic with an empty secret first, then the body with the same code', async () => {
  const server = specServer(signedIn);
  const sent = redeeming(await freshCode(server.router));
  const first = await server.token(sent, { Authorization: plain('public-client:') });
  expect([first.status, first.body.error, server.last().reason]).toEqual([401, 'invalid_client', 'secret_missing']);
  expect((await server.token({ ...sent, client_id: 'public-client' })).status).toBe(200);
  const third = await server.token({ ...sent, client_id: 'public-client' });
  expect([third.status, third.body.error, server.last().reason]).toEqual([400, 'invalid_grant', 'code_used']);
});

it('CAU-08 Go x/oauth2 does the same for a client registered for post', async () => {
  const server = specServer();
  const first = await server.token(grant, { Authorization: basicHeader('post-client', secrets.post) });
  expect([first.status, server.last().reason]).toEqual([401, 'method_not_registered']);
  expect((await server.token({ ...grant, client_id: 'post-client', client_secret: secrets.post })).status).toBe(200);
});

it.each([
  'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2',
  'text/plain',
  'application/xml',
  'application/json',
  '',
])('GEN-08 the answer is JSON to Accept: %s', async (accept) => {
  const server = specServer();
  for (const [headers, status] of [
    [{ authorization, accept }, 200],
    [{ accept }, 401],
  ] as const) {
    const reply = await exchange(server.router, { headers, body });
    expect([reply.status, reply.headers['content-type'], typeof reply.json()]).toEqual([
      status,
      'application/json',
      'object',
    ]);
  }
});

it('GEN-08 the answer is JSON without Accept and User-Agent', async () => {
  const reply = await exchange(specServer().router, { headers: { authorization, accept: undefined }, body });
  expect([reply.status, reply.headers['content-type']]).toEqual([200, 'application/json']);
});

it.each(['; charset=UTF-8', ';charset=utf-8', '; Charset=utf8', ';charset="UTF-8"', '; charset=ISO-8859-1', ';'])(
  'GEN-02 Content-Type with %s is a form',
  async (parameter) => {
    const server = specServer();
    const type = (base: string) => ({ headers: { authorization, 'content-type': base + parameter }, body });
    expect((await exchange(server.router, type('application/x-www-form-urlencoded'))).status).toBe(200);
    expect((await exchange(server.router, type('application/json'))).status).toBe(400);
  },
);

it('GEN-07 msal-node adds a query and many parameters, which are ignored', async () => {
  const server = specServer();
  const path = '/oauth2/token?client-request-id=4d3b2f1e-0000-4000-8000-000000000000';
  const telemetry =
    '&x-client-SKU=msal.js.node&x-client-VER=2.0&x-client-OS=linux&x-ms-lib-capability=retry-after%2C+h429&client_info=1&claims=%7B%7D';
  expect((await exchange(server.router, { path, headers: { authorization }, body: body + telemetry })).status).toBe(
    200,
  );
  expect(
    (await exchange(server.router, { path: `${path}&client_secret=x`, headers: { authorization }, body })).status,
  ).toBe(400);
});

it.each(['read+write', 'read%20write'])('GEN-03 scope with its space as in %s', async (scope) => {
  const reply = await exchange(specServer().router, { headers: { authorization }, body: `${body}&scope=${scope}` });
  expect(reply.json().scope).toBe('read write');
});

it('GEN-10 oauth4webapi reads the challenge before the body, so it names the error too', async () => {
  const reply = await specServer().token(grant, { Authorization: basicHeader('basic-client', 'x') });
  expect(reply.headers['www-authenticate']).toMatch(/^Basic realm="[^"]+", error="invalid_client"$/);
});
