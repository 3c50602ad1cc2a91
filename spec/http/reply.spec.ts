import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { expect, it } from '@jest/globals';
import { OAuthError } from '../../lib/errors.js';
import {
  basicChallenge,
  nameReply,
  sendEmpty,
  sendError,
  sendJson,
  sendJwt,
  visibleAscii,
} from '../../lib/http/reply.js';
import { exchange } from '../support/http-exchange.js';

const sent = (body: unknown, headers?: OutgoingHttpHeaders) =>
  exchange((_request, response) => sendJson(response, 200, body, headers), {});

it('GEN-09 a JSON reply is not to be stored, unless it says how it may be', async () => {
  const { headers } = await sent({ a: '\u00E9' });
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'content-length': '10',
    'cache-control': 'no-store',
    pragma: 'no-cache',
  });
  const cacheable = await sent({}, { 'Cache-Control': 'public, max-age=300' });
  expect([cacheable.status, cacheable.headers['cache-control'], cacheable.headers.pragma]).toEqual([
    200,
    'public, max-age=300',
    undefined,
  ]);
});

it.each<[string, (response: ServerResponse) => void]>([
  ['JSON', (response) => sendJson(response, 200, {})],
  ['a failure', (response) => sendError(response, new OAuthError('scope_malformed'))],
  ['a JWT', (response) => sendJwt(response, 'a.b.c')],
  ['nothing', (response) => sendEmpty(response, 204)],
  ['no content', (response) => sendEmpty(response, 200)],
])(
  'GEN-09 a reply of %s has the id it was given, beside what was set before, and none otherwise',
  async (_what, send) => {
    const named = await exchange((_request, response) => {
      nameReply(response, 'the-id');
      response.setHeader('Vary', 'Origin');
      send(response);
    }, {});
    expect(named.headers).toMatchObject({ 'x-correlation-id': 'the-id', vary: 'Origin', 'cache-control': 'no-store' });
    const unnamed = await exchange((_request, response) => send(response), {});
    expect(unnamed.status).toBe(named.status);
    expect(unnamed.headers).not.toHaveProperty('x-correlation-id');
  },
);

it.each([
  ['method_not_allowed', {}, 405, { allow: 'POST' }],
  ['method_not_allowed', { allow: 'GET, HEAD' }, 405, { allow: 'GET, HEAD' }],
  ['body_too_large', {}, 413, { connection: 'close' }],
  ['store_unavailable', {}, 503, { 'retry-after': '2' }],
] as const)('GEN-08 %s brings its header', async (reason, detail, status, headers) => {
  const reply = await exchange((_request, response) => sendError(response, new OAuthError(reason, { detail })), {});
  expect(reply).toMatchObject({ status, headers });
  expect(Object.keys(reply.json())).toEqual(['error', 'error_description']);
});

it('GEN-08 a description has the characters of RFC 6749 5.2 and no others', () => {
  const all = Array.from({ length: 300 }, (_, code) => String.fromCharCode(code)).join('');
  expect(visibleAscii(all)).toMatch(/^[\x20-\x21\x23-\x5B\x5D-\x7E]{300}$/);
  expect(visibleAscii('Plain text, (really)!')).toBe('Plain text, (really)!');
});

it('GEN-10 the challenge names realm and error', () => {
  expect(basicChallenge('https://as.example.com')).toBe('Basic realm="https://as.example.com", error="invalid_client"');
});
