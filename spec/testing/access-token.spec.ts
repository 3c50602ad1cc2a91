import { afterAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { calculateJwkThumbprint, decodeProtectedHeader } from 'jose';
import request from 'supertest';
import {
  type AuthorizationServerEvent,
  clientCredentials,
  type GrantRouterOptions,
  grantRouter,
  type OutcomeEvent,
  protectResource,
  standardStrategies,
} from '../../index.js';
import * as testing from '../../testing/index.js';
import { noteLogged, noteSecret } from '../support/suite-log.js';

const { issuer } = testing;
const machine = testing.client('client_secret_basic', { client_id: 'machine', scope: 'read write' });
const bound = testing.client('tls_client_auth', {
  client_id: 'bound',
  tls_client_certificate_bound_access_tokens: true,
});
noteSecret(machine.client_secret ?? '');
const closers: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closers) await close();
});

/** An adopter's app: the authorization server and an API behind it. */
function adopter(options: Partial<GrantRouterOptions> = {}) {
  const events: AuthorizationServerEvent[] = [];
  const router = grantRouter({
    issuer,
    clients: [machine.metadata, bound.metadata],
    root_cas: [testing.authority.cert],
    strategies: standardStrategies(),
    grants: [clientCredentials()],
    scopes: { read: {}, write: {} },
    ...options,
    onEvent: (event) => {
      noteLogged(event);
      events.push(event);
    },
  } as GrantRouterOptions);
  closers.push(() => router.close());
  const app = express();
  app.use(router);
  app.get('/accounts', protectResource({ authorizationServer: router, scope: 'read' }), (req, res) => {
    res.json({ client_id: req.auth?.client_id, scope: req.auth?.scope, cnf: req.auth?.cnf });
  });
  app.get('/hello', protectResource({ authorizationServer: router }), (req, res) => {
    res.json(req.auth?.cnf ?? {});
  });
  const reason = () => events.findLast((event): event is OutcomeEvent => event.event !== 'warning')?.reason;
  return { app, reason };
}

async function tokenFrom(...[asked, client, options]: Parameters<typeof testing.accessToken>) {
  const token = await testing.accessToken(asked, client, options);
  noteSecret(token.access_token);
  return token;
}

describe('accessToken and authorized', () => {
  const { app, reason } = adopter();
  const server = testing.httpsServer(app);
  const token = (target: typeof app | typeof server = app) => request(target).post('/oauth2/token');

  it('Bearer: opens the API, with the scope that was asked; another token does not', async () => {
    const reading = await tokenFrom(token(), machine, { scope: 'read' });
    expect(reading).toMatchObject({ token_type: 'Bearer', client: machine });
    const reply = await testing.authorized(request(app).get('/accounts'), reading).expect(200);
    expect(reply.body).toEqual({ client_id: 'machine', scope: 'read' });
    const writing = await tokenFrom(token(), machine, { scope: 'write' });
    await testing.authorized(request(app).get('/accounts'), writing).expect(403);
    await testing.authorized(request(app).get('/accounts'), { ...reading, access_token: 'another' }).expect(401);
  });

  it('DPoP: the token is bound to the key, and works with a proof by that key alone', async () => {
    const dpop = testing.dpopKey();
    const tied = await tokenFrom(token(), machine, { scope: 'read', dpop });
    expect(tied.token_type).toBe('DPoP');
    const reply = await testing.authorized(request(app).get('/accounts?page=2'), tied).expect(200);
    expect(reply.body.cnf).toEqual({ jkt: dpop.jkt });
    await testing.authorized(request(app).get('/accounts'), { ...tied, dpop: testing.dpopKey() }).expect(401);
    expect(reason()).toBe('token_binding_mismatch');
    const { dpop: _, ...without } = tied;
    await testing.authorized(request(app).get('/accounts'), without).expect(401);
    expect(reason()).toBe('dpop_proof_missing');
  });

  it('DPoP: the thumbprint is that of the key in the proof (RFC 7638)', async () => {
    const key = testing.dpopKey();
    const { jwk } = decodeProtectedHeader(key.proof({ method: 'GET', url: 'https://api.example.com/' }));
    expect(await calculateJwkThumbprint(jwk ?? { kty: 'none' })).toBe(key.jkt);
  });

  it('DPoP: takes the nonce that a server demands', async () => {
    const strict = adopter({ dpop_nonce: 'required' });
    const dpop = testing.dpopKey();
    const ask = () => request(strict.app).post('/oauth2/token');
    await expect(tokenFrom(ask(), machine, { dpop })).rejects.toThrow(
      /400 use_dpop_nonce, correlation id [\w-]{20}\. The event says why: /,
    );
    const url = `${issuer}/oauth2/token`;
    const told = await testing
      .authenticated(ask().type('form'), machine)
      .set('DPoP', dpop.proof({ method: 'POST', url }))
      .send({ grant_type: 'client_credentials' });
    const nonce = String(told.headers['dpop-nonce']);
    expect((await tokenFrom(ask(), machine, { dpop, nonce })).token_type).toBe('DPoP');
  });

  it('a certificate-bound token works over a connection with that certificate alone', async () => {
    const tied = await tokenFrom(token(server), bound);
    const reply = await testing.authorized(request(server).get('/hello'), tied).expect(200);
    expect(reply.body).toEqual({ 'x5t#S256': expect.any(String) });
    await testing.authorized(request(server).get('/hello'), { ...tied, client: testing.impostor(bound) }).expect(401);
    expect(reason()).toBe('token_binding_mismatch');
    await testing.authorized(request(server).get('/hello'), { ...tied, client: machine }).expect(401);
  });

  it('a certificate-bound token works through a proxy that the app trusts', async () => {
    const behind = adopter({ trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: 'nginx' }] });
    const proxy = 'nginx';
    const tied = await tokenFrom(request(behind.app).post('/oauth2/token'), bound, { proxy });
    await testing.authorized(request(behind.app).get('/hello'), tied, { proxy }).expect(200);
    await testing.authorized(request(behind.app).get('/hello'), tied).expect(401);
  });

  it('says why there is no token, with the id to ask the operator about', async () => {
    await expect(tokenFrom(token(), testing.impostor(machine))).rejects.toThrow(
      /^No access token for machine: 401 invalid_client, correlation id [\w-]{20}\. The event says why: .* onEvent: /,
    );
    await expect(tokenFrom(token(), machine, { scope: 'more' })).rejects.toThrow(/: 400 invalid_scope/);
    await expect(tokenFrom(request(app).post('/nowhere'), machine)).rejects.toThrow(/: 404/);
  });
});
