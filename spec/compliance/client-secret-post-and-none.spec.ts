import { expect, it } from '@jest/globals';
import type { ClientMetadataInput } from '../../index.js';
import { freshCode, redeeming, signedIn } from '../support/code-flow.js';
import { exchange } from '../support/http-exchange.js';
import {
  allClients,
  assertion,
  assertionType,
  basicHeader,
  clientPerMethod,
  newSecret,
  secrets,
} from '../support/methods.js';
import { specServer } from '../support/spec-server.js';

const grant = { grant_type: 'client_credentials' };
const failed = { error: 'invalid_client', error_description: 'Client authentication failed.' };

it('CSP-01 takes id and secret from the body', async () => {
  const server = specServer();
  const reply = await server.token({ ...grant, client_id: 'post-client', client_secret: secrets.post });
  expect([reply.status, server.last().method]).toEqual([200, 'client_secret_post']);
});

it.each([
  ['a wrong secret', { client_id: 'post-client', client_secret: 'wrong' }, 'secret_mismatch'],
  ['a secret without client_id', { client_secret: secrets.post }, 'client_id_missing'],
  ['an empty client_id', { client_id: '', client_secret: secrets.post }, 'client_id_missing'],
  ['a client_id without a secret', { client_id: 'post-client' }, 'no_credentials'],
  ['the secret of another client', { client_id: 'post-client', client_secret: secrets.basic }, 'secret_mismatch'],
  ['an id with a space after it', { client_id: 'post-client ', client_secret: secrets.post }, 'unknown_client'],
  ['an id in other letters', { client_id: 'POST-CLIENT', client_secret: secrets.post }, 'unknown_client'],
])('CSP-01 refuses %s', async (_name, body, reason) => {
  const server = specServer();
  const reply = await server.token({ ...grant, ...body } as Record<string, string>);
  expect([reply.status, reply.body, server.last().reason]).toEqual([401, failed, reason]);
});

it('CSP-01 neither is taken from the query', async () => {
  const server = specServer();
  const query = new URLSearchParams({ client_id: 'post-client', client_secret: secrets.post });
  const both = await exchange(server.router, { path: `/oauth2/token?${query}`, body: 'grant_type=client_credentials' });
  expect([both.status, server.last().reason]).toEqual([400, 'credentials_in_query']);
  const id = await exchange(server.router, {
    path: '/oauth2/token?client_id=post-client',
    body: `grant_type=client_credentials&client_secret=${secrets.post}`,
  });
  expect([id.status, server.last().reason]).toEqual([401, 'client_id_missing']);
});

it('CSP-02 a server with nothing configured accepts post and Basic and says so', async () => {
  const server = specServer();
  const reply = await exchange(server.router, { method: 'GET', path: '/.well-known/openid-configuration' });
  expect(reply.json().token_endpoint_auth_methods_supported).toEqual(
    expect.arrayContaining(['client_secret_post', 'client_secret_basic']),
  );
  expect((await server.token({ ...grant, client_id: 'post-client', client_secret: secrets.post })).status).toBe(200);
  expect((await server.token(grant, { Authorization: basicHeader('basic-client', secrets.basic) })).status).toBe(200);
});

it('CSP-02 a workspace that switches post off refuses it and does not offer it', async () => {
  const server = specServer({ token_endpoint_auth_methods: ['client_secret_basic'] });
  const reply = await server.token({ ...grant, client_id: 'post-client', client_secret: secrets.post });
  expect([reply.status, reply.body, server.last().reason]).toEqual([401, failed, 'method_not_enabled']);
  const metadata = await exchange(server.router, { method: 'GET', path: '/.well-known/openid-configuration' });
  expect(metadata.json().token_endpoint_auth_methods_supported).toEqual(['client_secret_basic']);
});

it('NON-01 a public client names itself in the body', async () => {
  const server = specServer(signedIn);
  const body = redeeming(await freshCode(server.router));
  const nameless = await server.token(body);
  expect([nameless.status, nameless.body, server.last().reason]).toEqual([401, failed, 'no_credentials']);
  const named = await server.token({ ...body, client_id: 'public-client' });
  expect([named.status, server.last().method]).toEqual([200, 'none']);
});

it.each([
  ['a secret', async () => [{ client_secret: newSecret() }, {}], 'method_not_registered'],
  [
    'an assertion',
    async () => [{ client_assertion: await assertion('public-client'), client_assertion_type: assertionType }, {}],
    'method_not_registered',
  ],
  [
    'a Basic header',
    async () => [{}, { Authorization: basicHeader('public-client', newSecret()) }],
    'method_not_registered',
  ],
  [
    'a Basic header without a secret',
    async () => [{}, { Authorization: basicHeader('public-client', '') }],
    'secret_missing',
  ],
  ['a bearer token', async () => [{}, { Authorization: 'Bearer x' }], 'authorization_scheme_unsupported'],
] as const)('NON-01 a public client with %s is refused', async (_name, credentials, reason) => {
  const server = specServer(signedIn);
  const body = { client_id: 'public-client', ...redeeming(await freshCode(server.router)) };
  const [extra, headers] = await credentials();
  const reply = await server.token(
    { ...body, ...(extra as Record<string, string>) },
    headers as Record<string, string>,
  );
  expect([reply.status, reply.body, server.last().reason]).toEqual([401, failed, reason]);
  expect((await server.token(body)).status).toBe(200);
});

it('NON-01 a client that has a method is not made public by leaving its credentials out', async () => {
  const server = specServer();
  const reply = await server.token({ grant_type: 'authorization_code', code: 'x', client_id: 'post-client' });
  expect([reply.status, server.last().reason]).toEqual([401, 'no_credentials']);
});

it('NON-02 a public client gets no token of its own', async () => {
  const server = specServer();
  const reply = await server.token({ ...grant, client_id: 'public-client' });
  expect([reply.status, reply.body.error, server.last().reason]).toEqual([
    400,
    'unauthorized_client',
    'grant_type_not_allowed',
  ]);
  expect((await server.token({ grant_type: 'tls_client_auth', client_id: 'public-client' })).status).toBe(400);
});

it('NON-02 and cannot be registered for one', () => {
  const greedy: ClientMetadataInput = {
    ...clientPerMethod.none,
    redirect_uris: ['https://app.example.com/callback'],
    grant_types: ['authorization_code', 'client_credentials'],
  };
  expect(() => specServer({ clients: [greedy] })).toThrow(/clients\[0\]\.grant_types: has client_credentials/);
  expect(() => specServer({ clients: allClients })).not.toThrow();
});

it('NON-02 nor when a database hands out such a client', async () => {
  const greedy = {
    ...clientPerMethod.none,
    grant_types: ['authorization_code', 'client_credentials'],
  } as unknown as ClientMetadataInput;
  const server = specServer({ clients: { find: () => greedy } });
  const reply = await server.token({ ...grant, client_id: 'public-client' });
  expect([reply.status, reply.body.error, server.last().reason]).toEqual([500, 'server_error', 'internal_error']);
  expect(String(server.last().cause)).toContain('grant_types: has client_credentials');
});
