import { expect, it } from '@jest/globals';
import type { ClientMetadataInput, Store } from '../../index.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { freshCode, redeeming, signedIn } from '../support/code-flow.js';
import { exchange } from '../support/http-exchange.js';
import {
  allClients,
  assertion,
  assertionType,
  basicHeader,
  clientCertificate,
  clientPerMethod,
  issuer,
  macAssertion,
  newSecret,
  ownCertificate,
  secrets,
} from '../support/methods.js';
import { specServer } from '../support/spec-server.js';

const grant = { grant_type: 'client_credentials' };
const basic = { Authorization: basicHeader('basic-client', secrets.basic) };
const post = { client_id: 'post-client', client_secret: secrets.post };
const signed = async (clientId = 'private-key-client') => ({
  client_assertion: await assertion(clientId),
  client_assertion_type: assertionType,
});
const challenge = `Basic realm="${issuer}", error="invalid_client"`;
/** A header that the specs' servers believe. */
const certificate = { 'X-SSL-Client-Cert': encodeURIComponent(clientCertificate.cert) };
const behindProxy = { trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: 'nginx' as const }] };
const failed = { error: 'invalid_client', error_description: 'Client authentication failed.' };

it.each([
  ['a header and a secret', basic, async () => post],
  [
    'a header and a secret of the same client',
    basic,
    async () => ({ client_id: 'basic-client', client_secret: secrets.basic }),
  ],
  ['a header and an assertion', basic, () => signed()],
  ['a secret and an assertion', {}, async () => ({ ...post, ...(await signed()) })],
  ['all three', basic, async () => ({ ...post, ...(await signed()) })],
  ['a header of another scheme and a secret', { Authorization: 'Bearer x' }, async () => post],
  ['a malformed header and a secret', { Authorization: 'Basic ***' }, async () => post],
  ['an empty header and a secret', { Authorization: '' }, async () => post],
  ['a header and half an assertion', basic, async () => ({ client_assertion: 'x' })],
  ['a header and the type of an assertion', basic, async () => ({ client_assertion_type: assertionType })],
] as const)('CAU-01 refuses %s, though each may be right', async (_name, headers, credentials) => {
  const server = specServer();
  const reply = await server.token({ ...grant, ...(await credentials()) }, headers);
  expect([reply.status, reply.body.error, server.last().reason]).toEqual([400, 'invalid_request', 'several_methods']);
  expect(reply.body.error_description).toBe('Use one client authentication method per request.');
});

it('CAU-01 each of them alone is right', async () => {
  const server = specServer();
  expect((await server.token(grant, basic)).status).toBe(200);
  expect((await server.token({ ...grant, ...post })).status).toBe(200);
  expect((await server.token({ ...grant, ...(await signed()) })).status).toBe(200);
});

it('CAU-01 is decided before any strategy verifies: the assertion is not used up, the client not looked up', async () => {
  const found: string[] = [];
  const find = (id: string) => {
    found.push(id);
    return allClients.find(({ client_id }) => client_id === id);
  };
  const server = specServer({ clients: { find } });
  const credentials = await signed();
  expect((await server.token({ ...grant, ...credentials }, basic)).status).toBe(400);
  expect(found).toEqual([]);
  expect((await server.token({ ...grant, ...credentials })).status).toBe(200);
});

it('CAU-02 a certificate beside another method is no second method', async () => {
  const server = specServer(behindProxy);
  expect((await server.token(grant, { ...basic, ...certificate })).status).toBe(200);
  expect((await server.token({ ...grant, ...post }, certificate)).status).toBe(200);
  expect((await server.token({ ...grant, ...(await signed()) }, certificate)).status).toBe(200);
  expect(server.last().method).toBe('private_key_jwt');
});

it.each(['tls-client', 'self-signed-client'])(
  'CAU-02 %s may not send a secret or an assertion as well',
  async (client_id) => {
    const server = specServer(behindProxy);
    const certificates = { 'tls-client': clientCertificate, 'self-signed-client': ownCertificate } as Record<
      string,
      typeof ownCertificate
    >;
    const headers = { 'X-SSL-Client-Cert': encodeURIComponent(certificates[client_id]!.cert) };
    expect((await server.token({ ...grant, client_id }, headers)).status).toBe(200);
    const attempts = [
      () => server.token({ ...grant, client_id, client_secret: newSecret() }, headers),
      () => server.token({ ...grant, client_id }, { ...headers, Authorization: basicHeader(client_id, newSecret()) }),
      async () => server.token({ ...grant, client_id, ...(await signed(client_id)) }, headers),
    ];
    for (const attempt of attempts) {
      const reply = await attempt();
      expect([reply.status, reply.body, server.last().reason]).toEqual([401, failed, 'method_not_registered']);
      expect(reply.headers['www-authenticate']).toBe(challenge);
    }
  },
);

it.each([
  ['a Basic client by post', { client_id: 'basic-client', client_secret: secrets.basic }, {}],
  ['a post client by Basic', {}, { Authorization: basicHeader('post-client', secrets.post) }],
  [
    'a client_secret_jwt client by its secret in Basic',
    {},
    { Authorization: basicHeader('secret-jwt-client', secrets.jwt) },
  ],
  [
    'a client_secret_jwt client by its secret in the body',
    { client_id: 'secret-jwt-client', client_secret: secrets.jwt },
    {},
  ],
])('CAU-03 refuses %s, with a right credential', async (_name, body, headers) => {
  const server = specServer();
  const reply = await server.token({ ...grant, ...body } as Record<string, string>, headers as Record<string, string>);
  expect([reply.status, reply.body, server.last().reason]).toEqual([401, failed, 'method_not_registered']);
});

it('CAU-03 a client registered for one kind of assertion may not use the other', async () => {
  const server = specServer();
  const key = new TextEncoder().encode(secrets.jwt);
  const mac = await assertion('private-key-client', { key, header: { alg: 'HS256', kid: undefined } });
  expect((await server.token({ ...grant, client_assertion: mac, client_assertion_type: assertionType })).status).toBe(
    401,
  );
  expect(server.last()).toMatchObject({ method: 'private_key_jwt', reason: 'assertion_algorithm_refused' });
  const right = await macAssertion();
  expect((await server.token({ ...grant, client_assertion: right, client_assertion_type: assertionType })).status).toBe(
    200,
  );
});

it('CAU-03 a client that registered no method is a Basic one', async () => {
  const secret = newSecret();
  const client: ClientMetadataInput = {
    client_id: 'plain',
    client_secret: secret,
    grant_types: ['client_credentials'],
  };
  const server = specServer({ clients: [client] });
  expect((await server.token(grant, { Authorization: basicHeader('plain', secret) })).status).toBe(200);
  expect((await server.token({ ...grant, client_id: 'plain', client_secret: secret })).status).toBe(401);
});

it('CAU-03 Basic and post stand in for each other only where the client says so, and it is told', async () => {
  const loose = (method: 'client_secret_basic' | 'client_secret_post'): ClientMetadataInput => ({
    ...clientPerMethod.client_secret_basic,
    grant_types: ['client_credentials'],
    client_id: method,
    token_endpoint_auth_method: method,
    secret_methods: 'basic-or-post',
  });
  const server = specServer({ clients: [loose('client_secret_basic'), loose('client_secret_post')] });
  for (const client_id of ['client_secret_basic', 'client_secret_post']) {
    expect((await server.token(grant, { Authorization: basicHeader(client_id, secrets.basic) })).status).toBe(200);
    expect((await server.token({ ...grant, client_id, client_secret: secrets.basic })).status).toBe(200);
    expect((await server.token({ ...grant, client_id, client_secret: 'wrong' })).status).toBe(401);
    const both = await server.token(
      { ...grant, client_id, client_secret: secrets.basic },
      { Authorization: basicHeader(client_id, secrets.basic) },
    );
    expect([both.status, server.last().reason]).toEqual([400, 'several_methods']);
  }
  expect(
    server.events.filter((event) => event.event === 'warning' && event.name === 'basic_or_post_used'),
  ).toHaveLength(3);
});

it('CAU-04 a client_id in the body that is not the Basic user is 400', async () => {
  const server = specServer();
  const reply = await server.token({ ...grant, client_id: 'post-client' }, basic);
  expect([reply.status, reply.body.error, server.last().reason]).toEqual([
    400,
    'invalid_request',
    'client_id_conflict',
  ]);
  expect((await server.token({ ...grant, client_id: 'Basic-client' }, basic)).status).toBe(400);
  expect((await server.token({ ...grant, client_id: 'basic-client' }, basic)).status).toBe(200);
});

it('CAU-04 a client_id in the body that is not the subject of the assertion is 401', async () => {
  const server = specServer();
  const reply = await server.token({ ...grant, client_id: 'basic-client', ...(await signed()) });
  expect([reply.status, reply.body, server.last().reason]).toEqual([401, failed, 'client_id_mismatch']);
  expect((await server.token({ ...grant, client_id: 'private-key-client', ...(await signed()) })).status).toBe(200);
});

const expired = newSecret();
const asleep = newSecret();
const further: ClientMetadataInput[] = [
  {
    client_id: 'expired',
    client_secret: expired,
    client_secret_expires_at: 1_700_000_000,
    grant_types: ['client_credentials'],
  },
  { client_id: 'asleep', client_secret: asleep, status: 'inactive', grant_types: ['client_credentials'] },
];

it('CAU-05 every failure has the same reply', async () => {
  const server = specServer({ clients: [...allClients, ...further] });
  const attempts = [
    ['unknown_client', grant, { Authorization: basicHeader('nobody', 'x') }],
    ['unknown_client', { ...grant, client_id: 'nobody' }, {}],
    ['client_inactive', grant, { Authorization: basicHeader('asleep', asleep) }],
    ['secret_mismatch', grant, { Authorization: basicHeader('asleep', 'x') }],
    ['secret_mismatch', grant, { Authorization: basicHeader('basic-client', 'x') }],
    ['secret_expired', grant, { Authorization: basicHeader('expired', expired) }],
    ['method_not_registered', grant, { Authorization: basicHeader('post-client', secrets.post) }],
    ['no_credentials', { ...grant, client_id: 'basic-client' }, {}],
    ['certificate_missing', { ...grant, client_id: 'tls-client' }, {}],
    [
      'assertion_signature_invalid',
      {
        ...grant,
        client_assertion: `${(await assertion('private-key-client')).slice(0, -8)}AAAAAAAA`,
        client_assertion_type: assertionType,
      },
      {},
    ],
    ['unknown_client', { ...grant, ...(await signed('nobody')) }, {}],
    ['authorization_header_malformed', grant, { Authorization: 'Basic %' }],
  ] as const;
  for (const [reason, body, headers] of attempts) {
    const reply = await server.token(body as Record<string, string>, headers as Record<string, string>);
    const { date: _date, 'x-correlation-id': _id, ...told } = reply.headers;
    expect([reason, server.last().reason, reply.status, reply.text]).toEqual([
      reason,
      reason,
      401,
      JSON.stringify(failed),
    ]);
    expect(told).toEqual({
      'content-type': 'application/json',
      'content-length': String(reply.text.length),
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'www-authenticate': challenge,
      connection: 'close',
    });
  }
});

it.each([
  ['Basic', { Authorization: basicHeader('basic-client', 'x') }, {}],
  ['post', {}, { client_id: 'post-client', client_secret: 'x' }],
  ['an assertion', {}, { client_assertion: 'x', client_assertion_type: assertionType }],
  ['a certificate', {}, { client_id: 'tls-client' }],
  ['none', {}, { client_id: 'public-client', client_secret: 'x' }],
  ['Bearer', { Authorization: 'Bearer x' }, {}],
])('CAU-06 a failure by %s is 401 with the one challenge', async (_name, headers, body) => {
  const reply = await specServer().token(
    { ...grant, ...body } as Record<string, string>,
    headers as Record<string, string>,
  );
  expect([reply.status, reply.body.error, reply.headers['www-authenticate']]).toEqual([
    401,
    'invalid_client',
    challenge,
  ]);
});

it('CAU-06 the realm is the issuer, and stays one quoted string', async () => {
  const reply = await exchange(specServer({ issuer: 'https://as.example.com/a%22b' }).router, {
    path: '/a%22b/oauth2/token',
  });
  expect(reply.headers['www-authenticate']).toBe('Basic realm="https://as.example.com/a%22b", error="invalid_client"');
});

it.each(['basic-client', 'post-client', 'secret-jwt-client', 'private-key-client'])(
  'CAU-07 %s without credentials is 401',
  async (client_id) => {
    const server = specServer();
    const reply = await server.token({ ...grant, client_id });
    expect([reply.status, reply.body, server.last().reason]).toEqual([401, failed, 'no_credentials']);
    expect(server.last().client_id).toBe(client_id);
  },
);

it('CAU-07 nobody at all is 401', async () => {
  const server = specServer();
  const reply = await server.token(grant);
  expect([reply.status, reply.body, server.last().reason]).toEqual([401, failed, 'no_credentials']);
  expect(reply.headers['www-authenticate']).toBe(challenge);
});

it.each([
  ['an unknown grant_type', { grant_type: 'x' }],
  ['no grant_type', {}],
  ['a malformed scope', { ...grant, scope: '"' }],
  ['a foreign resource', { ...grant, resource: 'x' }],
  ['an unknown code', { grant_type: 'authorization_code', code: 'x' }],
])('CAU-08 with %s, bad authentication is what is told', async (_name, body) => {
  const server = specServer();
  expect(
    (await server.token(body as Record<string, string>, { Authorization: basicHeader('basic-client', 'x') })).body,
  ).toEqual(failed);
  expect((await server.token(body as Record<string, string>, basic)).status).toBe(400);
});

it('CAU-08 bad authentication reads and uses up nothing of a grant', async () => {
  const inner = memoryStore();
  const touched: string[] = [];
  const store: Store = new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) => {
        touched.push(`${String(name)} ${String(given[0])}`);
        return member.apply(target, given);
      };
    },
  });
  const server = specServer({ ...signedIn, store });
  const code = await freshCode(server.router);
  const body = redeeming(code);
  touched.length = 0;
  expect((await server.token(body)).status).toBe(401);
  expect((await server.token({ ...body, client_id: 'nobody' })).status).toBe(401);
  expect((await server.token({ ...body, client_id: 'public-client', client_secret: newSecret() })).status).toBe(401);
  expect((await server.token(body, { Authorization: basicHeader('public-client', 'x') })).status).toBe(401);
  // Failures are counted, and one look tells whether the store has news of clients that are not configured.
  expect(touched.filter((each) => !/\/(guesses|stored-client-version)\/|^get changes$/.test(each))).toEqual([]);
  expect((await server.token({ ...body, client_id: 'public-client' })).status).toBe(200);
});

it('CAU-09 every endpoint that authenticates clients is one authenticator with one replay memory', async () => {
  const store = memoryStore();
  const options = { issuer, store, clients: allClients };
  const server = specServer({ store });
  const { authenticateClient, standardStrategies } = await import('../../index.js');
  const route = authenticateClient({ ...options, strategies: standardStrategies() });
  const atRoute = (body: Record<string, string>) =>
    exchange((request, response) => void route(request, response, () => response.end('ok')), {
      body: new URLSearchParams(body).toString(),
    });
  const credentials = await signed();
  expect((await atRoute(credentials)).text).toBe('ok');
  expect((await server.token({ ...grant, ...credentials })).body).toEqual(failed);
  expect(server.last().reason).toBe('assertion_replayed');
  const again = await signed();
  expect((await server.token({ ...grant, ...again })).status).toBe(200);
  const replayed = await atRoute(again);
  expect([replayed.status, replayed.json()]).toEqual([401, failed]);
});
