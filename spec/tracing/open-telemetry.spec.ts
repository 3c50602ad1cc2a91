import { execFile } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect, promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import request from 'supertest';
import { authenticateClient, clientSecretBasic, traceWithOpenTelemetry } from '../../index.js';
import { compiledLib } from '../support/compiled-lib.js';
import {
  allClients,
  assertion,
  assertionType,
  basicHeader,
  clientPerMethod,
  issuer,
  newSecret,
  secrets,
} from '../support/methods.js';
import { SpanExporter } from '../support/span-exporter.js';
import { specServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';

const grant = { grant_type: 'client_credentials', scope: 'read' };
const right = { Authorization: basicHeader('basic-client', secrets.basic) };
const wrong = { Authorization: basicHeader('basic-client', newSecret()) };
const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${spanId}-01`;

const brokenProcessor = {
  isBroken: false,
  onStart() {
    if (this.isBroken) throw new RangeError('the processor is broken');
  },
  onEnd() {
    if (this.isBroken) throw new RangeError('the processor is broken');
  },
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
};
const exporter = new SpanExporter(brokenProcessor);
let stop: () => void;
beforeAll(async () => {
  stop = await traceWithOpenTelemetry();
});
afterEach(() => exporter.reset());
afterAll(() => stop());

const inDemo = () => specServer({ tenant: 'acme', workspace: 'demo' });

describe('a token request', () => {
  it('is a span, with client authentication and grant as its children', async () => {
    const reply = await inDemo().token(grant, right);
    expect(exporter.spans.map(({ name }) => name)).toEqual([
      'oauth.client_authentication',
      'oauth.grant',
      'oauth.token',
    ]);
    const whole = exporter.one('oauth.token');
    const names = {
      'oauth.endpoint': 'token',
      'oauth.issuer': issuer,
      'oauth.tenant': 'acme',
      'oauth.workspace': 'demo',
      'oauth.correlation_id': reply.headers['x-correlation-id'],
      'oauth.outcome': 'success',
      'oauth.client_id': 'basic-client',
      'oauth.client_authentication.method': 'client_secret_basic',
      'oauth.client_authentication.secret_id': expect.any(String),
    };
    const granted = { 'oauth.grant_type': 'client_credentials', 'oauth.scope': 'read' };
    expect(whole.attributes).toEqual({ ...names, ...granted, 'http.response.status_code': 200 });
    expect([whole.kind, whole.status.code, whole.parent]).toEqual([SpanKind.SERVER, SpanStatusCode.UNSET, undefined]);
    expect(exporter.one('oauth.client_authentication').attributes).toEqual(names);
    expect(exporter.one('oauth.grant').attributes).toEqual({ ...names, ...granted });
    for (const part of ['oauth.client_authentication', 'oauth.grant']) {
      const { kind, parent, traceId } = exporter.one(part);
      expect(kind).toBe(SpanKind.INTERNAL);
      expect(parent?.spanId).toBe(whole.spanId);
      expect(traceId).toBe(whole.traceId);
    }
  });

  it('that fails has the public error as status, and the private reason as attribute', async () => {
    const reply = await inDemo().token(grant, wrong);
    expect(reply.status).toBe(401);
    for (const name of ['oauth.token', 'oauth.client_authentication']) {
      const { status, attributes } = exporter.one(name);
      expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'invalid_client' });
      expect(attributes).toMatchObject({
        'oauth.outcome': 'failure',
        'oauth.error': 'invalid_client',
        'oauth.reason': 'secret_mismatch',
        'oauth.client_id': 'basic-client',
        'error.type': 'invalid_client',
      });
    }
    expect(exporter.one('oauth.token').attributes).toMatchObject({ 'http.response.status_code': 401 });
    expect(exporter.spans).toHaveLength(2);
  });

  it('whose grant fails has an authentication that did not', async () => {
    await inDemo().token({ ...grant, scope: 'admin' }, right);
    expect(exporter.one('oauth.client_authentication').status.code).toBe(SpanStatusCode.UNSET);
    for (const name of ['oauth.grant', 'oauth.token']) {
      expect(exporter.one(name).status).toEqual({ code: SpanStatusCode.ERROR, message: 'invalid_scope' });
      expect(exporter.one(name).attributes['oauth.reason']).toBe('scope_not_allowed');
    }
  });
});

describe('the parent of a request', () => {
  it('is what traceparent names', async () => {
    await inDemo().token(grant, { ...right, traceparent });
    const { traceId: asked, parent, kind } = exporter.one('oauth.token');
    expect(asked).toBe(traceId);
    expect(parent).toMatchObject({ spanId, isRemote: true });
    expect(kind).toBe(SpanKind.SERVER);
    expect(exporter.one('oauth.grant').traceId).toBe(traceId);
  });

  it.each([
    ['malformed', { traceparent: `00-${traceId}-${spanId}` }],
    ['of zeros', { traceparent: `00-${'0'.repeat(32)}-${spanId}-01` }],
    ['there twice', { traceparent: `${traceparent}, ${traceparent}` }],
  ])('is nobody where traceparent is %s', async (_name, headers) => {
    expect((await inDemo().token(grant, { ...right, ...headers })).status).toBe(200);
    const { traceId: own, parent } = exporter.one('oauth.token');
    expect(own).not.toBe(traceId);
    expect(parent).toBeUndefined();
  });

  it('is the span that the host has begun, whatever the caller says', async () => {
    const tracer = trace.getTracer('host');
    const { router } = inDemo();
    const inSpan = (message: IncomingMessage, response: ServerResponse) =>
      tracer.startActiveSpan('host', (span) => {
        response.on('finish', () => span.end());
        router(message, response);
      });
    await request(inSpan)
      .post('/oauth2/token')
      .set({ ...right, traceparent })
      .type('form')
      .send(grant);
    const { parent, kind } = exporter.one('oauth.token');
    expect(parent?.spanId).toBe(exporter.one('host').spanId);
    expect(kind).toBe(SpanKind.INTERNAL);
  });
});

it('spans that others make meanwhile are children of the part they are made in', async () => {
  const tracer = trace.getTracer('host');
  const find = (clientId: string) =>
    tracer.startActiveSpan('SELECT', async (span) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      span.end();
      return allClients.find(({ client_id }) => client_id === clientId) ?? null;
    });
  const tokenClaims = async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    tracer.startSpan('claims').end();
    return {};
  };
  await specServer({ clients: { find }, access_token_format: 'jwt', tokenClaims }).token(grant, right);
  const parentOf = (name: string) => exporter.one(name).parent?.spanId;
  expect(parentOf('SELECT')).toBe(exporter.one('oauth.client_authentication').spanId);
  expect(parentOf('claims')).toBe(exporter.one('oauth.grant').spanId);
});

it.each([
  ['introspection', '/oauth2/introspect'],
  ['revocation', '/oauth2/revoke'],
  ['par', '/oauth2/par'],
])('%s is a span with client authentication as its child', async (event, path) => {
  const { router } = inDemo();
  await request(router).post(path).set(wrong).type('form').send({ token: 'unknown' });
  const { attributes, spanId: whole } = exporter.one(`oauth.${event}`);
  expect(attributes).toMatchObject({ 'oauth.endpoint': event, 'oauth.reason': 'secret_mismatch' });
  expect(exporter.one('oauth.client_authentication').parent?.spanId).toBe(whole);
});

it('a route of the host has the span of client authentication alone', async () => {
  const route = authenticateClient({ issuer, clients: allClients, strategies: [clientSecretBasic()] });
  const handler = (message: IncomingMessage, response: ServerResponse) =>
    void route(message, response, () => response.end());
  await request(handler)
    .get('/')
    .set({ ...right, traceparent });
  expect(exporter.spans).toHaveLength(1);
  const { attributes, parent } = exporter.one('oauth.client_authentication');
  expect(attributes).toMatchObject({ 'oauth.endpoint': 'client_authentication', 'oauth.outcome': 'success' });
  expect(parent?.spanId).toBe(spanId);
});

it('no span has a secret, code, assertion or token in it, right or wrong', async () => {
  const server = specServer({ access_token_format: 'opaque' });
  const guess = newSecret();
  const [good, bad] = [await assertion('private-key-client'), `${await assertion('private-key-client')}x`];
  const asserting = (client_assertion: string) => ({
    ...grant,
    client_assertion,
    client_assertion_type: assertionType,
  });
  const { access_token } = (await server.token(grant, right)).body;
  const sent: Record<string, string>[] = [
    { ...grant, client_id: 'post-client', client_secret: secrets.post },
    { ...grant, client_id: 'post-client', client_secret: guess },
    asserting(noteSecret(good)),
    asserting(noteSecret(bad)),
    { grant_type: `client_credentials;client_secret=${guess}`, client_id: 'post-client', client_secret: secrets.post },
    {
      client_id: clientPerMethod.none.client_id,
      grant_type: 'authorization_code',
      code: guess,
      code_verifier: guess,
      redirect_uri: 'https://app.example.com/callback',
    },
  ];
  for (const parameters of sent) await server.token(parameters);
  await server.token(
    { ...grant, Cookie: guess },
    { ...right, Cookie: `session=${guess}`, DPoP: guess, baggage: 'a=b' },
  );
  await request(server.router).post('/oauth2/introspect').set(right).type('form').send({ token: access_token });
  await request(server.router).get('/userinfo').set('Authorization', `Bearer ${access_token}`);
  const told = exporter.spans;
  expect(told.filter(({ name }) => name === 'oauth.token')).toHaveLength(8);
  expect(told.filter(({ attributes }) => attributes['oauth.outcome'] === 'failure').length).toBeGreaterThan(5);
  const printed = inspect(told, { depth: 12, maxStringLength: Infinity, showHidden: true });
  for (const secret of [guess, good, bad, access_token, secrets.post, secrets.basic, right.Authorization]) {
    expect(printed).not.toContain(noteSecret(secret));
  }
});

describe('tracing', () => {
  it('makes no span twice, and none once it has been ended', async () => {
    const again = await traceWithOpenTelemetry();
    await inDemo().token(grant, right);
    expect(exporter.spans).toHaveLength(3);
    again();
    again();
    await inDemo().token(grant, right);
    expect(exporter.spans).toHaveLength(3);
    stop = await traceWithOpenTelemetry();
    await inDemo().token(grant, right);
    expect(exporter.spans).toHaveLength(6);
  });

  it('that is broken is no matter of the request', async () => {
    brokenProcessor.isBroken = true;
    expect((await inDemo().token(grant, right)).status).toBe(200);
    expect((await inDemo().token(grant, wrong)).body.error).toBe('invalid_client');
    brokenProcessor.isBroken = false;
    exporter.reset();
    await inDemo().token(grant, right);
    expect(exporter.spans).toHaveLength(3);
  });

  it('without the package is refused with what to install, and nothing else misses it', async () => {
    const hooks = `export async function resolve(name, context, next) {
      if (!name.startsWith('@opentelemetry/')) return next(name, context);
      throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    }`;
    const program = `
      import { register } from 'node:module';
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
      const library = await import(${JSON.stringify(pathToFileURL(join(compiledLib(), 'index.js')).href)});
      const { issuer, clients } = { issuer: 'https://as.example.com', clients: [] };
      const strategies = library.standardStrategies();
      library.grantRouter({ issuer, clients, strategies, grants: [library.clientCredentials()] });
      console.log(await library.traceWithOpenTelemetry().then(() => 'traced', ({ message }) => message));`;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
    expect((await run).stdout).toBe(
      'OpenTelemetry needs the package @opentelemetry/api, which cannot be loaded: npm install @opentelemetry/api\n',
    );
  });
});
