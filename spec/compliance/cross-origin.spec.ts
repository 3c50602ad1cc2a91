import { describe, expect, it } from '@jest/globals';
import { signedIn } from '../support/code-flow.js';
import { exchange, type SentRequest } from '../support/http-exchange.js';
import { basicHeader, secrets } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';

const app = 'https://app.example.com';
const local = 'http://localhost:5173';
const shared = { ...signedIn, cors_origins: [app, local] };

const authorization = basicHeader('basic-client', secrets.basic);
const asking = (origin: string, method = 'POST') => ({
  origin,
  'access-control-request-method': method,
  'access-control-request-headers': 'authorization, content-type, dpop',
});

const server = specServer(shared);
const send = (sent: SentRequest) => exchange(server.router, sent);
const corsOf = ({ headers }: { headers: Record<string, unknown> }) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));

const endpoints = [
  ['/oauth2/token', 'POST'],
  ['/oauth2/revoke', 'POST'],
  ['/oauth2/par', 'POST'],
  ['/userinfo', 'GET, POST'],
  ['/.well-known/openid-configuration', 'GET, HEAD'],
  ['/.well-known/oauth-authorization-server', 'GET, HEAD'],
  ['/.well-known/jwks.json', 'GET, HEAD'],
] as const;

describe.each(endpoints)('%s', (path, methods) => {
  it('GEN-15 GEN-01 answers the preflight of an origin that is listed', async () => {
    const before = server.events.length;
    const reply = await send({ method: 'OPTIONS', path, headers: asking(app) });
    expect([reply.status, reply.text, reply.headers.allow]).toEqual([204, '', `${methods}, OPTIONS`]);
    expect(reply.headers.vary).toBe('Origin');
    expect(corsOf(reply)).toEqual({
      'access-control-allow-origin': app,
      'access-control-allow-methods': methods,
      'access-control-allow-headers': 'authorization, content-type, dpop',
      'access-control-max-age': '7200',
      'access-control-expose-headers': 'dpop-nonce, www-authenticate, retry-after, x-correlation-id',
    });
    expect(server.events.length).toBe(before);
  });

  it.each([
    'null',
    'https://app.example.com.evil.example',
    'https://app.example.com:444',
    'http://app.example.com',
    'HTTPS://APP.EXAMPLE.COM',
    `${app}, ${app}`,
    '*',
    '',
  ])('GEN-15 tells nothing to the origin %j', async (origin) => {
    const preflight = await send({ method: 'OPTIONS', path, headers: asking(origin) });
    expect([preflight.status, corsOf(preflight), preflight.headers.vary]).toEqual([204, {}, 'Origin']);
    expect(
      corsOf(await send({ method: methods.startsWith('GET') ? 'GET' : 'POST', path, headers: { origin } })),
    ).toEqual({});
  });

  it('GEN-15 without cors_origins there is no preflight', async () => {
    const closed = specServer(signedIn);
    const reply = await exchange(closed.router, { method: 'OPTIONS', path, headers: asking(app) });
    expect([reply.status, reply.headers.allow, corsOf(reply)]).toEqual([405, methods, {}]);
    expect(closed.last().reason).toBe('method_not_allowed');
  });
});

const readable = {
  'access-control-allow-origin': local,
  'access-control-expose-headers': 'dpop-nonce, www-authenticate, retry-after, x-correlation-id',
};

describe('replies', () => {
  it('GEN-15 are readable when they succeed, without credentials mode', async () => {
    const reply = await send({ headers: { authorization, origin: local }, body: 'grant_type=client_credentials' });
    expect([reply.status, corsOf(reply), reply.headers.vary]).toEqual([200, readable, 'Origin']);
  });

  it.each<[string, number, SentRequest]>([
    ['invalid_client', 401, { body: 'grant_type=client_credentials', headers: { authorization: 'Basic eDp5' } }],
    ['invalid_grant', 400, { body: 'grant_type=authorization_code&code=x', headers: { authorization } }],
    ['method_not_allowed', 405, { method: 'PUT' }],
    ['invalid_token', 401, { method: 'GET', path: '/userinfo', headers: { authorization: 'Bearer x' } }],
  ])('GEN-15 are readable when they say %s', async (_name, status, sent) => {
    const reply = await send({ ...sent, headers: { ...sent.headers, origin: local } });
    expect([reply.status, corsOf(reply)]).toEqual([status, readable]);
  });

  it('GEN-15 differ by origin for caches, also when none was sent', async () => {
    const reply = await send({ method: 'GET', path: '/.well-known/jwks.json' });
    expect([reply.status, corsOf(reply), reply.headers.vary]).toEqual([200, {}, 'Origin']);
  });

  it('GEN-15 keep to the list whatever middleware of the host has allowed', async () => {
    const reply = await exchange(
      (request, response) => {
        response.setHeader('Access-Control-Allow-Origin', '*');
        response.setHeader('Access-Control-Allow-Credentials', 'true');
        response.setHeader('Vary', 'Accept-Encoding');
        server.router(request, response);
      },
      { headers: { authorization, origin: app }, body: 'grant_type=client_credentials' },
    );
    expect(corsOf(reply)).toEqual({ ...readable, 'access-control-allow-origin': app });
    expect(reply.headers.vary).toBe('Accept-Encoding, Origin');
  });
});

it.each(['/oauth2/authorize', '/oauth2/introspect'])('GEN-14 %s is for nobody of another origin', async (path) => {
  const preflight = await send({ method: 'OPTIONS', path, headers: asking(app) });
  const posted = await send({ path, headers: { origin: app }, body: 'client_id=x' });
  expect([preflight.status, corsOf(preflight), corsOf(posted)]).toEqual([405, {}, {}]);
});

it.each([
  '*',
  'null',
  'https://*.example.com',
  'https://app.example.com/',
  'https://APP.example.com',
  'https://app.example.com:443',
  'app.example.com',
  'file://',
  'https://user@app.example.com',
])('GEN-15 the origin %j in cors_origins is a mistake at start', (origin) => {
  expect(() => specServer({ ...shared, cors_origins: [app, origin] })).toThrow(/cors_origins\[1\]: must be an origin/);
});
