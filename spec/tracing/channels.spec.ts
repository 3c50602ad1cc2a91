import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import passport from 'passport';
import request from 'supertest';
import {
  type AuthorizationServerEvent,
  authenticateClient,
  ClientSecretBasicStrategy,
  clientCredentials,
  clientSecretBasic,
  type Grant,
  OAuthError,
  protectResource,
} from '../../index.js';
import { allClients, basicHeader, issuer, newSecret, secrets } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';
import { TracingSubscriber } from '../support/tracing-subscriber.js';

const grant = { grant_type: 'client_credentials', scope: 'read' };
const right = { Authorization: basicHeader('basic-client', secrets.basic) };
const wrong = { Authorization: basicHeader('basic-client', newSecret()) };

let tracing: TracingSubscriber;
beforeEach(() => {
  tracing = new TracingSubscriber();
});
afterEach(() => tracing.stop());

describe('a traced token request', () => {
  it('tells the request, the authentication in it, and the grant after that', async () => {
    const server = specServer({ tenant: 'acme', workspace: 'demo' });
    const reply = await server.token(grant, right);
    expect(reply.status).toBe(200);
    const begun = tracing.told.filter(({ phase }) => phase === 'start').map(({ name }) => name);
    const over = tracing.told.filter(({ phase }) => phase === 'asyncEnd').map(({ name }) => name);
    expect(begun).toEqual(['request', 'client_authentication', 'grant']);
    expect(over).toEqual(['client_authentication', 'grant', 'request']);
    expect(tracing.told.some(({ phase }) => phase === 'error')).toBe(false);
    const names = {
      event: 'token',
      issuer,
      tenant: 'acme',
      workspace: 'demo',
      correlation_id: reply.headers['x-correlation-id'],
    };
    const proof = { client_id: 'basic-client', method: 'client_secret_basic', outcome: 'success' };
    const issued = { grant_type: 'client_credentials', scope: 'read' };
    const [whole] = tracing.ended('request');
    expect(whole).toMatchObject({ ...names, ...proof, ...issued, status: 200 });
    expect(whole?.parent).toBeUndefined();
    expect(tracing.ended('client_authentication')).toEqual([expect.objectContaining({ ...names, ...proof })]);
    expect(tracing.ended('grant')).toEqual([expect.objectContaining({ ...names, ...proof, ...issued })]);
    for (const name of ['client_authentication', 'grant']) expect(tracing.ended(name)[0]?.parent).toBe(whole);
  });

  it('tells why authentication failed, which the caller does not learn', async () => {
    const server = specServer();
    const reply = await server.token(grant, wrong);
    expect([reply.status, reply.text.includes('secret_mismatch')]).toEqual([401, false]);
    const failure = {
      outcome: 'failure',
      reason: 'secret_mismatch',
      client_id: 'basic-client',
      method: 'client_secret_basic',
      error: expect.objectContaining({ error: 'invalid_client' }),
    };
    expect(tracing.ended('request')).toEqual([
      expect.objectContaining({ ...failure, grant_type: 'client_credentials', status: 401 }),
    ]);
    expect(tracing.ended('client_authentication')).toEqual([expect.objectContaining(failure)]);
    expect(tracing.ended('request')[0]?.error).toBeInstanceOf(OAuthError);
    const errors = tracing.told.filter(({ phase }) => phase === 'error').map(({ name }) => name);
    expect(errors).toEqual(['client_authentication', 'request']);
    expect(tracing.ended('grant')).toEqual([]);
  });

  it('tells a grant that failed apart from the authentication before it', async () => {
    const server = specServer();
    expect((await server.token({ ...grant, scope: 'admin' }, right)).body.error).toBe('invalid_scope');
    expect(tracing.ended('client_authentication')[0]).toMatchObject({ outcome: 'success' });
    const failure = { outcome: 'failure', reason: 'scope_not_allowed', client_id: 'basic-client' };
    expect(tracing.ended('grant')[0]).toMatchObject({ ...failure, grant_type: 'client_credentials' });
    expect(tracing.ended('request')[0]).toMatchObject({ ...failure, status: 400 });
  });

  it('tells what was thrown as the failure it becomes', async () => {
    const server = specServer({
      clients: {
        find: () => {
          throw new RangeError('no such table');
        },
      },
    });
    expect((await server.token(grant, right)).status).toBe(500);
    expect(tracing.ended('client_authentication')[0]).toMatchObject({ outcome: 'failure', reason: 'internal_error' });
    expect(tracing.ended('request')[0]?.error?.cause).toBeInstanceOf(RangeError);
  });

  it('is no preflight of a browser', async () => {
    const origin = 'https://app.example.com';
    const { router } = specServer({ cors_origins: [origin] });
    const headers = { Origin: origin, 'Access-Control-Request-Method': 'POST' };
    expect((await request(router).options('/oauth2/token').set(headers)).status).toBe(204);
    expect(tracing.told).toEqual([]);
    expect((await request(router).get('/oauth2/token')).status).toBe(405);
    expect(tracing.ended('request')[0]).toMatchObject({ reason: 'method_not_allowed', status: 405 });
  });
});

describe('other traced requests', () => {
  it.each([
    ['introspection', '/oauth2/introspect', { token: 'unknown' }],
    ['revocation', '/oauth2/revoke', { token: 'unknown' }],
    ['par', '/oauth2/par', { response_type: 'code' }],
  ])('%s has the authentication of its client in it', async (event, path, form) => {
    const { router } = specServer();
    await request(router).post(path).set(right).type('form').send(form);
    await request(router).post(path).set(wrong).type('form').send(form);
    const [accepted, refused] = tracing.ended('client_authentication');
    expect([accepted?.event, accepted?.outcome, accepted?.parent?.event]).toEqual([event, 'success', event]);
    expect([refused?.event, refused?.reason, refused?.parent?.reason]).toEqual([
      event,
      'secret_mismatch',
      'secret_mismatch',
    ]);
  });

  it('at an API tell whose token it was, or why it was refused', async () => {
    const { router, token } = specServer();
    const app = express();
    app.get('/api', protectResource({ authorizationServer: router }), (_request, response) => void response.end());
    const { access_token } = (await token(grant, right)).body;
    await request(app)
      .get('/api')
      .set('Authorization', `Bearer ${noteSecret(access_token)}`);
    await request(app).get('/api').set('Authorization', 'Bearer none');
    const [accepted, refused] = tracing.ended('request').filter(({ event }) => event === 'resource');
    expect(accepted).toMatchObject({ issuer, outcome: 'success', client_id: 'basic-client', subject: 'basic-client' });
    expect(accepted?.status).toBeUndefined();
    expect(refused).toMatchObject({ issuer, outcome: 'failure', reason: 'token_unknown', status: 401 });
  });

  it('at a route of the host are client authentication alone', async () => {
    const options = { issuer, clients: allClients, tenant: 'acme' };
    const app = express();
    app.post('/own', authenticateClient({ ...options, strategies: [clientSecretBasic()] }), (_request, response) => {
      response.end();
    });
    const own = new passport.Passport();
    own.use(new ClientSecretBasicStrategy(options));
    app.post('/passport', own.authenticate('client_secret_basic', { session: false }), (_request, response) => {
      response.end();
    });
    for (const path of ['/own', '/passport']) {
      expect((await request(app).post(path).set(right)).status).toBe(200);
      const refused = await request(app).post(path).set(wrong);
      expect(refused.status).toBe(401);
      const [first, second] = tracing.ended('client_authentication').slice(-2);
      const names = { event: 'client_authentication', issuer, tenant: 'acme', client_id: 'basic-client' };
      expect(first).toMatchObject({ ...names, outcome: 'success', method: 'client_secret_basic' });
      const correlation_id = refused.headers['x-correlation-id'];
      expect(second).toMatchObject({ ...names, outcome: 'failure', reason: 'secret_mismatch', correlation_id });
      expect(second?.parent).toBeUndefined();
    }
    expect(tracing.ended('request')).toEqual([]);
  });
});

describe('the channels of events', () => {
  it('carry what onEvent hears, outcomes apart from warnings, and also without onEvent', async () => {
    const heard: Record<string, AuthorizationServerEvent[]> = { outcome: [], warning: [] };
    const listeners = Object.entries(heard).map(([name, list]) => {
      const listener = (event: unknown) => void list.push(event as AuthorizationServerEvent);
      subscribe(`express-client-auth:${name}`, listener);
      return () => unsubscribe(`express-client-auth:${name}`, listener);
    });
    const server = specServer({ grants: [clientCredentials()], authenticateUser: undefined });
    await server.token(grant, right);
    await server.token(grant, wrong);
    await server.token(grant, { ...right, 'X-SSL-Client-Cert': 'a certificate' });
    for (const stop of listeners) stop();
    await server.token(grant, right);
    expect(server.events).toHaveLength(5);
    const kept = server.events.slice(0, -1);
    expect(heard.outcome).toEqual(kept.filter(({ event }) => event !== 'warning'));
    expect(heard.warning).toEqual(kept.filter(({ event }) => event === 'warning'));
    expect(heard.warning).toHaveLength(1);
    const route = authenticateClient({ issuer, clients: allClients, strategies: [clientSecretBasic()] });
    const outcomes: unknown[] = [];
    const listener = (event: unknown) => void outcomes.push(event);
    subscribe('express-client-auth:outcome', listener);
    await request(
      (message: IncomingMessage, response: ServerResponse) => void route(message, response, () => response.end()),
    )
      .get('/')
      .set(wrong);
    unsubscribe('express-client-auth:outcome', listener);
    expect(outcomes).toEqual([expect.objectContaining({ outcome: 'failure', reason: 'secret_mismatch' })]);
  });
});

describe('tracing', () => {
  it('is not even entered without a subscriber', async () => {
    const stacks: (string | undefined)[] = [];
    const inner = clientCredentials();
    const spying: Grant = {
      ...(inner as Grant),
      validate: (...given) => {
        stacks.push(new Error('here').stack);
        return (inner as Grant).validate(...given);
      },
    };
    const server = specServer({ grants: [spying] });
    await server.token(grant, right);
    tracing.stop();
    const count = tracing.told.length;
    await server.token(grant, right);
    expect(stacks.map((stack) => /tracePromise/.test(stack ?? ''))).toEqual([true, false]);
    expect(tracing.told).toHaveLength(count);
  });

  it.each(['request', 'client_authentication', 'grant'])('may be of %s alone', async (name) => {
    tracing.stop();
    const alone = new TracingSubscriber([name]);
    await specServer().token(grant, right);
    alone.stop();
    expect(alone.ended(name)).toEqual([expect.objectContaining({ client_id: 'basic-client', outcome: 'success' })]);
  });

  it('lets nobody in where the host has answered before the guard could refuse', async () => {
    const { router, last } = specServer();
    for (const guard of [
      protectResource({ authorizationServer: router }),
      authenticateClient({ issuer, clients: allClients, strategies: [clientSecretBasic()] }),
    ]) {
      const beyond: string[] = [];
      const app = express();
      app.use((_request, response, next) => {
        next();
        response.status(503).end();
      });
      app.use(guard, () => void beyond.push('the route'));
      app.use(
        (_error: unknown, _request: unknown, _response: unknown, _next: unknown) => void beyond.push('a mistake'),
      );
      for (const stop of [() => undefined, () => tracing.stop()]) {
        stop();
        expect((await request(app).get('/').set('Authorization', 'Bearer none')).status).toBe(503);
      }
      expect(beyond).toEqual([]);
      tracing = new TracingSubscriber();
    }
    expect(last()).toMatchObject({ event: 'resource', outcome: 'failure', reason: 'token_unknown' });
  });

  it.each([
    [
      'fails',
      () => {
        throw new Error('no context');
      },
    ],
    ['does nothing', () => undefined],
  ])('decides nothing: a store bound to the channels that %s', async (_how, run) => {
    const { router, token } = specServer();
    const app = express();
    app.get('/api', protectResource({ authorizationServer: router }), (_request, response) => void response.end());
    const broken = Object.assign(new AsyncLocalStorage(), { run });
    const starts = ['request', 'client_authentication', 'grant'].map(
      (name) => tracingChannel(`express-client-auth:${name}`).start,
    );
    for (const start of starts) start.bindStore(broken);
    try {
      const issued = await token(grant, right);
      const bearer = `Bearer ${noteSecret(issued.body.access_token)}`;
      expect([issued.status, (await token(grant, wrong)).status]).toEqual([200, 401]);
      expect((await request(app).get('/api').set('Authorization', bearer)).status).toBe(200);
      expect((await request(app).get('/api').set('Authorization', 'Bearer none')).status).toBe(401);
    } finally {
      for (const start of starts) start.unbindStore(broken);
    }
  });

  it('carries no secret, whatever the outcome, and no header that has one', async () => {
    const server = specServer();
    const guess = newSecret();
    const { body } = await server.token(grant, { ...right, Cookie: `session=${guess}`, traceparent: '00-trace' });
    await server.token(grant, { ...right, DPoP: guess });
    await server.token({ ...grant, client_id: 'post-client', client_secret: guess });
    await server.token({ ...grant, client_id: 'post-client', client_secret: secrets.post });
    await server.token({ grant_type: 'authorization_code', code: guess, code_verifier: guess }, right);
    const printed = inspect(tracing.told, { depth: 12, maxStringLength: Infinity, showHidden: true });
    expect(tracing.ended('request')).toHaveLength(5);
    for (const secret of [guess, secrets.basic, secrets.post, body.access_token]) {
      expect(printed).not.toContain(noteSecret(secret));
    }
    expect(printed).not.toContain(right.Authorization);
    const [message] = tracing.ended('request');
    expect(message?.header('TraceParent')).toBe('00-trace');
    for (const name of ['authorization', 'Authorization', 'cookie', 'DPoP', 'proxy-authorization']) {
      expect(message?.header(name)).toBeUndefined();
    }
  });
});
