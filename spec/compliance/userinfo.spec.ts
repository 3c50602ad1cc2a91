import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import request from 'supertest';
import { clientCertificate, issuer, ownCertificate } from '../support/methods.js';
import { type MintOptions, mintToken } from '../support/mint-token.js';
import { jane, OpenIdServer, webClient } from '../support/openid-flow.js';

const proxies = [{ cidr: '127.0.0.1/32', client_certificate: 'nginx' as const }];
const thumbprint = createHash('sha256').update(clientCertificate.der).digest('base64url');
const algorithms = ['ES256', 'RS256', 'PS256', 'Ed25519'] as const;

let server: OpenIdServer;
beforeEach(() => {
  server = new OpenIdServer({ trusted_proxies: proxies });
});
afterEach(() => server.spec.router.close());

const agent = () => request(server.spec.router);
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const by = ({ cert }: { cert: string }) => ({ 'X-SSL-Client-Cert': encodeURIComponent(cert) });

/** A token of Jane's that is right unless told otherwise. */
function minted({ claims, ...options }: MintOptions = {}): Promise<string> {
  const ofJane = { sub: 'u-jane', sub_type: 'user', client_id: 'web', scope: 'openid profile' };
  return mintToken(server.spec.router, { ...options, claims: { ...ofJane, ...claims } });
}

/** Status, error, reason and challenge of a refusal. */
async function refusal(pending: ReturnType<OpenIdServer['userinfo']>) {
  const { status, body, headers } = await pending;
  expect(server.spec.last()).toMatchObject({ event: 'userinfo', outcome: 'failure' });
  expect(server.spec.last().correlation_id).toBe(headers['x-correlation-id']);
  expect(body).not.toHaveProperty('sub');
  return { status, error: body.error, reason: server.spec.last().reason, challenge: headers['www-authenticate'] };
}

const invalidToken = (reason: string) => ({
  status: 401,
  error: 'invalid_token',
  reason,
  challenge: expect.stringMatching(/^Bearer realm="https:\/\/as\.example\.com", error="invalid_token", /),
});

describe('USR-01 who is answered', () => {
  it('USR-01 GET, and POST with the token in the header or in a form', async () => {
    const { access_token: token = '' } = await server.tokens({ scope: 'openid' });
    const replies = [
      await agent().get('/userinfo').set(bearer(token)),
      await agent().post('/userinfo').set(bearer(token)),
      await agent().post('/userinfo').set(bearer(token)).type('form').send({ unknown: '1' }),
      await agent().post('/userinfo').set(bearer(token)).send({ some: 'json' }),
      await agent().post('/userinfo').type('form').send({ access_token: token }),
      await agent()
        .get('/userinfo')
        .set({ Authorization: `bEARER ${token}` }),
    ];
    for (const { status, body, headers } of replies) {
      expect([status, body]).toEqual([200, { sub: 'u-jane' }]);
      expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    }
    const facts = { event: 'userinfo', outcome: 'success', client_id: 'web', subject: 'u-jane', scope: 'openid' };
    expect(server.spec.last()).toMatchObject(facts);
  });

  it.each(['put', 'delete', 'patch', 'head', 'options'] as const)('USR-01 %s is 405', async (method) => {
    const token = await minted();
    const reply = await agent()[method]('/userinfo').set(bearer(token));
    expect([reply.status, reply.headers.allow]).toEqual([405, 'GET, POST']);
    expect(server.spec.last()).toMatchObject({ event: 'userinfo', reason: 'method_not_allowed' });
    expect(reply.headers).not.toHaveProperty('www-authenticate');
  });

  it('USR-01 without a token there is a bare challenge', async () => {
    const expected = { status: 401, reason: 'token_missing', challenge: `Bearer realm="${issuer}"` };
    expect(await refusal(agent().get('/userinfo'))).toMatchObject(expected);
    expect(await refusal(agent().post('/userinfo'))).toMatchObject(expected);
    expect(await refusal(agent().post('/userinfo').type('form').send({ a: 'b' }))).toMatchObject(expected);
    expect(await refusal(agent().get('/userinfo').auth('web', 'secret'))).toMatchObject(expected);
  });

  it('USR-01 a token in the query is no token, nor is one in the body of a GET', async () => {
    const token = await minted();
    expect(await refusal(agent().get(`/userinfo?access_token=${token}`))).toMatchObject({ reason: 'token_missing' });
    const inBody = agent().get('/userinfo').type('form').send(`access_token=${token}`);
    expect(await refusal(inBody)).toMatchObject({ reason: 'token_missing' });
    expect((await server.userinfo(token)).status).toBe(200);
  });

  it('USR-01 two tokens are one too many', async () => {
    const token = await minted();
    const expected = { status: 400, error: 'invalid_request', reason: 'token_in_several_places' };
    const both = agent().post('/userinfo').set(bearer(token)).type('form').send({ access_token: token });
    expect(await refusal(both)).toMatchObject(expected);
    const twice = agent().post('/userinfo').type('form').send(`access_token=${token}&access_token=${token}`);
    expect(await refusal(twice)).toMatchObject(expected);
  });

  it('USR-01 a token without openid is 403', async () => {
    const { access_token: token = '' } = await server.tokens({ scope: 'profile read' });
    const { challenge, ...rest } = await refusal(server.userinfo(token));
    expect(rest).toEqual({ status: 403, error: 'insufficient_scope', reason: 'scope_insufficient' });
    expect(challenge).toContain('error="insufficient_scope"');
    expect(challenge).toContain('scope="openid"');
  });

  it.each<[string, MintOptions, string]>([
    ['another type', { header: { typ: 'JWT' } }, 'token_malformed'],
    ['another issuer', { claims: { iss: 'https://evil.example' } }, 'token_issuer_mismatch'],
    ['another audience', { claims: { aud: 'https://api.example.com' } }, 'token_audience_mismatch'],
    ['a time that is over', { claims: { exp: 1_799_999_000 } }, 'token_expired'],
    ['an unknown key', { header: { kid: 'other' } }, 'token_signature_invalid'],
    ['no grant', { claims: { grant_id: undefined } }, 'token_malformed'],
    ['a client that is gone', { claims: { client_id: 'gone' } }, 'token_client_inactive'],
  ])('USR-01 a token of %s is invalid', async (_what, options, reason) => {
    expect(await refusal(server.userinfo(await minted(options)))).toEqual(invalidToken(reason));
    expect((await server.userinfo(await minted())).status).toBe(200);
  });

  it('USR-01 an ID token is no access token', async () => {
    const { id_token = '' } = await server.tokens({ scope: 'openid' });
    expect(await refusal(server.userinfo(id_token))).toEqual(invalidToken('token_malformed'));
    expect(await refusal(server.userinfo('no-such-token'))).toEqual(invalidToken('token_unknown'));
  });

  it('USR-01 a bound token needs its certificate', async () => {
    const bound = (cnf: object) => minted({ claims: { cnf } });
    const token = await bound({ 'x5t#S256': thumbprint });
    expect((await server.userinfo(token).set(by(clientCertificate))).status).toBe(200);
    const mismatch = invalidToken('token_binding_mismatch');
    expect(await refusal(server.userinfo(token))).toEqual(mismatch);
    expect(await refusal(server.userinfo(token).set(by(ownCertificate)))).toEqual(mismatch);
    expect(await refusal(server.userinfo(await bound({})))).toEqual(mismatch);
  });

  it('USR-01 DPO-08 a token bound to a key is no bearer token', async () => {
    const token = await minted({ claims: { cnf: { jkt: 'x' } } });
    const seen = await refusal(server.userinfo(token));
    expect(seen).toMatchObject({ status: 401, error: 'invalid_token', reason: 'token_scheme_mismatch' });
    expect(seen.challenge).toMatch(/^DPoP realm="[^"]+", algs="[^"]+", error="invalid_token"/);
  });

  it('USR-01 tokens of another workspace are not taken', async () => {
    const other = new OpenIdServer({ issuer: 'https://as.example.com' });
    const { access_token: token = '' } = await other.tokens({ scope: 'openid' });
    expect(await refusal(server.userinfo(token))).toEqual(invalidToken('token_unknown'));
    const { access_token: jwt = '' } = await new OpenIdServer({ access_token_format: 'jwt' }).tokens({
      scope: 'openid',
    });
    expect(await refusal(server.userinfo(jwt))).toEqual(invalidToken('token_signature_invalid'));
    expect((await other.userinfo(token)).status).toBe(200);
  });
});

describe('USR-02 whom it tells of', () => {
  it.each(['jwt', 'opaque'] as const)('USR-02 sub is that of the ID token (%s)', async (access_token_format) => {
    await server.spec.router.close();
    server = new OpenIdServer({ access_token_format });
    const { access_token = '', id_token = '' } = await server.tokens({ scope: 'openid profile' });
    const { body } = await server.userinfo(access_token);
    expect(body.sub).toBe(decodeJwt(id_token).sub);
  });

  it('USR-02 a token of client_credentials is refused', async () => {
    const token = await server.machineToken('openid read');
    expect(await refusal(server.userinfo(token))).toMatchObject({ status: 403, reason: 'scope_insufficient' });
    // Should one ever have openid, and its client be called as a person is.
    const client = await minted({ claims: { sub_type: 'client' } });
    expect(await refusal(server.userinfo(client))).toEqual(invalidToken('token_of_client'));
    const untold = await minted({ claims: { sub_type: undefined } });
    expect(await refusal(server.userinfo(untold))).toEqual(invalidToken('token_of_client'));
  });

  it('USR-02 a person who is inactive or gone is told of no longer, nor to a client that is inactive', async () => {
    const { access_token: token = '' } = await server.tokens({ scope: 'openid' });
    server.users.set('u-jane', { ...jane, status: 'inactive' });
    expect(await refusal(server.userinfo(token))).toEqual(invalidToken('token_person_inactive'));
    server.users.delete('u-jane');
    expect(await refusal(server.userinfo(token))).toEqual(invalidToken('token_person_inactive'));
    server.users.set('u-jane', jane);
    server.clients.set('web', webClient({ status: 'inactive' }));
    expect(await refusal(server.userinfo(token))).toEqual(invalidToken('token_client_inactive'));
    server.clients.set('web', webClient());
    expect((await server.userinfo(token)).status).toBe(200);
  });

  it('USR-02 without a directory sub is all that is known', async () => {
    await server.spec.router.close();
    server = new OpenIdServer({ users: undefined });
    const { access_token: token = '' } = await server.tokens({ scope: 'openid profile email' });
    expect((await server.userinfo(token)).body).toEqual({ sub: 'u-jane' });
  });
});

describe('USR-03 what it tells', () => {
  const profile = { name: 'Jane Doe', preferred_username: 'jane' };
  const email = { email: 'jane@example.com' };

  it.each([
    ['openid', {}],
    ['openid profile', profile],
    ['openid email', email],
    ['openid read', {}],
    ['email openid profile', { ...profile, ...email }],
  ])('USR-03 %s', async (scope, claims) => {
    const { access_token: token = '' } = await server.tokens({ scope });
    expect((await server.userinfo(token)).body).toEqual({ sub: 'u-jane', ...claims });
  });

  it('USR-03 what stands in the record now, and nothing but what scopes cover', async () => {
    const { access_token: token = '' } = await server.tokens({ scope: 'openid profile' });
    const record = { ...jane, name: 'Jane Roe', username: null, password: 'never', sub: 'u-other' };
    server.users.set('u-jane', record as unknown as typeof jane);
    expect((await server.userinfo(token)).body).toEqual({ sub: 'u-jane', name: 'Jane Roe' });
  });

  it.each(algorithms)('USR-03 a JWT by %s for a client that registered it', async (alg) => {
    await server.spec.router.close();
    server = new OpenIdServer({ signing_keys: [...algorithms] });
    const { access_token: token = '' } = await server.tokens({ scope: 'openid email' });
    expect((await server.userinfo(token)).headers['content-type']).toBe('application/json');
    server.clients.set('web', webClient({ userinfo_signed_response_alg: alg }));
    const { status, headers, text } = await server.userinfo(token);
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, 'application/jwt', 'no-store']);
    const { kid, ...header } = decodeProtectedHeader(text);
    expect(header).toEqual({ alg, typ: 'JWT' });
    const key = await importJWK(await server.publicKey(kid));
    const { payload } = await jwtVerify(text, key, { issuer, audience: 'web' });
    expect(payload).toEqual({ sub: 'u-jane', ...email, iss: issuer, aud: 'web' });
    // Its issuer, audience and key are those of ID tokens and access tokens: it must pass for neither.
    expect(await refusal(server.userinfo(text))).toMatchObject({ status: 401, reason: 'token_malformed' });
  });

  it('USR-03 an algorithm without a key, none, and an unknown one cannot be registered', () => {
    const register = (alg: string) => () =>
      new OpenIdServer({
        signing_keys: ['ES256'],
        clients: [webClient({ userinfo_signed_response_alg: alg as 'ES256' })],
      });
    for (const alg of ['RS256', 'none', 'HS256']) {
      expect(register(alg)).toThrow('clients[0].userinfo_signed_response_alg');
    }
    expect(register('ES256')).not.toThrow();
  });

  it('USR-03 a refusal is JSON, also for a client that wants JWTs', async () => {
    server.clients.set('web', webClient({ userinfo_signed_response_alg: 'ES256' }));
    const reply = await server.userinfo(await minted({ claims: { scope: 'read' } }));
    expect([reply.status, reply.headers['content-type']]).toEqual([403, 'application/json']);
  });
});
