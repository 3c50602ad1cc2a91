import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import request from 'supertest';
import { clientKey } from '../support/client-keys.js';
import {
  api,
  audience,
  bearer,
  events,
  good,
  invalid,
  one,
  outcome,
  startApi,
  stopApi,
  tokenOf,
  two,
} from '../support/guarded-api.js';
import { type MintOptions, mintToken } from '../support/mint-token.js';

beforeAll(startApi);
afterAll(stopApi);

describe('RSV-01 access tokens as JWT', () => {
  it('RSV-01 type, algorithm and claims', async () => {
    const token = await tokenOf('one', 'read write');
    const header = decodeProtectedHeader(token);
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
    const claims = decodeJwt(token);
    const seconds = expect.any(Number);
    expect(claims).toEqual({
      iss: one,
      sub: 'basic-client',
      sub_type: 'client',
      aud: one,
      client_id: 'basic-client',
      scope: 'read write',
      iat: seconds,
      exp: (claims.iat ?? 0) + 3600,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      grant_id: expect.any(String),
    });
    expect(decodeJwt(await tokenOf('one')).jti).not.toBe(claims.jti);
  });

  it('RSV-01 the key is in the key set, and the API takes the token', async () => {
    const token = await tokenOf('one');
    const { body } = await request(api.origin).get('/acme/one/.well-known/jwks.json');
    const kids = body.keys.map(({ kid }: { kid: string }) => kid);
    expect(kids).toContain(decodeProtectedHeader(token).kid);
    const { response, seen } = await outcome('/any', bearer(token));
    expect(seen).toEqual(good);
    expect(response.body).toMatchObject({ sub: 'basic-client', client_id: 'basic-client', scope: 'read', iss: one });
    expect(events.at(-1)).toMatchObject({ outcome: 'success', client_id: 'basic-client', issuer: one });
  });

  it('RSV-01 the opaque format says nothing and is taken too', async () => {
    const token = await tokenOf('two');
    expect(token).toMatch(/^[\w-]{43,}$/);
    expect((await outcome('/any', bearer(token))).seen).toEqual(good);
    expect((await outcome('/any', bearer(`${token.slice(0, -1)}~`))).seen).toEqual(invalid('token_unknown'));
  });
});

describe('RSV-02 what the middleware refuses', () => {
  const seconds = () => Math.floor(Date.now() / 1000);
  const table: [string, () => MintOptions | Promise<MintOptions>, string][] = [
    ['an ID token', () => ({ header: { typ: 'JWT' } }), 'token_malformed'],
    ['no typ', () => ({ header: { typ: undefined } }), 'token_malformed'],
    ['an introspection JWT', () => ({ header: { typ: 'token-introspection+jwt' } }), 'token_malformed'],
    ['a logout token', () => ({ header: { typ: 'logout+jwt' } }), 'token_malformed'],
    ['a foreign key under our kid', () => ({ key: clientKey().privateKey }), 'token_signature_invalid'],
    [
      'a foreign key under its own kid',
      () => ({ key: clientKey().privateKey, header: { kid: 'x' } }),
      'token_signature_invalid',
    ],
    ['no kid', () => ({ header: { kid: undefined } }), 'token_signature_invalid'],
    ['a foreign issuer', () => ({ claims: { iss: 'https://evil.example' } }), 'token_issuer_mismatch'],
    ['no issuer', () => ({ claims: { iss: undefined } }), 'token_issuer_mismatch'],
    ['the issuer of another workspace', () => ({ claims: { iss: two } }), 'token_signature_invalid'],
    ['the issuer with a slash', () => ({ claims: { iss: `${one}/` } }), 'token_issuer_mismatch'],
    ['another audience', () => ({ claims: { aud: 'https://other.example' } }), 'token_audience_mismatch'],
    ['no audience', () => ({ claims: { aud: undefined } }), 'token_malformed'],
    ['expired', () => ({ claims: { exp: seconds() } }), 'token_expired'],
    ['no expiry', () => ({ claims: { exp: undefined } }), 'token_malformed'],
    ['an expiry in words', () => ({ claims: { exp: '9999999999' } }), 'token_malformed'],
    ['not yet valid', () => ({ claims: { nbf: seconds() + 60 } }), 'token_not_yet_valid'],
    ['no subject', () => ({ claims: { sub: undefined } }), 'token_malformed'],
    ['no client_id', () => ({ claims: { client_id: undefined } }), 'token_malformed'],
    ['no scope', () => ({ claims: { scope: undefined } }), 'token_malformed'],
    ['a list of scopes', () => ({ claims: { scope: ['read'] } }), 'token_malformed'],
    [
      'a critical header',
      () => ({ header: { crit: ['urn:x'], 'urn:x': 1 }, crit: { 'urn:x': true } }),
      'token_malformed',
    ],
  ];
  it.each(table)('RSV-02 %s', async (_title, options, reason) => {
    const token = await mintToken(api.router, await options());
    const { seen, response } = await outcome('/any', bearer(token));
    expect(seen).toEqual(invalid(reason));
    expect(response.headers['www-authenticate']).toMatch(/^Bearer realm="[^"]*", error="invalid_token"/);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.text).not.toContain(token);
  });

  it('RSV-02 the same token without that mistake is good', async () => {
    expect((await outcome('/any', bearer(await mintToken(api.router)))).seen).toEqual(good);
    const long = await mintToken(api.router, { header: { typ: 'application/at+jwt' } });
    expect((await outcome('/any', bearer(long))).seen).toEqual(good);
  });

  it.each([
    ['none', ''],
    ['None', ''],
    ['HS256', 'public key'],
  ])('RSV-02 alg %s', async (alg, secret) => {
    const [header, payload] = (await mintToken(api.router)).split('.') as [string, string];
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const key = await api.router.workspaces[0]?.signingKeys.forAccessTokens();
    const pem = key?.publicKey.export({ type: 'spki', format: 'pem' }) ?? '';
    const forged = Buffer.from(JSON.stringify({ alg, kid, typ: 'at+jwt' })).toString('base64url');
    const mac = secret === '' ? '' : createHmac('sha256', pem).update(`${forged}.${payload}`).digest('base64url');
    const { response } = await outcome('/any', bearer(`${forged}.${payload}.${mac}`));
    expect([response.status, response.body.error]).toEqual([401, 'invalid_token']);
    expect(['token_malformed', 'token_signature_invalid']).toContain(events.at(-1)?.reason);
  });

  it('RSV-02 a key of the workspace that does not belong to the algorithm', async () => {
    const rsa = await api.router.workspaces[0]?.signingKeys.forAlgorithm('RS256');
    const token = await mintToken(api.router, {
      key: rsa?.privateKey as never,
      header: { alg: 'PS256', kid: rsa?.kid },
    });
    expect((await outcome('/any', bearer(token))).seen).toEqual(invalid('token_signature_invalid'));
  });

  it.each(['a.b.c', 'a.b.c.d.e', '..', 'eyJhbGciOiJub25lIn0.e30.', `${'A'.repeat(9000)}.A.A`])(
    'RSV-02 junk with dots is refused: %.20s',
    async (token) => {
      const { response } = await outcome('/any', bearer(token));
      expect([response.status, response.body.error]).toEqual([401, 'invalid_token']);
      const reason = token.endsWith('.e30.') ? 'token_issuer_mismatch' : 'token_malformed';
      expect(events.at(-1)?.reason).toBe(reason);
    },
  );

  it('RSV-02 an expired opaque token', async () => {
    const token = await tokenOf('two');
    expect((await outcome('/any', bearer(token))).seen).toEqual(good);
    api.clock = 3600_000;
    const { seen } = await outcome('/any', bearer(token));
    api.clock = 0;
    expect(seen).toEqual(invalid('token_expired'));
  });
});

describe('RSV-02 tokens of several workspaces', () => {
  it.each<[string, 'one' | 'two', string, boolean]>([
    ["the issuing workspace's default audience", 'one', '/any', true],
    ["the issuing workspace's default audience, the other one", 'two', '/any', true],
    ['the audience of the route', 'two', '/api-audience', true],
    ['another audience than that of the route', 'one', '/api-audience', false],
    ['the issuer as audience', 'one', '/one-audience', true],
    ['a workspace whose tokens are for somebody else', 'two', '/one-audience', false],
  ])('RSV-02 %s', async (_title, workspace, path, taken) => {
    const { seen } = await outcome(path, bearer(await tokenOf(workspace)));
    expect(seen).toEqual(taken ? good : invalid('token_audience_mismatch'));
  });

  it('RSV-02 a refusal is told by the workspace the token names, and by the first where it names none', async () => {
    const expired = { exp: Math.floor(Date.now() / 1000) - 90 };
    const ofTwo = await mintToken(api.router, { workspace: 1, claims: expired });
    const foreign = await mintToken(api.router, { claims: { iss: 'https://elsewhere.example.com' } });
    const [header, claims] = ofTwo.split('.');
    for (const [token, issuer] of [
      [ofTwo, two],
      [`${header}.${claims}.`, two],
      [`${ofTwo}=`, two],
      [foreign, one],
      ['rubbish', one],
    ] as const) {
      const { response } = await outcome('/any', bearer(token));
      expect(response.headers['www-authenticate']).toContain(`Bearer realm="${issuer}", error="invalid_token"`);
      expect(events.at(-1)?.issuer).toBe(issuer);
    }
  });

  it('RSV-02 the default audience of one workspace is not that of another', async () => {
    const foreign = await mintToken(api.router, { claims: { aud: audience } });
    expect((await outcome('/any', bearer(foreign))).seen).toEqual(invalid('token_audience_mismatch'));
    const own = await mintToken(api.router, { workspace: 1 });
    expect((await outcome('/any', bearer(own))).seen).toEqual(good);
  });
});
