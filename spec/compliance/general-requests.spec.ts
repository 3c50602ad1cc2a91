import { expect, it } from '@jest/globals';
import { exchange, type SentRequest } from '../support/http-exchange.js';
import { basicHeader, secrets } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';

const good = 'grant_type=client_credentials';
const authorization = basicHeader('basic-client', secrets.basic);

/** One request of the basic client; what it was answered, and the reason its event gave. */
async function send(sent: SentRequest, options: Parameters<typeof specServer>[0] = {}) {
  const server = specServer(options);
  const reply = await exchange(server.router, { ...sent, headers: { authorization, ...sent.headers } });
  const { reason, outcome } = server.last();
  return { reply, status: reply.status, verdict: reason ?? outcome, body: () => reply.json() };
}

it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
  'GEN-01 %s is 405 with Allow: POST, even with a good body',
  async (method) => {
    const { reply, status, verdict } = await send({ method, body: good });
    expect([status, reply.headers.allow, verdict]).toEqual([405, 'POST', 'method_not_allowed']);
    expect(reply.text).not.toContain('access_token');
  },
);

it('GEN-01 a token request in the query of a GET gives nothing', async () => {
  const { status, verdict } = await send({ method: 'GET', path: `/oauth2/token?${good}` });
  expect([status, verdict]).toEqual([405, 'method_not_allowed']);
});

it('GEN-01 POST is served', async () => {
  expect(await send({ body: good })).toMatchObject({ status: 200, verdict: 'success' });
});

it.each([
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded;charset=UTF-8',
  'application/x-www-form-urlencoded; charset=utf-8',
  'application/x-www-form-urlencoded ; Charset="utf-8"',
  'APPLICATION/X-WWW-Form-URLEncoded;charset=utf8',
  'application/x-www-form-urlencoded; boundary=x; charset=UTF-8',
])('GEN-02 reads %s', async (type) => {
  expect(await send({ headers: { 'content-type': type }, body: good })).toMatchObject({
    status: 200,
    verdict: 'success',
  });
});

it.each([
  'application/json',
  'multipart/form-data; boundary=x',
  'text/plain',
  'application/x-www-form-urlencode',
  undefined,
])('GEN-02 does not read %s', async (type) => {
  const { status, verdict, body } = await send({ headers: { 'content-type': type }, body: good });
  expect([status, verdict, body().error]).toEqual([400, 'media_type_unsupported', 'invalid_request']);
});

const json = (text: string, options = { accept_json_requests: true }) =>
  send({ headers: { 'content-type': 'application/json' }, body: text }, options);

it('GEN-02 a flat JSON object where the workspace says so, and not elsewhere', async () => {
  const text = JSON.stringify({ grant_type: 'client_credentials', scope: 'read' });
  const accepted = await json(text);
  expect([accepted.status, accepted.body().scope]).toEqual([200, 'read']);
  expect((await json(text, { accept_json_requests: false })).verdict).toBe('media_type_unsupported');
});

it('GEN-02 a workspace that takes JSON takes forms as before, and nothing third', async () => {
  const options = { accept_json_requests: true };
  expect((await send({ body: good }, options)).verdict).toBe('success');
  const third = await send({ headers: { 'content-type': 'application/ld+json' }, body: '{}' }, options);
  expect(third.verdict).toBe('media_type_unsupported');
});

it.each([
  ['a number', '{"grant_type":"client_credentials","x":1}'],
  ['null', '{"grant_type":"client_credentials","x":null}'],
  ['true', '{"grant_type":"client_credentials","x":true}'],
  ['an array', '{"grant_type":["client_credentials"]}'],
  ['an object', '{"grant_type":{"toString":"client_credentials"}}'],
  ['an array around it', '[{"grant_type":"client_credentials"}]'],
  ['a string', '"grant_type=client_credentials"'],
  ['null alone', 'null'],
  ['a member twice', '{"grant_type":"client_credentials","grant_type":"client_credentials"}'],
  ['a member twice, one escaped', '{"grant_type":"client_credentials","\\u0067rant_type":"password"}'],
  ['__proto__ as an object', '{"__proto__":{"grant_type":"client_credentials"}}'],
  ['a deep array', `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
  ['half of it', '{"grant_type":"client_cred'],
  ['two documents', '{"grant_type":"client_credentials"}{}'],
  ['a form', 'grant_type=client_credentials'],
])('GEN-02 refuses JSON with %s', async (_name, text) => {
  const { status, verdict, body } = await json(text);
  expect([status, verdict, body().error]).toEqual([400, 'body_malformed', 'invalid_request']);
});

it('GEN-02 refuses JSON that is not UTF-8', async () => {
  const body = Buffer.from('{"grant_type":"client_credentials","x":"\xE9"}', 'latin1');
  const reply = await send({ headers: { 'content-type': 'application/json' }, body }, { accept_json_requests: true });
  expect([reply.status, reply.verdict]).toEqual([400, 'body_malformed']);
});

it('GEN-02 empty members of a JSON request are absent', async () => {
  const { status, body } = await json('{"grant_type":"client_credentials","scope":"","client_secret":""}');
  expect([status, body().scope]).toEqual([200, 'read write']);
});

it.each([
  ['+', 'scope=read+write'],
  ['%20', 'scope=read%20write'],
  ['lower-case escapes', 'scope=%72ead%20%77rite'],
  ['a raw space', 'scope=read write'],
  ['an escaped name', 's%63ope=read+write'],
])('GEN-03 decodes %s', async (_name, parameter) => {
  const { status, body } = await send({ body: `${good}&${parameter}` });
  expect([status, body().scope]).toEqual([200, 'read write']);
});

it('GEN-03 an escaped plus is a plus, and no space', async () => {
  const { status, verdict } = await send({ body: `${good}&scope=read%2Bwrite` });
  expect([status, verdict]).toEqual([400, 'scope_not_allowed']);
});

it.each(['%', '%1', '%ZZ', '%C3', '%C3%28', '%FF', '%F5%80%80%80', '%u00e9'])(
  'GEN-03 refuses the escape %s',
  async (escaped) => {
    const { status, verdict, body } = await send({ body: `${good}&anything=${escaped}` });
    expect([status, verdict, body().error]).toEqual([400, 'body_malformed', 'invalid_request']);
  },
);

it.each([
  'grant_type',
  'scope',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'code',
  'redirect_uri',
  'code_verifier',
])('GEN-04 refuses %s sent twice, even with equal values', async (name) => {
  const pair = `${name}=${name === 'grant_type' ? 'client_credentials' : 'x'}`;
  const { status, verdict, body } = await send({ body: `${name === 'grant_type' ? '' : `${good}&`}${pair}&${pair}` });
  expect([status, verdict, body().error]).toEqual([400, 'parameter_repeated', 'invalid_request']);
});

it('GEN-04 resource may be repeated, and so may what nobody knows', async () => {
  const resource = `resource=${encodeURIComponent('https://as.example.com')}`;
  expect(await send({ body: `${good}&${resource}&${resource}&x=1&x=2` })).toMatchObject({
    status: 200,
    verdict: 'success',
  });
});

it('GEN-04 a parameter and an empty one of the same name are one', async () => {
  expect(await send({ body: `grant_type=&${good}&scope=&scope=read` })).toMatchObject({
    status: 200,
    verdict: 'success',
  });
});

it.each([
  'scope[]=nothing',
  'scope[0]=nothing',
  'scope[x]=nothing',
  'scope.x=nothing',
  '__proto__=x',
  '__proto__[scope]=nothing',
  'constructor[prototype][scope]=nothing',
  'toString=x',
  'hasOwnProperty=1',
])('GEN-05 %s is a name like any other', async (parameter) => {
  const { status, body } = await send({ body: `${good}&${parameter}` });
  expect([status, body().scope]).toEqual([200, 'read write']);
  expect(({} as Record<string, unknown>).scope).toBeUndefined();
});

it('GEN-05 an array name does not stand for the parameter', async () => {
  expect((await send({ body: 'grant_type[]=client_credentials' })).verdict).toBe('parameter_missing');
});

it.each([
  'scope=',
  'scope',
  'client_secret=',
  'client_secret',
  'client_assertion=',
  'client_assertion_type=',
  'client_id=',
  'code=',
  'resource=',
  '=x',
  '&&',
  'unknown=value',
  'x-client-SKU=msal.js.node',
])('GEN-06 %s counts as absent', async (parameter) => {
  const { status, body } = await send({ body: `${good}&${parameter}` });
  expect([status, body().scope]).toEqual([200, 'read write']);
});

it('GEN-06 the same with a value counts', async () => {
  expect((await send({ body: `${good}&client_secret=x` })).verdict).toBe('several_methods');
  expect((await send({ body: `${good}&scope=x` })).verdict).toBe('scope_not_allowed');
  expect((await send({ body: 'grant_type=' })).verdict).toBe('parameter_missing');
});

it('GEN-07 parameters in the query are never used', async () => {
  const path = '/oauth2/token?grant_type=client_credentials&scope=read&client_id=other&code=x&access_token=y';
  expect((await send({ path, body: 'x=1' })).verdict).toBe('parameter_missing');
  const { status, body } = await send({ path, body: good });
  expect([status, body().scope]).toEqual([200, 'read write']);
});

it('GEN-07 a client_id in the query names nobody', async () => {
  const { status, verdict } = await send({
    path: '/oauth2/token?client_id=public-client',
    headers: { authorization: undefined },
    body: 'grant_type=authorization_code&code=x',
  });
  expect([status, verdict]).toEqual([401, 'no_credentials']);
});

it.each(['client_secret', 'client_assertion', 'client%5Fsecret', 'CLIENT_SECRET=x&client_secret'])(
  'GEN-07 refuses %s in the query, with a right one in the header',
  async (name) => {
    const { status, verdict, reply } = await send({ path: `/oauth2/token?a=b&${name}=hunter2`, body: good });
    expect([status, verdict, reply.json().error]).toEqual([400, 'credentials_in_query', 'invalid_request']);
    expect(reply.text).not.toContain('hunter2');
  },
);
