import { gzipSync } from 'node:zlib';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exchange, exchangeAt, exchangeOctets, type SentRequest, whileListening } from '../support/http-exchange.js';
import { basicHeader, secrets } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';

const good = 'grant_type=client_credentials';
const authorization = basicHeader('basic-client', secrets.basic);
const megabytes = 5 * 1024 * 1024;
const plain = (text: string) => `Basic ${Buffer.from(text, 'latin1').toString('base64')}`;

type Case = readonly [name: string, sent: SentRequest, reason: string, status?: number, error?: string];

const body = (text: string | Buffer): SentRequest => ({ body: text });
const typed = (type: string | undefined, text: string | Buffer = good): SentRequest => ({
  headers: { 'content-type': type },
  body: text,
});
const authorized = (value: string | readonly string[]): SentRequest => ({
  headers: { authorization: value },
  body: good,
});
const method = (name: string): Case => [
  `method ${name}`,
  { method: name, ...(name === 'POST' && { body: good }) },
  'method_not_allowed',
  405,
];
const unauthorized = [401, 'invalid_client'] as const;
const unsupported = ['grant_type_unsupported', 400, 'unsupported_grant_type'] as const;
const badScope = ['scope_malformed', 400, 'invalid_scope'] as const;

const cases: readonly Case[] = [
  ['no body', {}, 'parameter_missing'],
  ['no media type', typed(undefined), 'media_type_unsupported'],
  ['an empty media type', typed(';charset=utf-8'), 'media_type_unsupported'],
  ['plain text', typed('text/plain'), 'media_type_unsupported'],
  [
    'JSON where it is not accepted',
    typed('application/json', '{"grant_type":"client_credentials"}'),
    'media_type_unsupported',
  ],
  [
    'multipart',
    typed(
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nclient_credentials\r\n--b--',
    ),
    'media_type_unsupported',
  ],
  ['XML', typed('application/xml', '<grant_type>client_credentials</grant_type>'), 'media_type_unsupported'],
  ['a longer media type', typed('application/x-www-form-urlencoded2'), 'media_type_unsupported'],
  ['a list of media types', typed('application/x-www-form-urlencoded, text/plain'), 'media_type_unsupported'],
  [
    'two Content-Type headers, JSON first',
    { headers: { 'content-type': ['application/json', 'application/x-www-form-urlencoded'] }, body: good },
    'media_type_unsupported',
  ],
  ['a gzip body', { headers: { 'content-encoding': 'gzip' }, body: gzipSync(good) }, 'media_type_unsupported'],
  ['a body said to be deflated', { headers: { 'content-encoding': 'deflate' }, body: good }, 'media_type_unsupported'],
  ['two codings', { headers: { 'content-encoding': 'identity, gzip' }, body: good }, 'media_type_unsupported'],
  ['a gzip body that does not say so', body(gzipSync(good)), 'body_malformed'],
  ['%ZZ', body(`${good}&x=%ZZ`), 'body_malformed'],
  ['a percent sign at the end', body(`${good}&x=1%`), 'body_malformed'],
  ['half an escape', body(`${good}&x=%4`), 'body_malformed'],
  ['%u0041', body(`${good}&x=%u0041`), 'body_malformed'],
  ['an overlong escape', body(`${good}&x=%C0%AF`), 'body_malformed'],
  ['an escaped surrogate', body(`${good}&x=%ED%A0%80`), 'body_malformed'],
  ['an escaped octet that is no UTF-8', body(`${good}&x=%FF`), 'body_malformed'],
  ['Latin-1 in an escape', body(`${good}&x=%E9t%E9`), 'body_malformed'],
  ['a malformed name', body(`${good}&%FF=1`), 'body_malformed'],
  ['a malformed name without a value', body(`${good}&%`), 'body_malformed'],
  ['raw octets that are no UTF-8', body(Buffer.from(`${good}&x=\xFF`, 'latin1')), 'body_malformed'],
  ['a UTF-8 sequence cut short', body(Buffer.from(`${good}&x=\xC3`, 'latin1')), 'body_malformed'],
  ['grant_type twice', body(`${good}&${good}`), 'parameter_repeated'],
  ['grant_type twice, one name escaped', body(`${good}&%67rant_type=client_credentials`), 'parameter_repeated'],
  ['scope twice', body(`${good}&scope=read&scope=write`), 'parameter_repeated'],
  ['client_id twice', body(`${good}&client_id=basic-client&client_id=basic-client`), 'parameter_repeated'],
  ['client_secret twice', body(`${good}&client_secret=a&client_secret=a`), 'parameter_repeated'],
  ['client_assertion twice', body(`${good}&client_assertion=a&client_assertion=a`), 'parameter_repeated'],
  ['code twice', body('grant_type=authorization_code&code=a&code=b'), 'parameter_repeated'],
  ['an array name', body('grant_type[]=client_credentials'), 'parameter_missing'],
  ['an index name', body('grant_type[0]=client_credentials'), 'parameter_missing'],
  ['a member name', body('grant_type[x]=client_credentials'), 'parameter_missing'],
  ['__proto__', body('__proto__=client_credentials'), 'parameter_missing'],
  ['a member of __proto__', body('__proto__[grant_type]=client_credentials'), 'parameter_missing'],
  [
    'a member of constructor.prototype',
    body('constructor[prototype][grant_type]=client_credentials'),
    'parameter_missing',
  ],
  ['deep arrays', body(`a${'[0]'.repeat(5000)}=1`), 'parameter_missing'],
  ['20,000 parameters', body('a=&'.repeat(20_000)), 'parameter_missing'],
  ['semicolons for ampersands', body(`a=1;${good}`), 'parameter_missing'],
  ['JSON called a form', body('{"grant_type":"client_credentials"}'), 'parameter_missing'],
  ['a byte order mark', body(`\uFEFF${good}`), 'parameter_missing'],
  ['UTF-16', body(Buffer.from(good, 'utf16le')), 'parameter_missing'],
  ['an escaped NUL in grant_type', body(`${good}%00`), ...unsupported],
  ['a raw NUL in grant_type', body(`${good}\0`), ...unsupported],
  ['a line end in grant_type', body(`${good}%0D%0Ax`), ...unsupported],
  ['a capital in grant_type', body('grant_type=Client_Credentials'), ...unsupported],
  ['a space before grant_type', body('grant_type=+client_credentials'), ...unsupported],
  ['a method of Object as grant_type', body('grant_type=constructor'), ...unsupported],
  ['a long grant_type', body(`grant_type=${'x'.repeat(60_000)}`), ...unsupported],
  ['NUL in scope', body(`${good}&scope=read%00`), ...badScope],
  ['a quote in scope', body(`${good}&scope=%22read%22`), ...badScope],
  ['a backslash in scope', body(`${good}&scope=%5Cread`), ...badScope],
  ['a tab in scope', body(`${good}&scope=read%09write`), ...badScope],
  ['a long scope', body(`${good}&scope=${'x'.repeat(4097)}`), ...badScope],
  [
    'many scopes',
    body(`${good}&scope=${Array.from({ length: 101 }, (_, index) => `s${index}`).join('+')}`),
    ...badScope,
  ],
  ['a body of 5 MB', body(Buffer.alloc(megabytes, 'a')), 'body_too_large', 413],
  ['a chunked body of 5 MB', { body: Buffer.alloc(megabytes, 'a'), chunked: true }, 'body_too_large', 413],
  ['one octet too many', body(good.padEnd(65_537, '&')), 'body_too_large', 413],
  ['a secret in the query', { path: '/oauth2/token?client_secret=x', body: good }, 'credentials_in_query'],
  ['an assertion in the query', { path: '/oauth2/token?client%5Fassertion=x', body: good }, 'credentials_in_query'],
  [
    'two Authorization headers',
    authorized([authorization, authorization]),
    'authorization_header_malformed',
    ...unauthorized,
  ],
  ['an empty Authorization header', authorized(''), 'authorization_scheme_unsupported', ...unauthorized],
  ['only the word Basic', authorized('Basic'), 'authorization_header_malformed', ...unauthorized],
  ['no base64', authorized('Basic ***'), 'authorization_header_malformed', ...unauthorized],
  ['no colon', authorized(plain('basic-client')), 'authorization_header_malformed', ...unauthorized],
  ['NUL in the user', authorized(plain('basic-client\0:x')), 'authorization_header_malformed', ...unauthorized],
  [
    'Latin-1 in the password',
    authorized(plain('basic-client:\xE9')),
    'authorization_header_malformed',
    ...unauthorized,
  ],
  [
    'a very long Authorization header',
    authorized(plain(`basic-client:${'x'.repeat(8000)}`)),
    'secret_mismatch',
    ...unauthorized,
  ],
  [
    'a client_id that is a method of Object',
    { headers: { authorization: undefined }, body: `${good}&client_id=__proto__` },
    'unknown_client',
    ...unauthorized,
  ],
  ...['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'].map(method),
];

it('GEN-08 the request that every case spoils is a good one', async () => {
  const server = specServer();
  const reply = await exchange(server.router, { headers: { authorization }, body: good });
  expect([reply.status, reply.json().token_type, server.last().outcome]).toEqual([200, 'Bearer', 'success']);
});

it('GEN-08 the largest body that is read is a good one', async () => {
  const server = specServer();
  const reply = await exchange(server.router, { headers: { authorization }, body: good.padEnd(65_536, '&') });
  expect([reply.status, server.last().outcome]).toEqual([200, 'success']);
});

it.each(cases)('GEN-08 refuses %s', async (_name, sent, reason, status = 400, error = 'invalid_request') => {
  const server = specServer();
  const reply = await exchange(server.router, { ...sent, headers: { authorization, ...sent.headers } });
  expect([reply.status, server.last().reason]).toEqual([status, reason]);
  expect(reply.headers).toMatchObject({
    'content-type': 'application/json',
    'cache-control': 'no-store',
    pragma: 'no-cache',
  });
  expect(server.events).toHaveLength(1);
  expect(server.last()).toMatchObject({ event: 'token', outcome: 'failure', error });
  expect(server.last().correlation_id).toBe(reply.headers['x-correlation-id']);
  if (sent.method === 'HEAD') return;
  expect(Object.keys(reply.json())).toEqual(['error', 'error_description']);
  expect(reply.json().error).toBe(error);
  expect(reply.json().error_description).toMatch(/^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/);
  expect(reply.text).not.toMatch(/\bat \w|node_modules|\.[tj]s\b|Error:/);
});

const head = (lines: string) =>
  `POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nAuthorization: ${authorization}\r\n${lines}\r\n\r\n`;

it.each([
  ['ends in the middle of its body', head('Content-Length: 1000') + good, 'end'],
  ['is reset in the middle of its body', head('Content-Length: 1000') + good, 'reset'],
  ['ends in the middle of a chunk', `${head('Transfer-Encoding: chunked')}ff\r\n${good}`, 'end'],
  ['has a chunk of no length', `${head('Transfer-Encoding: chunked')}5\r\ngrant\r\nzz\r\n`, 'wait'],
] as const)('GEN-08 one event and no token for a request that %s', async (_name, octets, then) => {
  const server = specServer();
  await whileListening(server.router, async (port) => {
    const reply = await exchangeOctets(port, octets, then);
    expect(reply).not.toContain('access_token');
    while (server.events.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(server.events).toHaveLength(1);
    expect(server.last()).toMatchObject({ outcome: 'failure', reason: 'body_malformed' });
    const next = await exchangeAt(port, { headers: { authorization }, body: good });
    expect([next.status, server.events.length]).toEqual([200, 2]);
  });
});

it('GEN-08 whatever octets arrive, the answer is JSON, below 500, and one event', async () => {
  const server = specServer();
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'grant_type',
      'client_id',
      'client_secret',
      'scope',
      'client_credentials',
      '%',
      '&',
      '=',
      '[',
      '\0',
    ),
  );
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.array(text, { maxLength: 30 }).map((parts) => Buffer.from(parts.join(''))),
  );
  const header = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => `Basic ${Buffer.from(bytes).toString('base64')}`),
    fc.stringMatching(/^[\x21-\x7E]{0,40}$/),
  );
  await whileListening(server.router, async (port) => {
    await fc.assert(
      fc.asyncProperty(octets, header, async (sent, authorized) => {
        const before = server.events.length;
        const reply = await exchangeAt(port, { body: sent, headers: { authorization: authorized } });
        expect([400, 401]).toContain(reply.status);
        expect(typeof reply.json().error).toBe('string');
        expect(server.events.length - before).toBe(1);
      }),
      { numRuns: 200 },
    );
  });
});
