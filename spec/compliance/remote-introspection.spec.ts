import { createPublicKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { jwtVerify } from 'jose';
import { clientKey } from '../support/client-keys.js';
import { json } from '../support/document-server.js';
import {
  type Api,
  audience,
  good,
  introspection,
  invalid,
  paths,
  RemoteIssuerWorld,
  unavailable,
} from '../support/remote-issuer.js';
import { noteSecret } from '../support/suite-log.js';

let world: RemoteIssuerWorld;
let api: Api;
const token = noteSecret('opaque-token-of-43-characters-0123456789abc');
const seconds = () => Math.floor(Date.now() / 1000);
const active = (changes: Record<string, unknown> = {}) => ({
  active: true,
  ...{ iss: world.issuer, sub: 'u-jane', aud: audience, client_id: 'web', scope: 'read', token_type: 'Bearer' },
  exp: seconds() + 600,
  ...changes,
});

beforeEach(async () => {
  world = await RemoteIssuerWorld.start();
  api = world.api({ introspection });
  world.introspects(active());
});
afterEach(() => world.close());

describe('INT-07 opaque tokens of an issuer in another process', () => {
  it('INT-07 are asked about with client_secret_basic, form-encoded', async () => {
    world.introspects(active({ groups: ['a'] }));
    const { status, body } = await api.call(token);
    expect(status).toBe(200);
    expect(body).toMatchObject({ iss: world.issuer, sub: 'u-jane', client_id: 'web', scope: 'read' });
    expect(body.claims).toMatchObject({ groups: ['a'], aud: audience });
    expect(body.claims).not.toHaveProperty('active');
    const [{ form, authorization } = world.asked[0]!] = world.asked;
    expect(Object.fromEntries(form)).toEqual({ token, token_type_hint: 'access_token' });
    const [id = '', secret = ''] = Buffer.from(String(authorization).slice(6), 'base64').toString().split(':');
    const decode = (text: string) => new URLSearchParams(`x=${text}`).get('x');
    expect([decode(id), decode(secret)]).toEqual([introspection.client_id, introspection.client_secret]);
    expect(world.requests).toEqual([paths.metadata, paths.introspect]);
  });

  it('INT-07 are asked about with private_key_jwt', async () => {
    const { privateJwk, privateKey } = clientKey('P-256');
    const keyed = world.api({
      introspection: { client_id: 'api', private_key: { ...privateJwk, alg: 'ES256', kid: 'k' } },
    });
    expect(await keyed.verdict(token)).toEqual(good);
    const { form, authorization } = world.asked[0]!;
    expect(authorization).toBeUndefined();
    expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    const { payload, protectedHeader } = await jwtVerify(
      form.get('client_assertion') ?? '',
      createPublicKey(privateKey),
    );
    expect(protectedHeader).toEqual({ alg: 'ES256', kid: 'k', typ: 'client-authentication+jwt' });
    expect(payload).toMatchObject({ iss: 'api', sub: 'api', aud: world.issuer, jti: expect.any(String) });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
  });

  it('INT-07 without introspection they are refused, and nobody is asked', async () => {
    expect(await world.api().verdict(token)).toEqual(invalid('token_opaque'));
    expect(world.requests).toEqual([]);
  });

  it('INT-07 JWTs are verified here, not asked about', async () => {
    expect(await api.verdict(await world.token())).toEqual(good);
    expect(world.asked).toEqual([]);
  });

  it('INT-07 active: false is invalid_token, and says no more', async () => {
    world.introspects({ active: false });
    const { status, body, headers } = await api.call(token);
    expect([status, body.error, world.last().reason]).toEqual(invalid('token_inactive'));
    expect(headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it.each<[string, () => Record<string, unknown>, unknown[]]>([
    ['nothing of the issuer', () => ({ iss: undefined }), good],
    ['several audiences', () => ({ aud: ['x', audience] }), good],
    ['a type in lower case', () => ({ token_type: 'bearer' }), good],
    ['no scope', () => ({ scope: undefined }), good],
    ['no subject: the client', () => ({ sub: undefined }), good],
    ['no expiry', () => ({ exp: undefined }), good],
    ['another issuer', () => ({ iss: 'https://evil.example' }), invalid('token_issuer_mismatch')],
    ['another audience', () => ({ aud: 'https://other.example' }), invalid('token_audience_mismatch')],
    ['no audience', () => ({ aud: undefined }), invalid('token_audience_mismatch')],
    ['no type, as refresh tokens', () => ({ token_type: undefined }), invalid('token_malformed')],
    ['another type', () => ({ token_type: 'refresh_token' }), invalid('token_malformed')],
    ['no client', () => ({ client_id: undefined }), invalid('token_malformed')],
    ['a list of scopes', () => ({ scope: ['read'] }), invalid('token_malformed')],
    ['an expiry in words', () => ({ exp: '9999999999' }), invalid('token_malformed')],
    ['expired 90 s ago', () => ({ exp: seconds() - 90 }), invalid('token_expired')],
    ['valid in 90 s', () => ({ nbf: seconds() + 90 }), invalid('token_not_yet_valid')],
    ['valid at some time', () => ({ nbf: 'soon' }), invalid('token_not_yet_valid')],
    ['BND-07 an unknown binding', () => ({ cnf: { kid: 'unknown' } }), invalid('token_binding_mismatch')],
    ['BND-04 a certificate', () => ({ cnf: { 'x5t#S256': 'x' } }), invalid('token_binding_mismatch')],
    ['BND-07 a binding to nothing', () => ({ cnf: null }), invalid('token_malformed')],
  ])('INT-07 an active token that says %s', async (_title, changes, expected) => {
    world.introspects(active(changes()));
    expect(await api.verdict(token)).toEqual(expected);
  });
});

describe('INT-07 what is remembered', () => {
  it('INT-07 a yes for cache_ttl, so that revocation shows within it', async () => {
    for (let again = 0; again < 3; again += 1) expect(await api.verdict(token)).toEqual(good);
    expect(world.asked).toHaveLength(1);
    world.introspects({ active: false });
    world.ahead = 9_000;
    expect(await api.verdict(token)).toEqual(good);
    world.ahead = 10_500;
    expect(await api.verdict(token)).toEqual(invalid('token_inactive'));
    expect(world.asked).toHaveLength(2);
  });

  it('INT-07 a no for two seconds', async () => {
    world.introspects({ active: false });
    for (let again = 0; again < 3; again += 1) expect(await api.verdict(token)).toEqual(invalid('token_inactive'));
    expect(world.asked).toHaveLength(1);
    world.introspects(active());
    world.ahead = 2_500;
    expect(await api.verdict(token)).toEqual(good);
  });

  it('INT-07 nothing at all with cache_ttl 0', async () => {
    const strict = world.api({ introspection: { ...introspection, cache_ttl: 0 } });
    expect(await strict.verdict(token)).toEqual(good);
    world.introspects({ active: false });
    expect(await strict.verdict(token)).toEqual(invalid('token_inactive'));
  });

  it('INT-07 never beyond the expiry of the token', async () => {
    world.introspects(active({ exp: seconds() + 20 }));
    const patient = world.api({ introspection: { ...introspection, cache_ttl: 60 }, clock_tolerance: 0 });
    expect(await patient.verdict(token)).toEqual(good);
    world.ahead = 21_000;
    expect(await patient.verdict(token)).toEqual(invalid('token_expired'));
    expect(world.asked).toHaveLength(1);
  });

  it('INT-07 one token is not another, and fifty at once ask once', async () => {
    world.introspects((form: URLSearchParams) => (form.get('token') === token ? active() : { active: false }));
    const other = noteSecret(`${token.slice(0, -1)}d`);
    const verdicts = await Promise.all(
      Array.from({ length: 50 }, (_, index) => api.call(index % 2 === 0 ? token : other)),
    );
    expect(verdicts.map(({ status }) => status)).toEqual(verdicts.map((_, index) => (index % 2 === 0 ? 200 : 401)));
    expect(world.asked).toHaveLength(2);
  });
});

describe('GEN-11 an endpoint that does not answer is no verdict on the token', () => {
  const reply = (status: number, body = '{}', type = 'application/json') =>
    world.answers.set(paths.introspect, (_request, response) =>
      response.writeHead(status, { 'content-type': type }).end(body),
    );
  it.each<[string, () => unknown, string]>([
    ['our credentials are refused', () => reply(401), 'the status is 401, not 200'],
    ['it is out of order', () => reply(503), 'the status is 503, not 200'],
    ['it sends us elsewhere', () => reply(307), 'the status is 307, not 200'],
    ['it sends HTML', () => reply(200, '<p>', 'text/html'), 'the media type is "text/html"'],
    ['it sends broken JSON', () => reply(200, '{"active":tr'), 'is not JSON'],
    ['it says both', () => reply(200, '{"active":false,"active":true}'), 'has a member twice'],
    ['it says neither', () => reply(200, '{"active":"true"}'), 'neither yes nor no'],
    ['it says nothing', () => reply(200, 'null'), 'neither yes nor no'],
    ['it says too much', () => reply(200, JSON.stringify({ x: 'x'.repeat(70_000) })), 'more than 65536 octets'],
    ['there is none', () => world.publish({ introspection_endpoint: undefined }), 'no introspection_endpoint'],
    [
      'it is in a private network',
      () => world.publish({ introspection_endpoint: 'https://10.0.0.1/' }),
      'not a global address',
    ],
    [
      'it is plain http',
      () => world.publish({ introspection_endpoint: 'http://as.example.com/' }),
      'the URL is not https',
    ],
  ])('GEN-11 %s: 503, and the next one asks again', async (_title, spoil, problem) => {
    spoil();
    const { status, body, headers, text } = await api.call(token);
    expect([status, body.error, world.last().reason]).toEqual(unavailable('introspection_unavailable'));
    expect(world.last().detail).toEqual({ issuer: world.issuer, problem: expect.stringContaining(problem) });
    expect(headers['retry-after']).toBe('2');
    expect(headers['www-authenticate']).toBeUndefined();
    expect(text).not.toContain(problem);
    if (world.answers.has(paths.introspect)) {
      world.publish();
      world.introspects(active());
      expect(await world.api({ introspection }).verdict(token)).toEqual(good);
    }
  });

  it('GEN-11 a yes that is remembered serves on while it is down, for its time', async () => {
    expect(await api.verdict(token)).toEqual(good);
    world.answers.set(paths.introspect, json({}));
    expect(await api.verdict(token)).toEqual(good);
    world.ahead = 10_500;
    expect(await api.verdict(token)).toEqual(unavailable('introspection_unavailable'));
  });
});
