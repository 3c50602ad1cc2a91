import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ClientMetadataInput } from '../../index.js';
import { exchange, formType } from '../support/http-exchange.js';
import {
  assertion,
  assertionType,
  basicHeader,
  clientCertificate,
  issuer,
  ownCertificate,
} from '../support/methods.js';
import { type MintOptions, mintToken } from '../support/mint-token.js';
import { jane, webClient } from '../support/openid-flow.js';
import { api, TokenServer } from '../support/token-world.js';

const inactive = { active: false };
const { client_secret: secret = '' } = webClient();
const path = '/oauth2/introspect';
const thumbprint = createHash('sha256').update(clientCertificate.der).digest('base64url');
const by = ({ cert }: { cert: string }) => ({ 'X-SSL-Client-Cert': encodeURIComponent(cert) });

let server: TokenServer;
beforeEach(() => {
  server = new TokenServer();
});
afterEach(() => server.spec.router.close());

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe('INT-01 who may ask', () => {
  it('INT-01 a client that authenticates; nobody else, with the challenge of its method', async () => {
    const { access_token: token } = await server.first();
    expect((await server.introspect({ token }, 'web')).body.active).toBe(true);
    expect(server.spec.last()).toMatchObject({
      event: 'introspection',
      outcome: 'success',
      client_id: 'web',
      method: 'client_secret_basic',
    });
    const challenge = `Basic realm="${issuer}", error="invalid_client"`;
    const refused = { status: 401, error: 'invalid_client', event: 'introspection', outcome: 'failure', challenge };
    expect(await server.refusal(server.introspect({ token }))).toEqual({ ...refused, reason: 'no_credentials' });
    const wrong = server.introspect({ token }).set('Authorization', basicHeader('web', 'wrong'));
    expect(await server.refusal(wrong)).toEqual({ ...refused, reason: 'secret_mismatch' });
    expect(await server.refusal(server.introspect({ token }, 'nobody'))).toEqual({
      ...refused,
      reason: 'unknown_client',
    });
    expect(await server.refusal(server.introspect({ token }, 'idle'))).toEqual({
      ...refused,
      reason: 'client_inactive',
    });
  });

  it('INT-01 a public client is refused, even for its own token and with the scope', async () => {
    const { access_token: token } = await server.first({ client_id: 'app' });
    expect(await server.refusal(server.introspect({ token }, 'app'))).toMatchObject({
      status: 401,
      error: 'invalid_client',
      reason: 'no_credentials',
    });
    expect(await server.refusal(server.introspect({ token }, 'loud-app'))).toMatchObject({
      status: 401,
      reason: 'no_credentials',
    });
    expect(await server.alive(token)).toBe(true);
  });

  it('INT-01 a Bearer token with the scope introspect_tokens asks about every token', async () => {
    const { access_token: token } = await server.first();
    const right = bearer(await server.ofClient('auditor', 'introspect_tokens'));
    expect((await server.introspect({ token }).set(right)).body).toMatchObject({ active: true, client_id: 'web' });
    expect(server.spec.last()).toMatchObject({ outcome: 'success', client_id: 'auditor', method: 'bearer' });
    expect((await server.introspect({ token, client_id: 'auditor' }).set(right)).status).toBe(200);
    const other = server.introspect({ token, client_id: 'web' }).set(right);
    expect(await server.refusal(other)).toMatchObject({ status: 400, reason: 'client_id_conflict' });
  });

  it('INT-01 one without it, or that is not good, gets the Bearer challenge', async () => {
    const { access_token: token } = await server.first();
    const poor = server.introspect({ token }).set(bearer(await server.ofClient('auditor', 'read')));
    expect(await server.refusal(poor)).toMatchObject({
      status: 403,
      error: 'insufficient_scope',
      reason: 'scope_insufficient',
      challenge: expect.stringMatching(/^Bearer .*scope="introspect_tokens"$/),
    });
    const challenge = expect.stringMatching(/^Bearer realm="https:\/\/as\.example\.com", error="invalid_token", /);
    const bad = { status: 401, error: 'invalid_token', challenge };
    const asked = (held: string) => server.refusal(server.introspect({ token }).set(bearer(held)));
    const minted = (claims: object) =>
      mintToken(server.spec.router, { claims: { client_id: 'auditor', scope: 'introspect_tokens', ...claims } });
    expect(await asked('rubbish')).toMatchObject({ ...bad, reason: 'token_unknown' });
    expect(await asked(await minted({ exp: server.now - 1 }))).toMatchObject({ ...bad, reason: 'token_expired' });
    expect(await asked(await minted({ aud: 'https://other.example' }))).toMatchObject({
      ...bad,
      reason: 'token_audience_mismatch',
    });
    expect(await asked(await minted({ client_id: 'idle' }))).toMatchObject({ ...bad, reason: 'token_client_inactive' });
    const bound = await minted({ cnf: { 'x5t#S256': thumbprint } });
    expect(await asked(bound)).toMatchObject({ ...bad, reason: 'token_binding_mismatch' });
    expect((await server.introspect({ token }).set(bearer(bound)).set(by(clientCertificate))).body.active).toBe(true);
    expect((await server.introspect({ token }).set(bearer(await minted({})))).body.active).toBe(true);
  });

  it('INT-01 neither a public client nor one that has lost the scope, whatever its token says', async () => {
    const { access_token: token } = await server.first();
    const { access_token: loud } = await server.first({ client_id: 'loud-app', scope: 'openid introspect_tokens' });
    const held = await server.ofClient('auditor', 'introspect_tokens');
    const poor = { status: 403, error: 'insufficient_scope', reason: 'scope_insufficient' };
    expect(await server.refusal(server.introspect({ token }).set(bearer(loud)))).toMatchObject(poor);
    expect((await server.introspect({ token }).set(bearer(held))).status).toBe(200);
    server.clients.set('auditor', webClient({ client_id: 'auditor', scope: 'read' }));
    expect(await server.refusal(server.introspect({ token }).set(bearer(held)))).toMatchObject(poor);
  });

  it('INT-01 CAU-03 a Bearer token beside a secret is one method too many', async () => {
    const { access_token: token } = await server.first();
    const right = bearer(await server.ofClient('auditor', 'introspect_tokens'));
    const both = server.introspect({ token, client_id: 'auditor', client_secret: secret }).set(right);
    expect(await server.refusal(both)).toMatchObject({ status: 400, reason: 'several_methods' });
    const twoHeaders = await exchange(server.spec.router, {
      path,
      headers: { 'content-type': formType, authorization: [right.Authorization, basicHeader('web', secret)] },
      body: `token=${token}`,
    });
    expect([twoHeaders.status, server.spec.last().reason]).toEqual([400, 'token_in_several_places']);
  });

  it('INT-01 no access token of a foreign server, nor one in the body', async () => {
    const { access_token: token } = await server.first();
    const other = new TokenServer();
    const foreign = await other.ofClient('auditor', 'introspect_tokens');
    expect(await server.refusal(server.introspect({ token }).set(bearer(foreign)))).toMatchObject({
      status: 401,
      reason: 'token_signature_invalid',
    });
    const own = await server.ofClient('auditor', 'introspect_tokens');
    expect(await server.refusal(server.introspect({ token, access_token: own }))).toMatchObject({
      status: 401,
      reason: 'no_credentials',
    });
  });
});

describe('CAU-09 the authenticator of the token endpoint', () => {
  it('CAU-09 an assertion that was used here is used up there, and the other way round', async () => {
    const proof = async () => ({
      client_assertion: await assertion('key', { now: server.now * 1000 }),
      client_assertion_type: assertionType,
    });
    const { access_token: token } = await server.first();
    const [one, two, three] = [await proof(), await proof(), await proof()];
    const grant = { grant_type: 'client_credentials' };
    const replayed = { status: 401, error: 'invalid_client', reason: 'assertion_replayed' };
    expect((await server.introspect({ token, ...one })).status).toBe(200);
    expect(await server.refusal(server.spec.token({ ...grant, ...one }))).toMatchObject(replayed);
    expect(await server.refusal(server.revoke({ token, ...one }))).toMatchObject(replayed);
    expect((await server.spec.token({ ...grant, ...two })).status).toBe(200);
    expect(await server.refusal(server.introspect({ token, ...two }))).toMatchObject(replayed);
    expect((await server.revoke({ token: 'unknown', ...three })).status).toBe(200);
    expect(await server.refusal(server.introspect({ token, ...three }))).toMatchObject(replayed);
    expect(await server.refusal(server.spec.token({ ...grant, ...three }))).toMatchObject(replayed);
  });

  it('CAU-09 several methods, and a method that is not registered, are refused as there', async () => {
    const { access_token: token } = await server.first();
    const both = server.introspect({ token, client_id: 'web', client_secret: secret }, 'web');
    expect(await server.refusal(both)).toMatchObject({ status: 400, reason: 'several_methods' });
    const post = server.introspect({ token, client_id: 'web', client_secret: secret });
    expect(await server.refusal(post)).toMatchObject({ status: 401, reason: 'method_not_registered' });
  });
});

describe('INT-03 the request', () => {
  it('INT-03 token is needed; a wrong or unknown hint still finds it', async () => {
    const { access_token, refresh_token } = await server.first();
    const missing = { status: 400, error: 'invalid_request', reason: 'parameter_missing' };
    expect(await server.refusal(server.introspect({}, 'web'))).toMatchObject(missing);
    expect(await server.refusal(server.introspect({ token: '' }, 'web'))).toMatchObject(missing);
    for (const token of [access_token, refresh_token]) {
      for (const token_type_hint of ['access_token', 'refresh_token', 'id_token', '__proto__', '']) {
        const { body } = await server.introspect({ token, token_type_hint }, 'web');
        expect([token_type_hint, body.active]).toEqual([token_type_hint, true]);
      }
    }
  });

  it.each(['get', 'put', 'delete', 'head', 'options'] as const)('GEN-01 %s is 405', async (method) => {
    const { access_token: token } = await server.first();
    const reply = await exchange(server.spec.router, {
      method: method.toUpperCase(),
      path: `${path}?token=${token}`,
      headers: { authorization: basicHeader('web', secret) },
    });
    expect([reply.status, reply.headers.allow, reply.headers['cache-control']]).toEqual([405, 'POST', 'no-store']);
    expect(reply.text).not.toContain('active');
    expect(server.spec.last()).toMatchObject({ event: 'introspection', reason: 'method_not_allowed' });
  });

  it('GEN-04 GEN-06 GEN-07 parameters once, in the body, and unknown ones are ignored', async () => {
    const { access_token: token } = await server.first();
    const twice = server.introspect(`token=${token}&token=${token}`, 'web');
    expect(await server.refusal(twice)).toMatchObject({ status: 400, reason: 'parameter_repeated' });
    const hints = server.introspect(`token=${token}&token_type_hint=a&token_type_hint=a`, 'web');
    expect(await server.refusal(hints)).toMatchObject({ status: 400, reason: 'parameter_repeated' });
    const ask = (query: string, body: string) =>
      exchange(server.spec.router, {
        path: `${path}?${query}`,
        headers: { 'content-type': formType, authorization: basicHeader('web', secret) },
        body,
      });
    expect((await ask(`token=${token}`, 'a=b')).status).toBe(400);
    expect(server.spec.last().reason).toBe('parameter_missing');
    expect((await ask('client_secret=x', `token=${token}`)).status).toBe(400);
    expect(server.spec.last().reason).toBe('credentials_in_query');
    expect((await ask('a=b', `token=${token}&client_secret=&what=ever&scope[]=x`)).json().active).toBe(true);
  });

  it('GEN-02 only forms', async () => {
    const { access_token: token } = await server.first();
    const json = server.introspect({ token }, 'web').type('json');
    expect(await server.refusal(json)).toMatchObject({ status: 400, reason: 'media_type_unsupported' });
  });

  it('GEN-09 no reply may be kept', async () => {
    const { access_token: token } = await server.first();
    for (const sent of [
      server.introspect({ token }, 'web'),
      server.introspect({ token: 'x' }, 'web'),
      server.introspect({}),
    ]) {
      const { headers } = await sent;
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' });
      expect(headers['x-correlation-id']).toBe(server.spec.last().correlation_id);
    }
  });
});

describe.each(['jwt', 'opaque'] as const)('what is told (%s)', (access_token_format) => {
  beforeEach(async () => {
    await server.spec.router.close();
    server = new TokenServer({ access_token_format });
  });
  const minted = ({ claims, ...options }: MintOptions) =>
    mintToken(server.spec.router, { ...options, claims: { client_id: 'web', ...claims } });

  it('INT-05 all that is known of an access token, and no more', async () => {
    const { access_token: token } = await server.first();
    const { body } = await server.introspect({ token }, 'web');
    expect(body).toEqual({
      active: true,
      client_id: 'web',
      scope: 'openid offline_access read',
      exp: server.now + 3600,
      iat: server.now,
      sub: jane.id,
      sub_type: 'user',
      auth_time: server.now - 100,
      aud: api,
      iss: issuer,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      token_type: 'Bearer',
    });
  });

  it('INT-05 of a refresh token, to its client alone', async () => {
    const { refresh_token: token } = await server.first();
    const told = {
      active: true,
      client_id: 'web',
      scope: 'openid offline_access read',
      exp: server.now + 1_209_600,
      iat: server.now,
      sub: jane.id,
      iss: issuer,
    };
    expect((await server.introspect({ token }, 'web')).body).toEqual(told);
    expect((await server.introspect({ token }, 'auditor')).body).toEqual(told);
    expect((await server.introspect({ token }, api)).body).toEqual(inactive);
    expect((await server.introspect({ token }, 'other')).body).toEqual(inactive);
  });

  it('INT-04 INT-05 who sees it: its client, its resource server, and who may see all', async () => {
    const { access_token: token } = await server.first();
    for (const client of ['web', api, 'auditor']) {
      expect([client, (await server.introspect({ token }, client)).body.active]).toEqual([client, true]);
    }
    for (const client of ['other', 'janitor', 'still']) {
      const { status, body } = await server.introspect({ token }, client);
      expect([client, status, body]).toEqual([client, 200, inactive]);
    }
  });

  it('INT-07 a resource server learns of its own scopes', async () => {
    const { access_token: token } = await server.first();
    expect((await server.introspect({ token }, api)).body).toMatchObject({ active: true, scope: 'read', sub: jane.id });
    server.clients.set(api, { client_id: api, client_secret: secret, grant_types: ['client_credentials'] });
    expect((await server.introspect({ token }, api)).body.scope).toBe('openid offline_access read');
  });

  it('BND-03 cnf of a bound token, whoever presents it', async () => {
    server.clients.set('web', {
      ...(server.clients.get('web') as ClientMetadataInput),
      tls_client_certificate_bound_access_tokens: true,
    });
    const code = await server.code({ scope: 'openid read' });
    const { body: tokens } = await server.redeem(code).set(by(clientCertificate));
    const cnf = { 'x5t#S256': thumbprint };
    expect((await server.introspect({ token: tokens.access_token }, api)).body).toMatchObject({ active: true, cnf });
    const elsewhere = await server.introspect({ token: tokens.access_token }, 'web').set(by(ownCertificate));
    expect(elsewhere.body).toMatchObject({ active: true, cnf });
    expect((await server.introspect({ token: await minted({}) }, 'auditor')).body).not.toHaveProperty('cnf');
  });

  it('INT-04 whatever else it is, is exactly inactive', async () => {
    const { access_token, refresh_token, id_token } = await server.first();
    const code = await server.code({ scope: 'openid' });
    const dead = {
      rubbish: 'x',
      dots: '..',
      'a JWT header': 'eyJhbGciOiJub25lIn0..',
      'a code': code,
      'an ID token': id_token,
      'an assertion': await assertion('key'),
      'a request_uri': 'urn:ietf:params:oauth:request_uri:abc',
      'an expired JWT': await minted({ claims: { exp: server.now } }),
      'one not valid yet': await minted({ claims: { nbf: server.now + 60 } }),
      'a foreign issuer': await minted({ claims: { iss: 'https://evil.example' } }),
      'a foreign key': await minted({ header: { kid: 'other' } }),
      'another type': await minted({ header: { typ: 'JWT' } }),
      'one without a grant': await minted({ claims: { grant_id: undefined } }),
      'a longer one': `${access_token}x`,
      'a shorter one': access_token.slice(0, -1),
      'half a refresh token': refresh_token.slice(0, 20),
      'a long one': 'x'.repeat(60_000),
    };
    for (const [what, token] of Object.entries(dead)) {
      const { status, body, headers } = await server.introspect({ token }, 'auditor');
      expect([what, status, body, headers['content-length']]).toEqual([what, 200, inactive, '16']);
    }
    for (const token of [access_token, refresh_token, await minted({})]) {
      expect(await server.knownAbout(token)).toMatchObject({ active: true });
    }
  });

  it('INT-04 one whose time is over', async () => {
    const { access_token, refresh_token } = await server.first();
    server.now += 3600;
    expect(await server.knownAbout(access_token)).toEqual(inactive);
    expect(await server.knownAbout(refresh_token)).toMatchObject({ active: true });
    server.now += 1_209_600;
    expect(await server.knownAbout(refresh_token)).toEqual(inactive);
  });

  it('INT-04 a refresh token that was replaced, and one that follows', async () => {
    const { refresh_token: first } = await server.first();
    const { refresh_token: second } = await server.next(first);
    expect(await server.knownAbout(first)).toEqual(inactive);
    expect(await server.knownAbout(second)).toMatchObject({ active: true });
    // Asking has not used it up.
    await server.next(second);
  });

  it('INT-04 tokens of another workspace', async () => {
    const other = new TokenServer({ access_token_format });
    const { access_token, refresh_token } = await other.first();
    for (const token of [access_token, refresh_token]) expect(await server.knownAbout(token)).toEqual(inactive);
    expect(await other.knownAbout(access_token)).toMatchObject({ active: true });
  });

  it('INT-07 a revocation shows at once', async () => {
    const { access_token: token } = await server.first();
    expect(await server.alive(token)).toBe(true);
    await server.revoke({ token }, 'web');
    expect(await server.knownAbout(token)).toEqual(inactive);
    expect(await server.alive(token)).toBe(false);
  });
});
