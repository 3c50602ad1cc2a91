import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import type { WorkspacePolicyInput } from '../../index.js';
import {
  allMethods,
  assertionBy,
  callback,
  challenge,
  idTokenAlgorithms,
  issuer,
  MetadataWorld,
  type Method,
  path,
  verifier,
} from '../support/metadata-world.js';

const allAlgorithms = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'Ed25519',
  'EdDSA',
];
const allGrants = [
  'authorization_code',
  'client_credentials',
  'refresh_token',
  'password',
  'implicit',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'tls_client_auth',
];

const policies: [title: string, policy: WorkspacePolicyInput, options: { signIn?: boolean }][] = [
  ['everything as it is by default', { signing_keys: ['ES256', 'RS256'] }, {}],
  [
    'every algorithm',
    {
      token_endpoint_auth_signing_alg_values: allAlgorithms.filter((alg) => alg !== 'EdDSA') as never,
      signing_keys: ['PS256', 'Ed25519'],
    },
    {},
  ],
  [
    'secrets alone',
    { token_endpoint_auth_methods: ['client_secret_basic', 'client_secret_post'], signing_keys: ['ES256'] },
    {},
  ],
  [
    'keys and people',
    {
      token_endpoint_auth_methods: ['private_key_jwt', 'none'],
      token_endpoint_auth_signing_alg_values: ['ES256', 'PS256', 'HS256'],
      signing_keys: ['Ed25519'],
    },
    {},
  ],
  [
    'certificates and MACs, opaque tokens',
    {
      token_endpoint_auth_methods: ['tls_client_auth', 'self_signed_tls_client_auth', 'client_secret_jwt'],
      token_endpoint_auth_signing_alg_values: ['HS512', 'Ed25519'],
      access_token_format: 'opaque',
    },
    {},
  ],
  [
    'a method without an algorithm',
    {
      token_endpoint_auth_methods: ['client_secret_jwt', 'private_key_jwt', 'client_secret_basic'],
      token_endpoint_auth_signing_alg_values: ['ES256'],
      scopes: { openid: {}, read: {}, 'read.*': {} },
    },
    {},
  ],
  ['machines alone', { grant_types: ['client_credentials'] }, {}],
  ['people alone', { grant_types: ['authorization_code'], pkce: 'public-clients' }, {}],
  ['nobody to sign in', {}, { signIn: false }],
  ['the profile oauth21', { profile: 'oauth21', signing_keys: ['ES256'] }, {}],
];

type Lists = Readonly<Record<string, readonly string[] | undefined>>;

describe.each(policies)('MET-09 %s', (_title, policy, options) => {
  let world: MetadataWorld;
  let metadata: Lists;
  beforeAll(async () => {
    world = await new MetadataWorld(policy, options).start();
    metadata = (await world.metadata()) as Lists;
  });
  afterAll(() => world.stop());

  const listed = (member: string): readonly string[] => metadata[`${member}_supported`] ?? [];
  const machineGrant = () => listed('grant_types').includes('client_credentials');
  const outcomeOf = ({ status, body }: { status: number; body: { error?: string } }) => [
    status,
    body.error,
    world.reason,
  ];
  const good = [200, undefined, 'success'];

  /** Why an assertion method that is not listed, or one by an algorithm that is not, lets nobody in. */
  const refusalOf = (method: Method) =>
    (policy.token_endpoint_auth_methods ?? allMethods).includes(method)
      ? [401, 'invalid_client', 'assertion_algorithm_refused']
      : [401, 'invalid_client', 'method_not_enabled'];

  /** The first listed algorithm for this method; the usual one where none is listed. */
  const algorithmFor = (method: Method) => {
    const mac = method === 'client_secret_jwt';
    const algorithms = listed('token_endpoint_auth_signing_alg_values');
    return algorithms.find((alg) => alg.startsWith('HS') === mac) ?? (mac ? 'HS256' : 'ES256');
  };

  it.each(allMethods)('MET-09 method %s', async (method) => {
    const code = method === 'none' || !machineGrant();
    const reply = await world.token(method, code ? await world.codeGrant(method) : {}, algorithmFor(method));
    if (!listed('token_endpoint_auth_methods').includes(method)) {
      expect(outcomeOf(reply)).toEqual(refusalOf(method));
    } else if (code && !listed('grant_types').includes('authorization_code')) {
      // The client has proven who it is, and then finds no grant for it.
      expect(world.reason).toBe('grant_type_unsupported');
    } else {
      expect(outcomeOf(reply)).toEqual(good);
    }
  });

  it.each(allMethods)('MET-09 PAR-01 pushing by method %s', async (method) => {
    expect(metadata.require_pushed_authorization_requests).toBe(metadata.authorization_endpoint && false);
    const reply = await world.push(method, algorithmFor(method));
    if (!metadata.pushed_authorization_request_endpoint) expect(reply.status).toBe(404);
    else if (listed('token_endpoint_auth_methods').includes(method)) {
      expect([reply.status, world.reason]).toEqual([201, 'success']);
      expect((await world.authorizePushed(method, reply.body.request_uri)).code).toBeDefined();
    } else expect(outcomeOf(reply)).toEqual(refusalOf(method));
  });

  it.each(allAlgorithms)('MET-09 assertion algorithm %s', async (alg) => {
    const method: Method = alg.startsWith('HS') ? 'client_secret_jwt' : 'private_key_jwt';
    const reply = await world.token(method, machineGrant() ? {} : await world.codeGrant(method), alg);
    const isListed = listed('token_endpoint_auth_signing_alg_values').includes(alg);
    expect(outcomeOf(reply)).toEqual(isListed ? good : refusalOf(method));
  });

  it('MET-09 assertion algorithm none', async () => {
    expect(listed('token_endpoint_auth_signing_alg_values')).not.toContain('none');
    const reply = await world.token('private_key_jwt', { client_assertion: await withoutSignature() });
    expect(outcomeOf(reply)).toEqual([401, 'invalid_client', 'assertion_malformed']);
  });

  it.each(allGrants)('MET-09 grant %s', async (grant_type) => {
    const method = allMethods.find((each) => each !== 'none' && listed('token_endpoint_auth_methods').includes(each));
    const alg = listed('token_endpoint_auth_signing_alg_values').find(
      (each) => each.startsWith('HS') === (method === 'client_secret_jwt'),
    );
    const parameters = grant_type === 'authorization_code' ? await world.codeGrant(method as Method) : { grant_type };
    const reply = await world.token(method as Method, { username: 'a', password: 'b', ...parameters }, alg);
    if (listed('grant_types').includes(grant_type)) {
      expect(outcomeOf(reply)).toEqual(good);
    } else {
      expect(outcomeOf(reply)).toEqual([400, 'unsupported_grant_type', 'grant_type_unsupported']);
    }
  });

  it.each(['S256', 'plain', 'none', 's256', ''])('MET-09 challenge method %j', async (code_challenge_method) => {
    const { code, error, status } = await world.authorize({
      code_challenge_method,
      code_challenge: challengeFor(code_challenge_method),
    });
    if (!metadata.authorization_endpoint) expect(status).toBe('404');
    else if (listed('code_challenge_methods').includes(code_challenge_method)) expect(code).toBeDefined();
    else expect([error, world.reason]).toEqual(['invalid_request', 'challenge_invalid']);
  });

  it.each(['code', 'token', 'id_token', 'code id_token', 'none'])('MET-09 response type %s', async (response_type) => {
    const { code, error, status } = await world.authorize({ response_type });
    if (!metadata.authorization_endpoint) expect(status).toBe('404');
    else if (listed('response_types').includes(response_type)) expect(code).toBeDefined();
    else expect([error, world.reason]).toEqual(['unsupported_response_type', 'response_type_unsupported']);
  });

  it.each(['query', 'fragment', 'form_post', 'query.jwt'])('MET-09 response mode %s', async (response_mode) => {
    const { code, error, status } = await world.authorize({ response_mode });
    if (!metadata.authorization_endpoint) expect(status).toBe('404');
    else if (listed('response_modes').includes(response_mode)) expect(code).toBeDefined();
    else expect([error, world.reason]).toEqual(['invalid_request', 'parameter_invalid']);
  });

  it.each(['none', 'login', 'consent', 'select_account', 'create'])('MET-09 prompt %s', async (prompt) => {
    const { error, status } = await world.authorize({ prompt });
    const reason = world.reason;
    if (!metadata.authorization_endpoint) expect(status).toBe('404');
    else if (listed('prompt_values').includes(prompt)) expect([error, reason]).not.toContain('parameter_invalid');
    else expect([error, reason]).toEqual(['invalid_request', 'parameter_invalid']);
  });

  it.each([
    ['request', 'request_not_supported', 'request_object_unsupported'],
    ['request_uri', 'request_uri_not_supported', 'request_uri_unsupported'],
  ])('MET-09 the parameter %s', async (parameter, error, reason) => {
    expect(metadata[`${parameter}_parameter_supported`]).toBe(false);
    const answer = await world.authorize({ [parameter]: 'https://app.example.com/r' });
    if (metadata.authorization_endpoint) expect([answer.error, world.reason]).toEqual([error, reason]);
    else expect(answer.status).toBe('404');
  });

  it.each(['openid', 'read', 'read.*', 'write', 'admin'])('MET-09 scope %s', async (scope) => {
    const { error, status } = await world.authorize({ scope });
    if (!metadata.authorization_endpoint) expect(status).toBe('404');
    else if (listed('scopes').includes(scope)) expect(error).toBeUndefined();
    else expect([error, world.reason]).toEqual(['invalid_scope', 'scope_not_allowed']);
  });

  it('MET-09 every endpoint that is named is there', async () => {
    const urls = Object.entries(metadata).filter(([name]) => /_(endpoint|uri)$/.test(name));
    expect(urls.map(([name]) => name)).toEqual(expect.arrayContaining(['token_endpoint', 'jwks_uri']));
    for (const [, url] of urls) {
      const reply = await world.send({ path: new URL(String(url)).pathname });
      expect(reply.status).not.toBe(404);
    }
    expect((await world.send({ path: `${path}/oauth2/nothing` })).status).toBe(404);
  });

  it.each(idTokenAlgorithms)('MET-09 ID tokens by %s', async (alg) => {
    const registers = () =>
      new MetadataWorld({ ...policy, clients: [publicClient(alg)] } as WorkspacePolicyInput, options);
    if (!listed('id_token_signing_alg_values').includes(alg)) {
      expect(registers).toThrow(`clients[0].id_token_signed_response_alg`);
      return;
    }
    const other = await registers().start();
    const form = { ...(await other.codeGrant('app')), client_id: 'app' };
    const { body } = await other.send({ path: `${path}/oauth2/token`, form });
    const mayBeHad = metadata.authorization_endpoint && listed('token_endpoint_auth_methods').includes('none');
    if (mayBeHad) {
      const { kid, ...header } = decodeProtectedHeader(body.id_token);
      expect(header).toEqual({ alg, typ: 'JWT' });
      const { payload } = await jwtVerify(body.id_token, await other.publishedKey(kid), { issuer, audience: 'app' });
      expect(payload.sub).toBe('u1');
    } else expect(body).not.toHaveProperty('id_token');
    await other.stop();
  });
});

function challengeFor(method: string): string {
  return method === 'plain' ? verifier : challenge;
}

async function withoutSignature(): Promise<string> {
  const { client_assertion = '' } = await assertionBy('ES256');
  const header = Buffer.from('{"alg":"none"}').toString('base64url');
  return `${header}.${client_assertion.split('.')[1]}.`;
}

function publicClient(alg: string) {
  return {
    client_id: 'app',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    redirect_uris: [callback],
    scope: 'openid',
    trusted: true,
    id_token_signed_response_alg: alg,
  };
}
