import { createHash, timingSafeEqual } from 'node:crypto';
import { expect, it } from '@jest/globals';
import express, { type Request } from 'express';
import passport from 'passport';
import {
  type AuthenticationOptions,
  authenticateClient,
  type ClientAuthenticationStrategy,
  type ClientMetadataInput,
  type Evidence,
  OAuthError,
  PassportClientStrategy,
  standardStrategies,
} from '../../index.js';
import { exchange } from '../support/http-exchange.js';
import { allClients, assertion, assertionType, basicHeader, issuer, newSecret, secrets } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';

const key = newSecret();
const digest = (text: string) => createHash('sha256').update(text).digest();

interface ToyEvidence extends Evidence {
  readonly key: string;
}

/** A method as a user of the package would write it: `X-Toy-Key: client_id key`. */
function toyKey(keys: ReadonlyMap<string, string>): ClientAuthenticationStrategy<ToyEvidence> {
  return {
    name: 'toy_key',
    mechanism: 'toy_key',
    parameters: ['toy_hint'],
    extract({ header }) {
      const [value, ...more] = header('x-toy-key');
      if (value === undefined) return undefined;
      const [clientId, presented] = value.split(' ');
      if (more.length > 0 || !clientId || !presented) return new OAuthError('authorization_header_malformed');
      return { clientId, key: presented };
    },
    verify({ clientId, key: presented }) {
      if (!timingSafeEqual(digest(presented), digest(keys.get(clientId) ?? '')))
        throw new OAuthError('secret_mismatch');
      return undefined;
    },
  };
}

const toy = () => toyKey(new Map([['toy-client', key]])) as ClientAuthenticationStrategy;
const toyClient: ClientMetadataInput = {
  client_id: 'toy-client',
  token_endpoint_auth_method: 'toy_key',
  grant_types: ['client_credentials'],
  scope: 'read',
};
const clients = [...allClients, toyClient];
const methods = ['toy_key', 'client_secret_basic', 'private_key_jwt'];
const options: AuthenticationOptions = { issuer, clients };

class ToyKeyStrategy extends PassportClientStrategy {
  constructor(given: AuthenticationOptions) {
    super(toy(), given);
  }
}

const right = { 'x-toy-key': `toy-client ${key}` };
const wrong = { 'x-toy-key': `toy-client ${newSecret()}` };
const body = 'grant_type=client_credentials';
const withToy = () =>
  specServer({ clients, strategies: [...standardStrategies(), toy()], token_endpoint_auth_methods: methods });
const answer = (request: Request, response: express.Response) =>
  response.json({ user: request.user, clientAuth: request.clientAuth });

it('FUT-01 a method of a user is served by the router beside ours', async () => {
  const server = withToy();
  const reply = await exchange(server.router, { headers: right, body });
  expect([reply.status, server.last().method, server.last().client_id]).toEqual([200, 'toy_key', 'toy-client']);
  const refused = await exchange(server.router, { headers: wrong, body });
  expect([refused.status, refused.json().error, server.last().reason]).toEqual([
    401,
    'invalid_client',
    'secret_mismatch',
  ]);
  expect(
    (
      await server.token(
        { grant_type: 'client_credentials' },
        { Authorization: basicHeader('basic-client', secrets.basic) },
      )
    ).status,
  ).toBe(200);
  const metadata = await exchange(server.router, { method: 'GET', path: '/.well-known/openid-configuration' });
  expect(metadata.json().token_endpoint_auth_methods_supported).toEqual([
    'client_secret_basic',
    'private_key_jwt',
    'toy_key',
  ]);
});

it('FUT-01 a method of a user is served by authenticateClient beside ours', async () => {
  const app = express().post(
    '/x',
    authenticateClient({ ...options, strategies: [...standardStrategies(), toy()] }),
    answer,
  );
  const reply = await exchange(app, { path: '/x', headers: right });
  expect([reply.status, reply.json().clientAuth]).toEqual([
    200,
    { client: expect.objectContaining({ client_id: 'toy-client' }), method: 'toy_key' },
  ]);
  expect((await exchange(app, { path: '/x', headers: wrong })).status).toBe(401);
  expect(
    (await exchange(app, { path: '/x', headers: { authorization: basicHeader('basic-client', secrets.basic) } }))
      .status,
  ).toBe(200);
});

it('FUT-01 a method of a user is served by bare Passport', async () => {
  const instance = new passport.Passport().use(new ToyKeyStrategy(options));
  const app = express().post('/x', instance.authenticate('toy_key', { session: false }), answer);
  const reply = await exchange(app, { path: '/x', headers: right });
  expect([reply.status, (reply.json().user as ClientMetadataInput).client_id]).toEqual([200, 'toy-client']);
  const refused = await exchange(app, { path: '/x', headers: wrong });
  expect([refused.status, refused.text]).toEqual([401, 'Unauthorized']);
});

it.each([
  ['Basic', { authorization: basicHeader('basic-client', secrets.basic) }, async (): Promise<string> => ''],
  ['a secret', {}, async () => `&client_id=post-client&client_secret=${secrets.post}`],
  [
    'an assertion',
    {},
    async () => `&client_assertion=${await assertion('private-key-client')}&client_assertion_type=${assertionType}`,
  ],
])('FUT-01 it counts as a second method beside %s', async (_name, headers, more) => {
  const server = withToy();
  const reply = await exchange(server.router, {
    headers: { ...headers, ...right } as Record<string, string>,
    body: body + (await more()),
  });
  expect([reply.status, reply.json().error, server.last().reason]).toEqual([400, 'invalid_request', 'several_methods']);
});

it('FUT-01 everything that holds for our methods holds for it', async () => {
  const server = withToy();
  const reasonOf = async (headers: Record<string, string | string[]>, text = body) => {
    await exchange(server.router, { headers, body: text });
    return server.last().reason;
  };
  expect(await reasonOf({ 'x-toy-key': [right['x-toy-key'], right['x-toy-key']] })).toBe(
    'authorization_header_malformed',
  );
  expect(await reasonOf({ 'x-toy-key': 'toy-client' })).toBe('authorization_header_malformed');
  expect(await reasonOf({ 'x-toy-key': 'nobody x' })).toBe('unknown_client');
  expect(await reasonOf({ 'x-toy-key': 'basic-client x' })).toBe('method_not_registered');
  expect(await reasonOf(right, `${body}&client_id=basic-client`)).toBe('client_id_conflict');
  expect(await reasonOf(right, `${body}&toy_hint=1&toy_hint=1`)).toBe('parameter_repeated');
  expect(await reasonOf({ authorization: basicHeader('toy-client', key) })).toBe('method_not_registered');
  expect(await reasonOf({}, `${body}&client_id=toy-client`)).toBe('no_credentials');
});

it('FUT-01 a router that is not told of the method does not know it', async () => {
  const without = specServer({ clients });
  expect((await exchange(without.router, { headers: right, body })).status).toBe(401);
  expect(without.last().reason).toBe('no_credentials');
  const disabled = specServer({ clients, strategies: [...standardStrategies(), toy()] });
  expect((await exchange(disabled.router, { headers: right, body })).status).toBe(401);
  expect(disabled.last().reason).toBe('method_not_enabled');
});

const spiffe = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe';

it('FUT-01 an assertion of type jwt-spiffe is 401, and used up by nothing', async () => {
  const server = specServer();
  const asserted = { grant_type: 'client_credentials', client_assertion: await assertion('private-key-client') };
  const reply = await server.token({ ...asserted, client_assertion_type: spiffe });
  expect([reply.status, reply.body.error, server.last().reason]).toEqual([
    401,
    'invalid_client',
    'assertion_type_unsupported',
  ]);
  expect((await server.token({ ...asserted, client_assertion_type: assertionType })).status).toBe(200);
});

it('FUT-01 a method that understands jwt-spiffe can be added beside ours', async () => {
  const spiffeJwt: ClientAuthenticationStrategy = {
    name: 'spiffe_jwt',
    mechanism: 'client_assertion',
    extract({ form }) {
      if (form.get('client_assertion_type') !== spiffe) return undefined;
      return form.get('client_assertion') === 'toy' ? { clientId: 'workload' } : new OAuthError('assertion_malformed');
    },
    verify: () => undefined,
  };
  const workload: ClientMetadataInput = {
    ...toyClient,
    client_id: 'workload',
    token_endpoint_auth_method: 'spiffe_jwt',
  };
  const server = specServer({
    clients: [...allClients, workload],
    strategies: [...standardStrategies(), spiffeJwt],
    token_endpoint_auth_methods: ['spiffe_jwt', 'private_key_jwt'],
  });
  const send = (client_assertion: string, client_assertion_type: string) =>
    server.token({ grant_type: 'client_credentials', client_assertion, client_assertion_type });
  expect((await send('toy', spiffe)).status).toBe(200);
  expect((await send('other', spiffe)).status).toBe(401);
  expect((await send('toy', assertionType)).status).toBe(401);
  expect((await send(await assertion('private-key-client'), assertionType)).status).toBe(200);
});

it('FUT-01 attestation headers are no method: ignored beside one, nothing alone', async () => {
  const server = specServer();
  const attestation = {
    'OAuth-Client-Attestation': 'eyJ.eyJ.x',
    'OAuth-Client-Attestation-PoP': 'eyJ.eyJ.x',
  };
  const grant = { grant_type: 'client_credentials' };
  expect(
    (await server.token(grant, { ...attestation, Authorization: basicHeader('basic-client', secrets.basic) })).status,
  ).toBe(200);
  expect(
    (await server.token({ ...grant, client_id: 'post-client', client_secret: secrets.post }, attestation)).status,
  ).toBe(200);
  expect((await server.token({ ...grant, client_id: 'basic-client' }, attestation)).status).toBe(401);
  expect(server.last().reason).toBe('no_credentials');
});
