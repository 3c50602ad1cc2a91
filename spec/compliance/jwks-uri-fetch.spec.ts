import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OptionsError } from '../../index.js';
import { accepted, present, refused } from '../support/assertion-requests.js';
import { json } from '../support/document-server.js';
import { first, JwksUriServer } from '../support/jwks-uri-server.js';
import { assertion, assertionType, issuer } from '../support/methods.js';

const unavailable = refused('key_set_unavailable');
let remote: JwksUriServer;
beforeEach(async () => {
  remote = await JwksUriServer.start();
});
afterEach(() => remote.stop());

describe('PKJ-07 a fetch that fails is a failed authentication', () => {
  const big = () => JSON.stringify({ keys: [first.jwk], pad: 'p'.repeat(300_000) });
  const failures: [string, JwksUriServer['documents']['answer']][] = [
    ['404', (_request, response) => response.writeHead(404).end()],
    ['500 with detail', (_request, response) => response.writeHead(500).end('inner secret')],
    ['204', (_request, response) => response.writeHead(204).end()],
    [
      '206',
      (_request, response) =>
        response.writeHead(206, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [first.jwk] })),
    ],
    ['no JSON', (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('<html>')],
    [
      'HTML',
      (_request, response) =>
        response.writeHead(200, { 'content-type': 'text/html' }).end(JSON.stringify({ keys: [first.jwk] })),
    ],
    ['no key set', json({ key: [first.jwk] })],
    ['keys that are no array', json({ keys: { 0: first.jwk } })],
    ['an array', json([first.jwk])],
    ['null', json(null)],
    ['nothing', (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end()],
    ['too much', (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(big())],
    [
      'too much, announced',
      (_request, response) =>
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 300_000 }).end(),
    ],
    [
      'a gzip body',
      (_request, response) =>
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end('x'),
    ],
    ['a closed connection', (request) => request.socket.destroy()],
    [
      'half a body',
      (request, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json', 'content-length': 500 })
          .write('{"keys":[', () => request.socket.destroy()),
    ],
  ];

  it.each(failures)('PKJ-07 %s', async (_name, answer) => {
    remote.documents.answer = answer;
    const { status, body, text } = await remote.server.token({
      grant_type: 'client_credentials',
      client_assertion: await remote.make(first),
      client_assertion_type: assertionType,
    });
    expect({ status, error: body.error, reason: remote.server.last().reason }).toEqual(unavailable);
    for (const inner of ['jwks', remote.documents.host, 'inner secret', 'fetch']) expect(text).not.toContain(inner);
    expect(remote.server.last().detail).toMatchObject({ client_id: 'remote', jwks_uri: remote.documents.url() });
    expect(JSON.stringify(remote.server.events)).not.toContain('inner secret');
    remote.publish([first.jwk]);
    expect(await remote.use(first)).toEqual(unavailable);
    expect(remote.fetches).toBe(1);
    remote.later(30);
    expect(await remote.use(first)).toEqual(accepted);
  });

  it.each([301, 302, 303, 307, 308])('PKJ-07 a redirect by %d is not followed', async (status) => {
    remote.documents.answer = (request, response) => {
      if (request.url === '/jwks') response.writeHead(status, { location: remote.documents.url('/moved') }).end();
      else json({ keys: [first.jwk] })(request, response);
    };
    expect(await remote.use(first)).toEqual(unavailable);
    expect(remote.documents.requests.map(({ url }) => url)).toEqual(['/jwks']);
  });

  it('PKJ-07 an answer that never ends is given up, and other clients are served meanwhile', async () => {
    const timers: NodeJS.Timeout[] = [];
    remote.documents.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      timers.push(setInterval(() => response.write(' '), 100));
    };
    const started = performance.now();
    const waiting = remote.use(first);
    expect(await present(remote.server, await assertion('private-key-client', { now: remote.now }))).toEqual(accepted);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(await waiting).toEqual(unavailable);
    expect(performance.now() - started).toBeLessThan(8000);
    for (const timer of timers) clearInterval(timer);
    expect(remote.server.last().detail).toMatchObject({ problem: expect.stringContaining('3000 ms') });
  });

  it('PKJ-07 a certificate nobody vouches for is refused', async () => {
    remote.server = remote.serving(remote.documents.url(), {
      outbound: { allow_private_hosts: [remote.documents.host] },
    });
    expect(await remote.use(first)).toEqual(unavailable);
    expect(remote.fetches).toBe(0);
  });

  it.each([
    '127.0.0.1',
    'localhost',
    '127.1',
    '0x7f000001',
    '2130706433',
    '0.0.0.0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '10.0.0.1',
    '192.168.1.1',
    '172.16.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '[fe80::1]',
    '[fd00::1]',
  ])('PKJ-07 %s is not reached unless an exception names it', async (host) => {
    const port = remote.documents.host.split(':')[1];
    remote.server = remote.serving(`https://${host}:${port}/jwks`, { outbound: { ca: remote.documents.ca } });
    expect(await remote.use(first)).toEqual(unavailable);
    expect(JSON.stringify(remote.server.last().detail)).toContain('not a global address');
    expect(remote.fetches).toBe(0);
  });

  it('PKJ-07 an exception is for its port alone', async () => {
    const port = Number(remote.documents.host.split(':')[1]);
    remote.server = remote.serving(remote.documents.url(), {
      outbound: { allow_private_hosts: [`127.0.0.1:${port - 1}`], ca: remote.documents.ca },
    });
    expect(await remote.use(first)).toEqual(unavailable);
    remote.server = remote.serving();
    expect(await remote.use(first)).toEqual(accepted);
  });

  it.each([
    'http://127.0.0.1:8080/jwks',
    'ftp://client.example/jwks',
    'file:///etc/passwd',
    'https://user:pass@client.example/jwks',
    'https://client.example/jwks#x',
    'data:application/json,{}',
    '/jwks',
    '',
  ])('PKJ-07 the jwks_uri "%s" is refused when the client is made', (uri) => {
    expect(() => remote.serving(uri)).toThrow(OptionsError);
  });

  it('PKJ-07 plain HTTP behind the port is not spoken to', async () => {
    let requests = 0;
    const plain = createServer((_request, response) => {
      requests += 1;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [first.jwk] }));
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(plain.address() as AddressInfo).port}`;
    remote.server = remote.serving(`https://${host}/jwks`, { outbound: { allow_private_hosts: [host] } });
    expect(await remote.use(first)).toEqual(unavailable);
    expect(requests).toBe(0);
    await new Promise((resolve) => plain.close(resolve));
  });

  it('PKJ-07 the issuer of the assertion names no URL', async () => {
    const claims = { iss: remote.documents.url(), sub: remote.documents.url(), aud: issuer };
    expect(
      await present(remote.server, await assertion('x', { claims, key: first.privateKey, now: remote.now })),
    ).toEqual(refused('unknown_client'));
    expect(remote.fetches).toBe(0);
  });
});
