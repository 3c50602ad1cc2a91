import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { clientCredentials, grantRouter, standardStrategies } from '../../index.js';
import { allMethods, issuer, MetadataWorld, path } from '../support/metadata-world.js';

let world: MetadataWorld;
beforeAll(async () => {
  world = await new MetadataWorld({}).start();
});
afterAll(() => world.stop());

const places = ['/.well-known/oauth-authorization-server/acme/demo', '/acme/demo/.well-known/openid-configuration'];

async function metadataOf(...options: ConstructorParameters<typeof MetadataWorld>): Promise<Record<string, unknown>> {
  const other = await new MetadataWorld(...options).start();
  const document = await other.metadata();
  await other.stop();
  return document;
}

describe('MET-01 where it is', () => {
  it.each(places)('MET-01 %s', async (place) => {
    const { status, headers, body } = await world.send({ path: place });
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    expect(headers['cache-control']).toBe('public, max-age=300');
    expect(headers).not.toHaveProperty('pragma');
    expect(body.issuer).toBe(issuer);
    expect(world.reason).toBe('success');
  });

  it('MET-01 both places say the same, to HEAD and with a query too', async () => {
    const [one, two] = await Promise.all(places.map((place) => world.send({ path: `${place}?x=1` })));
    expect(one?.body).toEqual(two?.body);
    const head = await world.send({ path: places[0] as string, method: 'HEAD' });
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', String(one?.text.length)]);
  });

  it.each([
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
    '/.well-known/openid-configuration/acme/demo',
    '/acme/demo/.well-known/oauth-authorization-server',
    '/.well-known/oauth-authorization-server/acme/demo/',
    '/.well-known/oauth-authorization-server/acme/other',
    '/acme%2Fdemo/.well-known/openid-configuration',
  ])('MET-01 not at %s', async (place) => {
    expect((await world.send({ path: place })).status).toBe(404);
  });

  it.each(places)('MET-01 only to be read: POST %s', async (place) => {
    const { status, headers } = await world.send({ path: place, form: { a: 'b' } });
    expect([status, headers.allow, world.reason]).toEqual([405, 'GET, HEAD', 'method_not_allowed']);
  });
});

describe('MET-02 the issuer is one string everywhere', () => {
  it('MET-02 metadata, iss parameter, access token, ID token and assertion audience', async () => {
    const redirect = await world.authorize();
    const reply = await world.token('none');
    expect(reply.status).toBe(200);
    const found = [
      (await world.metadata()).issuer,
      redirect.iss,
      (await world.authorize({ scope: 'nonsense' })).iss,
      decodeJwt(reply.body.access_token).iss,
      decodeJwt(reply.body.id_token).iss,
    ];
    expect(found).toEqual(new Array(5).fill(issuer));
    expect((await world.token('private_key_jwt')).status).toBe(200);
  });

  it('MET-02 Host and forwarded headers change nothing', async () => {
    const headers = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      forwarded: 'host=evil.example',
    };
    for (const place of places) {
      const { text, body } = await world.send({ path: place, headers });
      expect(text).not.toContain('evil');
      expect(body.token_endpoint).toBe(`${issuer}/oauth2/token`);
    }
  });

  it.each([
    'http://as.example.com',
    'https://as.example.com?a=b',
    'https://as.example.com/#a',
    'https://as.example.com/a/',
    'https://AS.example.com',
    'https://as.example.com:443',
    'https://user@as.example.com',
    'as.example.com',
  ])('MET-02 %s cannot be an issuer', (wrong) => {
    const construct = (value: string) => () =>
      grantRouter({ issuer: value, clients: [], strategies: standardStrategies(), grants: [clientCredentials()] });
    expect(construct(wrong)).toThrow('issuer');
    expect(construct('https://as.example.com/a')).not.toThrow();
  });
});

const assertionAlgorithms = ['HS256', 'RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'];
const provingMethods = allMethods.filter((method) => method !== 'none');

describe('MET-03 what is present and what is left out', () => {
  it('MET-03 the document of a server with everything', async () => {
    expect(await world.metadata()).toEqual({
      issuer,
      authorization_endpoint: `${issuer}/oauth2/authorize`,
      pushed_authorization_request_endpoint: `${issuer}/oauth2/par`,
      require_pushed_authorization_requests: false,
      token_endpoint: `${issuer}/oauth2/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      scopes_supported: ['openid', 'read'],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'client_credentials'],
      token_endpoint_auth_methods_supported: [...allMethods],
      token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
      introspection_endpoint: `${issuer}/oauth2/introspect`,
      introspection_endpoint_auth_methods_supported: [...provingMethods, 'Bearer', 'DPoP'],
      introspection_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
      introspection_signing_alg_values_supported: ['ES256', 'RS256'],
      revocation_endpoint: `${issuer}/oauth2/revoke`,
      revocation_endpoint_auth_methods_supported: [...allMethods],
      revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256', 'RS256'],
      userinfo_signing_alg_values_supported: ['ES256', 'RS256'],
      claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'at_hash'],
      prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
      tls_client_certificate_bound_access_tokens: true,
      dpop_signing_alg_values_supported: ['ES256', 'RS256', 'PS256', 'Ed25519', 'EdDSA'],
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
    });
  });

  it('MET-03 no array is empty, no member null, whatever is switched off', async () => {
    const document = await metadataOf(
      { scopes: {}, token_endpoint_auth_methods: ['client_secret_basic'] },
      { signIn: false },
    );
    for (const [member, value] of Object.entries(document)) {
      expect([member, Array.isArray(value) && value.length === 0, value === null]).toEqual([member, false, false]);
    }
    expect(document).not.toHaveProperty('scopes_supported');
    expect(await world.metadata()).toHaveProperty('scopes_supported');
  });

  it('MET-03 without somebody who knows the person there is no authorization endpoint, and nothing of it', async () => {
    const document = await metadataOf({}, { signIn: false });
    for (const member of [
      'authorization_endpoint',
      'response_types_supported',
      'response_modes_supported',
      'code_challenge_methods_supported',
      'prompt_values_supported',
    ]) {
      expect(document).not.toHaveProperty(member);
      expect(await world.metadata()).toHaveProperty(member);
    }
    expect(document.grant_types_supported).toEqual(['client_credentials']);
  });
});

describe('MET-04 methods', () => {
  it.each([
    [['client_secret_basic']],
    [['none']],
    [['self_signed_tls_client_auth', 'tls_client_auth']],
    [['private_key_jwt', 'none', 'client_secret_post']],
  ])('MET-04 exactly the enabled ones: %j', async (methods) => {
    const { token_endpoint_auth_methods_supported: listed } = await metadataOf({
      token_endpoint_auth_methods: methods,
    });
    expect([...(listed as string[])].sort()).toEqual([...methods].sort());
  });

  it('MET-04 introspection takes them without none, and Bearer tokens; revocation takes them all', async () => {
    const document = await metadataOf({ token_endpoint_auth_methods: ['none', 'private_key_jwt'] });
    expect(document.introspection_endpoint_auth_methods_supported).toEqual(['private_key_jwt', 'Bearer', 'DPoP']);
    expect(document.revocation_endpoint_auth_methods_supported).toEqual(document.token_endpoint_auth_methods_supported);
  });

  it('MET-04 a method that no strategy understands is not listed', async () => {
    const { token_endpoint_auth_methods_supported: listed } = await metadataOf({
      token_endpoint_auth_methods: ['client_secret_basic', 'my_own_method'],
    });
    expect(listed).toEqual(['client_secret_basic']);
  });
});

describe('MET-05 algorithms of assertions', () => {
  const all = ['HS256', 'HS512', 'ES256', 'Ed25519'] as const;
  it.each<[string[], string[] | undefined]>([
    [
      ['client_secret_jwt', 'private_key_jwt'],
      ['HS256', 'HS512', 'ES256', 'Ed25519', 'EdDSA'],
    ],
    [['client_secret_jwt'], ['HS256', 'HS512']],
    [['private_key_jwt'], ['ES256', 'Ed25519', 'EdDSA']],
    [['client_secret_basic', 'none'], undefined],
  ])('MET-05 with %j', async (methods, expected) => {
    const document = await metadataOf({
      token_endpoint_auth_methods: methods,
      token_endpoint_auth_signing_alg_values: [...all],
    });
    for (const endpoint of ['token', 'introspection', 'revocation']) {
      expect(document[`${endpoint}_endpoint_auth_signing_alg_values_supported`]).toEqual(expected);
    }
    expect(JSON.stringify(document)).not.toMatch(/_alg_values_supported":\[[^\]]*"none"/);
  });
});

describe('MET-06 what clients rely on', () => {
  it('MET-06 S256 and iss where there is an authorization endpoint', async () => {
    expect(await world.metadata()).toMatchObject({
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      tls_client_certificate_bound_access_tokens: true,
    });
  });

  it('MET-06 nothing of what is not built', async () => {
    const names = Object.keys(await world.metadata()).join(' ');
    expect(names).not.toMatch(/registration|mtls|end_session/);
    for (const place of ['register']) {
      expect((await world.send({ path: `${path}/oauth2/${place}`, form: { token: 'x' } })).status).toBe(404);
    }
  });
});

describe('MET-08 what OpenID Connect asks for', () => {
  it('MET-08 the members of Discovery 3, RS256 and openid among the values', async () => {
    const document = await world.metadata();
    expect(document).toMatchObject({
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      userinfo_endpoint: `${issuer}/userinfo`,
      subject_types_supported: ['public'],
      scopes_supported: expect.arrayContaining(['openid']),
      id_token_signing_alg_values_supported: expect.arrayContaining(['RS256']),
    });
    expect((await world.send({ path: `${path}/userinfo` })).status).toBe(401);
  });

  it('MET-08 claims are those of the scopes the workspace has', async () => {
    const scopes = { openid: {}, profile: {}, email: {}, read: {} };
    expect((await metadataOf({ scopes })).claims_supported).toEqual(
      expect.arrayContaining(['sub', 'auth_time', 'name', 'preferred_username', 'email']),
    );
    expect((await world.metadata()).claims_supported).not.toContain('email');
  });

  it('MET-08 where nobody signs in there is no userinfo, and nothing of it', async () => {
    const other = await new MetadataWorld({ grant_types: ['client_credentials'] }).start();
    const document = await other.metadata();
    for (const member of ['userinfo_endpoint', 'userinfo_signing_alg_values_supported', 'claims_supported']) {
      expect(document).not.toHaveProperty(member);
      expect(await world.metadata()).toHaveProperty(member);
    }
    expect((await other.send({ path: `${path}/userinfo` })).status).toBe(404);
    await other.stop();
  });
});
