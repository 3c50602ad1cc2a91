import { once } from 'node:events';
import { createServer as createHttpServer, IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import express from 'express';
import { authenticateClient, type GrantRouter, standardStrategies } from '../index.js';
import { memoryStore } from '../lib/stores/memory.js';
import { exchange, exchangeOctets, formType, type SentRequest, whileListening } from './support/http-exchange.js';
import { allClients, basicHeader, ca, issuer, secrets } from './support/methods.js';
import { specServer, tlsServer } from './support/spec-server.js';
import { trustingFetch } from './support/trusting-fetch.js';

const authorization = basicHeader('basic-client', secrets.basic);
const post = `client_id=post-client&client_secret=${secrets.post}`;

/** Requests, good and bad, whose replies must not depend on how the router is mounted. */
const requests: readonly (readonly [name: string, sent: SentRequest, status: number])[] = [
  ['Basic', { headers: { authorization }, body: 'grant_type=client_credentials&scope=read+write' }, 200],
  ['post', { body: `grant_type=client_credentials&${post}` }, 200],
  [
    'an escaped name and value',
    { headers: { authorization }, body: 'gr%61nt_type=client%5Fcredentials&scope=read' },
    200,
  ],
  [
    'an empty parameter',
    { headers: { authorization }, body: 'grant_type=client_credentials&client_secret=&scope=' },
    200,
  ],
  [
    'array and member names',
    {
      headers: { authorization },
      body: 'grant_type=client_credentials&scope[]=x&client_secret[a]=y&a[b][c]=d&a[0][toString]=e',
    },
    200,
  ],
  ['an array name alone', { headers: { authorization }, body: 'grant_type[]=client_credentials' }, 400],
  ['__proto__', { headers: { authorization }, body: '__proto__[grant_type]=client_credentials&__proto__=x' }, 400],
  [
    'grant_type twice',
    { headers: { authorization }, body: 'grant_type=client_credentials&grant_type=client_credentials' },
    400,
  ],
  [
    'resource twice',
    { headers: { authorization }, body: `grant_type=client_credentials&resource=${issuer}&resource=${issuer}` },
    200,
  ],
  ['two methods', { headers: { authorization }, body: `grant_type=client_credentials&${post}` }, 400],
  ['a wrong secret', { body: `grant_type=client_credentials&${post}x` }, 401],
  ['nobody', { body: 'grant_type=client_credentials' }, 401],
  ['an empty body', { headers: { authorization }, body: '' }, 400],
  ['no body', { headers: { authorization } }, 400],
  ['a GET', { method: 'GET', headers: { authorization } }, 405],
  ['a chunked body', { headers: { authorization }, body: 'grant_type=client_credentials', chunked: true }, 200],
  [
    'JSON',
    { headers: { authorization, 'content-type': 'application/json' }, body: '{"grant_type":"client_credentials"}' },
    400,
  ],
];

type Mount = (router: GrantRouter) => RequestListener;

const emptyBody: express.RequestHandler = (request, _response, next) => {
  // As parsers of Express 4 do with what they do not read.
  request.body = request.body ?? {};
  next();
};

const mounts: Readonly<Record<string, Mount>> = {
  'straight under node:http': (router) => router,
  'in Express at the root': (router) => express().use(router),
  'in Express with other routes around it': (router) =>
    express()
      .get('/hello', (_request, response) => void response.send('hello'))
      .use(router)
      .use((_request, response) => void response.status(418).end()),
  'in a nested express.Router': (router) => express().use(express.Router().use(express.Router().use(router))),
  'under a mount path': (router) => express().use('/oauth2', router),
  'at its own path with post': (router) => express().all('/oauth2/token', router),
  'behind express.urlencoded': (router) => express().use(express.urlencoded(), router),
  'behind express.urlencoded, extended': (router) => express().use(express.urlencoded({ extended: true }), router),
  'behind express.json': (router) => express().use(express.json(), router),
  'behind both parsers': (router) => express().use(express.json(), express.urlencoded({ extended: true }), router),
  'behind express.text for forms': (router) => express().use(express.text({ type: formType }), router),
  'behind express.raw for forms': (router) => express().use(express.raw({ type: formType }), router),
  'behind a parser that leaves an empty body': (router) => express().use(emptyBody, router),
};

describe.each(Object.entries(mounts))('%s', (_mount, mount) => {
  it.each(requests)('%s gets the same reply', async (_name, sent, status) => {
    const mounted = specServer();
    const bare = specServer();
    const [reply, expected] = [await exchange(mount(mounted.router), sent), await exchange(bare.router, sent)];
    const comparable = ({ headers, text }: typeof reply) => ({
      headers: { ...headers, date: '', 'x-correlation-id': '', 'x-powered-by': undefined },
      text: text.replace(/"access_token":"[\w-]{43}"/, '"access_token":""'),
    });
    expect([reply.status, mounted.last().reason]).toEqual([status, bare.last().reason]);
    expect(comparable(reply)).toEqual(comparable(expected));
    expect(mounted.events).toHaveLength(1);
  });
});

it('answers under https.createServer(options, router)', async () => {
  const { router } = specServer();
  const server = await tlsServer(router);
  const fetch = trustingFetch({ ca: ca.cert });
  const send = (headers: Record<string, string>) =>
    fetch(`${server.origin}/oauth2/token`, {
      method: 'POST',
      headers: { 'content-type': formType, ...headers },
      body: 'grant_type=client_credentials',
    });
  expect((await send({ authorization })).status).toBe(200);
  expect((await send({})).status).toBe(401);
  expect((await fetch(`${server.origin}/elsewhere`)).status).toBe(404);
  server.close();
  await once(server, 'close');
});

it('an issuer with a path works at the root and under a mount prefix of that path, and nowhere else', async () => {
  const { router } = specServer({ issuer: 'https://as.example.com/acme/demo' });
  const sent = { headers: { authorization }, body: 'grant_type=client_credentials' };
  const at = (path: string) => ({ ...sent, path });
  for (const handler of [
    router,
    express().use(router),
    express().use('/acme', router),
    express().use('/acme/demo', router),
  ]) {
    expect((await exchange(handler, at('/acme/demo/oauth2/token'))).status).toBe(200);
    for (const path of [
      '/oauth2/token',
      '/acme/demo/oauth2/token/',
      '/acme/demo/oauth2',
      '/acme/demo//oauth2/token',
      '/acme/demo/OAuth2/token',
    ]) {
      expect([path, (await exchange(handler, at(path))).status]).toEqual([path, 404]);
    }
  }
});

it('takes a request target in absolute form, which RFC 9112 3.2.2 asks of every server', async () => {
  const { router, last } = specServer();
  const target = (path: string) => ({
    headers: { authorization },
    body: 'grant_type=client_credentials',
    path: `http://anything.example${path}`,
  });
  expect((await exchange(router, target('/oauth2/token'))).status).toBe(200);
  expect((await exchange(router, target('/oauth2/token?client_secret=x'))).status).toBe(400);
  expect(last().reason).toBe('credentials_in_query');
  expect((await exchange(router, target(''))).status).toBe(404);
});

it('hands what is not its own to next, untouched and without an event', async () => {
  const { router, events } = specServer();
  const app = express()
    .use(router)
    .use(express.urlencoded(), (request, response) => {
      response.setHeader('x-mine', 'yes').json({ url: request.url, body: request.body });
    });
  const reply = await exchange(app, { path: '/mine?a=b', body: 'c=d' });
  expect(reply.json()).toEqual({ url: '/mine?a=b', body: { c: 'd' } });
  expect([reply.headers['x-correlation-id'], reply.headers['x-mine'], events]).toEqual([undefined, 'yes', []]);
});

it.each([
  '/',
  '/oauth2',
  '/oauth2/tokens',
  '/OAUTH2/TOKEN',
  '/constructor',
  '/__proto__',
  '//oauth2/token',
  '/oauth2/introspection',
  '/oauth2/revoke/',
  '/oauth2/nothing',
])('without next, %s is 404 as JSON', async (path) => {
  const { router, events } = specServer();
  const reply = await exchange(router, { path, body: 'a=b' });
  expect([reply.status, reply.json(), reply.headers['content-type'], events]).toEqual([
    404,
    { error: 'not_found' },
    'application/json',
    [],
  ]);
});

it('calls next once, and never for its own paths', async () => {
  const { router } = specServer();
  const passed: (string | undefined)[] = [];
  const handler: RequestListener = (request, response) => {
    router(request, response, (error) => {
      passed.push(request.url);
      response.statusCode = error ? 500 : 204;
      response.end();
    });
  };
  expect((await exchange(handler, { path: '/other', body: '' })).status).toBe(204);
  expect((await exchange(handler, { body: 'grant_type=client_credentials' })).status).toBe(401);
  expect(passed).toEqual(['/other']);
});

/** Reads a whole body and keeps it, as careless logging does. */
const swallow: express.RequestHandler = (request, _response, next) => {
  request.on('data', () => undefined);
  request.on('end', () => next());
};

it('a body that something read and lost is 500 at once, and the event names the fix', async () => {
  const { router, last, events } = specServer();
  const started = performance.now();
  const reply = await exchange(express().use(swallow, router), {
    headers: { authorization },
    body: 'grant_type=client_credentials',
  });
  expect(performance.now() - started).toBeLessThan(2000);
  expect([reply.status, reply.json().error, last().reason]).toEqual([500, 'server_error', 'body_already_consumed']);
  expect(last().detail?.fix).toMatch(/Mount the router before it.*request\.body/);
  expect(events).toHaveLength(1);
  expect(
    (
      await exchange(express().use(router, swallow), {
        headers: { authorization },
        body: 'grant_type=client_credentials',
      })
    ).status,
  ).toBe(200);
});

it('the same at authenticateClient', async () => {
  const guard = authenticateClient({ issuer, clients: allClients, strategies: standardStrategies() });
  const app = (...before: express.RequestHandler[]) =>
    express().post('/oauth2/token', ...before, guard, (request, response) => void response.json(request.body));
  const sent = { body: `a=1&b=2&b=3&${post}` };
  expect((await exchange(app(swallow), sent)).status).toBe(500);
  const read = { a: '1', b: ['2', '3'], client_id: 'post-client', client_secret: secrets.post };
  expect((await exchange(app(), sent)).json()).toEqual(read);
  expect((await exchange(app(express.urlencoded()), sent)).json()).toEqual(read);
});

it('an empty body that something read is an empty body, and no wait', async () => {
  const { router, last } = specServer();
  const reply = await exchange(express().use(swallow, router), { headers: { authorization }, body: '' });
  expect([reply.status, last().reason]).toEqual([400, 'parameter_missing']);
});

it('a client that went away while something else took its time is one event, and no wait', async () => {
  const { router, events, last } = specServer();
  const slow: RequestListener = (request, response) => {
    request.once('close', () => setImmediate(() => router(request, response)));
  };
  await whileListening(slow, async (port) => {
    const head = `POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Type: ${formType}\r\nContent-Length: 100\r\n\r\n`;
    await exchangeOctets(port, head, 'reset');
    while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect([events.length, last().reason]).toEqual([1, 'body_malformed']);
  });
});

/** A request and a response as node:http makes them, with no server and no Express near. */
function plainPair(headers: Record<string, string>, body: string) {
  const written: Buffer[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk);
      done();
    },
  });
  const request = new IncomingMessage(socket as unknown as Socket);
  Object.assign(request, {
    method: 'POST',
    url: '/oauth2/token',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    complete: true,
  });
  for (const [name, value] of Object.entries({ 'content-type': formType, ...headers })) {
    request.rawHeaders.push(name, value);
    request.headers[name.toLowerCase()] = value;
  }
  request.push(body);
  request.push(null);
  const response = new ServerResponse(request);
  response.assignSocket(socket as unknown as Socket);
  return { request, response, written: () => Buffer.concat(written).toString() };
}

/** Remembers every member that is read and that Node does not have. */
function watched<T extends object>(target: T, foreign: Set<string>): T {
  return new Proxy(target, {
    get(object, name) {
      if (!(name in object)) foreign.add(String(name));
      const member: unknown = Reflect.get(object, name, object);
      return typeof member === 'function' ? member.bind(object) : member;
    },
    set: (object, name, value) => Reflect.set(object, name, value, object),
  });
}

it("uses Node's own members alone, beside the body of a parser and the original URL", async () => {
  for (const [headers, body, status] of [
    [{ Authorization: authorization }, 'grant_type=client_credentials', '200 OK'],
    [{}, `grant_type=client_credentials&${post}`, '200 OK'],
    [{}, `grant_type=client_credentials&${post}x`, '401 Unauthorized'],
  ] as const) {
    const foreign = new Set<string>();
    const { request, response, written } = plainPair(headers as Record<string, string>, body);
    const server = specServer();
    server.router(watched(request, foreign), watched(response, foreign));
    while (server.events.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(written()).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\n`));
    expect([...foreign].filter((name) => !['body', 'originalUrl'].includes(name))).toEqual([]);
  }
});

it('does not need a store that is ready, nor says it is ready without one', async () => {
  const store = memoryStore();
  const { router } = specServer({ store });
  await expect(router.ready()).resolves.toBeUndefined();
  await router.close();
  await expect(router.ready()).rejects.toThrow();
  expect(createHttpServer(router).listenerCount('request')).toBe(1);
});
