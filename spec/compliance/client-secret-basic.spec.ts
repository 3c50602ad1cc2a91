import { expect, it } from '@jest/globals';
import type { ClientMetadataInput } from '../../index.js';
import { exchange } from '../support/http-exchange.js';
import { allClients, basicHeader, issuer, secrets } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';

const machine = { grant_types: ['client_credentials'], scope: 'read' };
const special = noteSecret('p+q %/\u00E9-secret');
const raw = noteSecret('100%sure+of:it-really');
const plusAndPercent = noteSecret('a+b%41c-and-some-length');
const clients: ClientMetadataInput[] = [
  ...allClients,
  { ...machine, client_id: 'a:b', client_secret: special },
  { ...machine, client_id: 'colons', client_secret: noteSecret('one:two::three-and-more') },
  { ...machine, client_id: 'raw', client_secret: raw, raw_basic_fallback: true },
  { ...machine, client_id: 'strict', client_secret: raw },
  { ...machine, client_id: 'ambiguous', client_secret: plusAndPercent, raw_basic_fallback: true },
  { ...machine, client_id: 'client/with space', client_secret: noteSecret('slash-and-space-secret') },
];

const header = (text: string | Buffer) => `Basic ${Buffer.from(text).toString('base64')}`;

async function send(authorization: string | readonly string[]) {
  const server = specServer({ clients });
  const reply = await exchange(server.router, { headers: { authorization }, body: 'grant_type=client_credentials' });
  const names = server.events.flatMap((event) => (event.event === 'warning' ? [event.name] : []));
  const warnings = names.filter((name) => name !== 'client_secret_short');
  return { status: reply.status, reason: server.last().reason, clientId: server.last().client_id, reply, warnings };
}

async function refused(authorization: string | readonly string[], reason: string): Promise<void> {
  const { status, reply, reason: found } = await send(authorization);
  expect([status, reply.json(), found]).toEqual([
    401,
    { error: 'invalid_client', error_description: 'Client authentication failed.' },
    reason,
  ]);
  expect(reply.headers['www-authenticate']).toBe(`Basic realm="${issuer}", error="invalid_client"`);
}

const right = basicHeader('basic-client', secrets.basic);
const credentials = right.slice('Basic '.length);

it.each(['Basic', 'basic', 'BASIC', 'bAsIc', 'Basic  '])('CSB-01 the scheme %s is Basic', async (scheme) => {
  expect((await send(`${scheme} ${credentials}`)).status).toBe(200);
});

it.each(['Bearer', 'DPoP', 'Digest', 'Basi', 'Basics', 'XBasic', 'Negotiate', 'Basic:'])(
  'CSB-01 the scheme %s is not',
  async (scheme) => {
    await refused(`${scheme} ${credentials}`, 'authorization_scheme_unsupported');
  },
);

it('CSB-01 the word Basic inside another scheme is not the scheme', async () => {
  await refused(`Digest Basic ${credentials}`, 'authorization_scheme_unsupported');
});

it.each([
  ['nothing', 'Basic'],
  ['characters that are no base64', 'Basic !!!!'],
  ['a foreign character amid right ones', `Basic ${credentials.slice(0, 8)}!${credentials.slice(8)}`],
  ['a space amid right ones', `Basic ${credentials.slice(0, 8)} ${credentials.slice(8)}`],
  ['more after the padding', `Basic ${header('basic-client:xy').slice(6)}=`],
  ['no padding', `Basic ${header('basic-client:x12').slice(6).replace(/=+$/, '')}`],
  ['stray bits', 'Basic YTpiYR=='],
  ['base64url', `Basic ${Buffer.from('basic-client:\u00FF\u00FE?>').toString('base64url')}`],
  ['a list', `${right}, ${right}`],
  ['a parameter', `${right};charset=UTF-8`],
  ['no colon', header('basic-client')],
  ['nothing before the colon', header(`:${secrets.basic}`)],
  ['a control character in the user', header(`basic-client\t:${secrets.basic}`)],
  ['a control character in the secret', header('basic-client:\u0000')],
  ['a line end in the secret', header(`basic-client:${secrets.basic}\n`)],
  ['an escaped control character', header(`basic-client:${secrets.basic}%0A`)],
  ['a C1 control character', header(`basic-client:${secrets.basic}%C2%85`)],
])('CSB-02 refuses %s', async (_name, authorization) => {
  await refused(authorization, 'authorization_header_malformed');
});

it('CSB-02 refuses two Authorization headers, even equal ones, in any order', async () => {
  await refused([right, right], 'authorization_header_malformed');
  await refused([right, 'Bearer x'], 'authorization_header_malformed');
  await refused(['Bearer x', right], 'authorization_scheme_unsupported');
});

it('CSB-03 splits at the first colon of the decoded octets', async () => {
  expect((await send(header('colons:one:two::three-and-more'))).status).toBe(200);
  await refused(header('colons:one'), 'secret_mismatch');
  await refused(header('colons:one:two'), 'secret_mismatch');
});

it('CSB-03 an escaped colon is part of the name, not the one that separates', async () => {
  expect(await send(header('a%3Ab:p%2Bq+%25%2F%C3%A9-secret'))).toMatchObject({ status: 200, clientId: 'a:b' });
  await refused(header('a:b:p%2Bq+%25%2F%C3%A9-secret'), 'unknown_client');
});

it.each([
  ['as RFC 6749 writes it', 'a%3Ab:p%2Bq+%25%2F%C3%A9-secret'],
  ['with %20 for the space', 'a%3Ab:p%2Bq%20%25%2F%C3%A9-secret'],
  ['in lower case', 'a%3ab:p%2bq+%25%2f%c3%a9-secret'],
  ['over-encoded', 'a%3Ab:p%2Bq+%25%2F%C3%A9%2D%73%65%63%72%65%74'],
  ['with a raw e acute', 'a%3Ab:p%2Bq+%25%2F\u00E9-secret'],
])('CSB-04 form-decodes id and secret, sent %s', async (_name, text) => {
  expect(await send(header(text))).toMatchObject({ status: 200, clientId: 'a:b' });
});

it('CSB-04 a space in an id may be a plus or %20', async () => {
  expect((await send(header('client%2Fwith+space:slash-and-space-secret'))).status).toBe(200);
  expect((await send(header('client%2Fwith%20space:slash%2Dand%2Dspace%2Dsecret'))).status).toBe(200);
});

it('CSB-04 what was not encoded is decoded all the same, so it is another secret', async () => {
  await refused(header('a%3Ab:p+q+%25%2F%C3%A9-secret'), 'secret_mismatch');
  await refused(header('a%3Ab:p%2Bq+%25%2Fe-secret'), 'secret_mismatch');
});

it.each([
  ['a malformed escape in the id', 'basic%ZZclient:x'],
  ['a malformed escape in the secret', 'basic-client:x%ZZ'],
  ['half an escape', 'basic-client:x%4'],
  ['an escape that is no UTF-8', 'basic-client:x%FF'],
  ['an overlong escape', 'basic-client:x%C0%AF'],
  ['an id beyond ASCII', 'basic-cli\u00E9nt:x'],
  ['an escaped id beyond ASCII', 'basic-cli%C3%A9nt:x'],
  ['an escaped NUL in the id', 'basic-client%00:x'],
])('CSB-05 refuses %s', async (_name, text) => {
  await refused(header(text), 'authorization_header_malformed');
});

it('CSB-05 refuses octets that are no UTF-8', async () => {
  await refused(header(Buffer.from('basic-client:\xE9', 'latin1')), 'authorization_header_malformed');
  await refused(header(Buffer.from('basic-client:\xC3', 'latin1')), 'authorization_header_malformed');
});

it('CSB-06 a raw secret is read only where the client says so, and that is told', async () => {
  expect(await send(header(`raw:${raw}`))).toMatchObject({
    status: 200,
    clientId: 'raw',
    warnings: ['raw_basic_fallback_used'],
  });
  await refused(header(`strict:${raw}`), 'authorization_header_malformed');
});

it('CSB-06 the decoded form comes first and needs no warning', async () => {
  expect(await send(basicHeader('raw', raw))).toMatchObject({ status: 200, warnings: [] });
  expect(await send(basicHeader('strict', raw))).toMatchObject({ status: 200, warnings: [] });
  expect(await send(header(`ambiguous:${plusAndPercent}`))).toMatchObject({
    status: 200,
    warnings: ['raw_basic_fallback_used'],
  });
  expect(await send(basicHeader('ambiguous', plusAndPercent))).toMatchObject({ status: 200, warnings: [] });
});

it('CSB-06 a fallback client still needs the right secret', async () => {
  await refused(header('raw:100%sure'), 'secret_mismatch');
  await refused(header('raw:wrong'), 'secret_mismatch');
  await refused(header('raw:'), 'secret_missing');
});

it.each([
  ['basic-client', 'secret_missing'],
  ['public-client', 'secret_missing'],
  ['tls-client', 'secret_missing'],
  ['private-key-client', 'secret_missing'],
  ['nobody', 'secret_missing'],
])('CSB-07 %s with an empty secret never authenticates', async (clientId, reason) => {
  await refused(header(`${clientId}:`), reason);
});

it('CSB-07 an empty secret beside client_id in the body does not either', async () => {
  const server = specServer();
  for (const client_id of ['basic-client', 'post-client', 'secret-jwt-client']) {
    const reply = await server.token({ grant_type: 'client_credentials', client_id, client_secret: '' });
    expect([reply.status, server.last().reason]).toEqual([401, 'no_credentials']);
  }
});

it('CSB-07 a client with an empty secret cannot be registered', () => {
  expect(() => specServer({ clients: [{ ...machine, client_id: 'x', client_secret: '' }] })).toThrow(
    /clients\[0\]\.client_secret/,
  );
  expect(() => specServer({ clients: [{ ...machine, client_id: 'x' }] })).toThrow(/client_secret/);
});
