import { randomBytes } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { authorizationCode, type ClientMetadataInput, type Grant } from '../../index.js';
import { freshCode, redeeming, signedIn } from '../support/code-flow.js';
import { exchange } from '../support/http-exchange.js';
import {
  allClients,
  assertion,
  assertionType,
  basicHeader,
  clientPerMethod,
  issuer,
  secrets,
} from '../support/methods.js';
import { specServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';

const initialToken = noteSecret(randomBytes(24).toString('base64url'));
const grant = { grant_type: 'client_credentials' };
const headers = { Authorization: basicHeader('basic-client', secrets.basic) };

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
}

it.each([
  ['no grant_type', {}, 'invalid_request', 'parameter_missing'],
  ['an empty grant_type', { grant_type: '' }, 'invalid_request', 'parameter_missing'],
  ['an unknown grant_type', { grant_type: 'urn:x' }, 'unsupported_grant_type', 'grant_type_unsupported'],
  ['the implicit grant', { grant_type: 'implicit' }, 'unsupported_grant_type', 'grant_type_unsupported'],
  [
    'the password grant',
    { grant_type: 'password', username: 'x', password: 'y' },
    'unsupported_grant_type',
    'grant_type_unsupported',
  ],
  [
    'a grant this client has not',
    { grant_type: 'authorization_code', code: 'x' },
    'unauthorized_client',
    'grant_type_not_allowed',
  ],
])('TOK-01 refuses %s', async (_name, body, error, reason) => {
  const server = specServer();
  const reply = await server.token(body as Record<string, string>, headers);
  expect([reply.status, reply.body.error, server.last().reason]).toEqual([400, error, reason]);
});

it('TOK-01 refuses a grant that the workspace switches off or that is not there', async () => {
  const disabled = specServer({ grant_types: ['authorization_code'] });
  expect((await disabled.token(grant, headers)).body.error).toBe('unsupported_grant_type');
  const absent = specServer({ grants: [authorizationCode() as Grant] });
  expect((await absent.token(grant, headers)).body.error).toBe('unsupported_grant_type');
  expect((await specServer().token(grant, headers)).status).toBe(200);
});

it('TOK-01 the event names the grant_type, served or refused', async () => {
  const server = specServer();
  await server.token(grant, headers);
  expect(server.last()).toMatchObject({
    outcome: 'success',
    grant_type: 'client_credentials',
    client_id: 'basic-client',
    method: 'client_secret_basic',
    scope: 'read write',
  });
  await server.token({ grant_type: 'x' }, headers);
  expect(server.last()).toMatchObject({ outcome: 'failure', grant_type: 'x', client_id: 'basic-client' });
});

it.each(['opaque', 'jwt'] as const)(
  'TOK-02 the reply of a %s token has token, type, numeric lifetime and scope',
  async (access_token_format) => {
    const server = specServer({ access_token_format, token_ttls: { access_token: 1234 } });
    const reply = await server.token({ ...grant, scope: 'read' }, headers);
    expect(reply.body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 1234,
      scope: 'read',
    });
  },
);

it('TOK-02 scope is told when nothing was asked, and when what was asked is dropped', async () => {
  const clients: ClientMetadataInput[] = [
    {
      ...clientPerMethod.client_secret_basic,
      grant_types: ['client_credentials'],
      scope: 'openid offline_access read',
    },
  ];
  const server = specServer({ clients });
  expect((await server.token(grant, headers)).body.scope).toBe('read');
  expect((await server.token({ ...grant, scope: 'openid read' }, headers)).body.scope).toBe('read');
  const none = specServer({
    clients: [{ ...clientPerMethod.client_secret_basic, grant_types: ['client_credentials'], scope: '' }],
  });
  expect((await none.token(grant, headers)).body.scope).toBe('');
});

it('TOK-02 a client may have a lifetime of its own', async () => {
  const clients: ClientMetadataInput[] = [
    { ...clientPerMethod.client_secret_basic, grant_types: ['client_credentials'], token_ttls: { access_token: 60 } },
  ];
  expect((await specServer({ clients }).token(grant, headers)).body.expires_in).toBe(60);
});

it.each([
  ['a quote', 'read "', 'scope_malformed'],
  ['a backslash', 'read\\', 'scope_malformed'],
  ['a tab between', 'read\twrite', 'scope_malformed'],
  ['a line end', 'read\nwrite', 'scope_malformed'],
  ['NUL', 'read\0', 'scope_malformed'],
  ['a letter beyond ASCII', 'r\u00E9ad', 'scope_malformed'],
  ['4,097 characters', 'r'.repeat(4097), 'scope_malformed'],
  ['101 values', Array.from({ length: 101 }, (_, index) => `s${index}`).join(' '), 'scope_malformed'],
  ['a value nobody knows', 'read unknown', 'scope_not_allowed'],
  ['a value of other clients', 'email', 'scope_not_allowed'],
  ['other letters', 'Read', 'scope_not_allowed'],
  ['a comma for a space', 'read,write', 'scope_not_allowed'],
  ['a scope the workspace reserves', 'introspect_tokens', 'scope_not_allowed'],
  ['a pattern', 'read.*', 'scope_not_allowed'],
])('TOK-04 refuses a scope with %s, all of it', async (_name, scope, reason) => {
  const server = specServer();
  const reply = await server.token({ ...grant, scope }, headers);
  expect([reply.status, reply.body.error, server.last().reason]).toEqual([400, 'invalid_scope', reason]);
  expect(reply.body.access_token).toBeUndefined();
});

it.each([
  ['one value', 'write', 'write'],
  ['another order', 'write read', 'write read'],
  ['a value twice', 'read read', 'read'],
  ['more spaces', '  read   write ', 'read write'],
])('TOK-04 takes a scope with %s', async (_name, scope, granted) => {
  const reply = await specServer().token({ ...grant, scope }, headers);
  expect([reply.status, reply.body.scope]).toEqual([200, granted]);
});

it('TOK-04 a pattern allows what is concrete below it and nothing else', async () => {
  const clients: ClientMetadataInput[] = [
    { ...clientPerMethod.client_secret_basic, grant_types: ['client_credentials'], scope: 'accounts.*' },
  ];
  const server = specServer({ clients, scopes: { 'accounts.*': {} } });
  expect((await server.token({ ...grant, scope: 'accounts.7 accounts.8.read' }, headers)).body.scope).toBe(
    'accounts.7 accounts.8.read',
  );
  expect((await server.token(grant, headers)).body.scope).toBe('');
  for (const scope of ['accounts.*', 'accounts.', 'accounts', 'accounts.7.*', 'accountsx']) {
    expect([scope, (await server.token({ ...grant, scope }, headers)).body.error]).toEqual([scope, 'invalid_scope']);
  }
});

it('CCG-01 every method that proves a client gets a token, a public client does not', async () => {
  const server = specServer();
  expect((await server.token(grant, headers)).status).toBe(200);
  const client_assertion = await assertion('private-key-client');
  expect((await server.token({ ...grant, client_assertion, client_assertion_type: assertionType })).status).toBe(200);
  const reply = await server.token({ ...grant, client_id: 'public-client' });
  expect([reply.status, reply.body.error]).toEqual([400, 'unauthorized_client']);
  expect((await server.token(grant)).body.error).toBe('invalid_client');
});

it('CCG-02 no refresh token and no ID token, whatever the client may have elsewhere', async () => {
  const clients: ClientMetadataInput[] = [
    {
      ...clientPerMethod.client_secret_basic,
      grant_types: ['client_credentials', 'refresh_token', 'authorization_code'],
      redirect_uris: ['https://app.example.com/callback'],
      scope: 'openid offline_access read',
    },
  ];
  const server = specServer({ clients });
  const reply = await server.token({ ...grant, scope: 'openid offline_access read' }, headers);
  expect(Object.keys(reply.body).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type']);
  expect(reply.body.scope).toBe('read');
});

it('CCG-03 the subject is the client, and the token says that it is no person', async () => {
  const server = specServer({ access_token_format: 'jwt' });
  const reply = await server.token(grant, headers);
  expect(claimsOf(reply.body.access_token)).toMatchObject({
    iss: issuer,
    sub: 'basic-client',
    client_id: 'basic-client',
    sub_type: 'client',
  });
});

it('CCG-03 a person of the same name gets a token that can be told apart', async () => {
  const server = specServer({
    ...signedIn,
    access_token_format: 'jwt',
    authenticateUser: () => ({ id: 'basic-client', username: 'x', email: 'x@example.com', name: 'X' }),
  });
  const reply = await server.token({ client_id: 'public-client', ...redeeming(await freshCode(server.router)) });
  expect(reply.status).toBe(200);
  expect(claimsOf(reply.body.access_token)).toMatchObject({
    sub: 'basic-client',
    client_id: 'public-client',
    sub_type: 'user',
  });
});

it('CCG-03 nobody can choose a client_id, which may be the id of a person', async () => {
  const sent = {
    path: '/oauth2/register',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${initialToken}` },
    body: '{"client_id":"u-jane","redirect_uris":["https://app.example.com/cb"]}',
  };
  expect((await exchange(specServer().router, sent)).status).toBe(404);
  const registration = { enabled: true, initial_access_tokens: [initialToken] };
  const registered = await exchange(specServer({ registration }).router, sent);
  expect(registered.status).toBe(201);
  expect(registered.json().client_id).toMatch(/^[\w-]{20,}$/);
  expect(() => specServer({ clients: [...allClients, ...allClients] })).toThrow(/client_id: is taken/);
});
