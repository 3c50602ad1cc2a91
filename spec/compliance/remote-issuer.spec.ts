import { createHmac, createPublicKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OptionsError, protectResource } from '../../index.js';
import { clientKey } from '../support/client-keys.js';
import { json } from '../support/document-server.js';
import {
  type Api,
  audience,
  good,
  invalid,
  type Minting,
  paths,
  RemoteIssuerWorld,
  unavailable,
} from '../support/remote-issuer.js';
import { noteSecret } from '../support/suite-log.js';

let world: RemoteIssuerWorld;
let api: Api;
beforeEach(async () => {
  world = await RemoteIssuerWorld.start();
  api = world.api();
});
afterEach(() => world.close());

const seconds = () => Math.floor(Date.now() / 1000);

describe('RSV-01 a JWT of an issuer in another process', () => {
  it('RSV-01 is verified by what the metadata lead to, fetched once', async () => {
    const token = await world.token({ claims: { groups: ['a'] } });
    const { status, body } = await api.call(token);
    expect(status).toBe(200);
    expect(body).toMatchObject({ iss: world.issuer, sub: 'u-jane', client_id: 'web', scope: 'read' });
    expect(body.claims).toMatchObject({ groups: ['a'], aud: audience });
    await Promise.all(Array.from({ length: 20 }, () => api.call(token)));
    expect(world.requests).toEqual([paths.metadata, paths.keys]);
    expect(world.last()).toMatchObject({
      event: 'resource',
      outcome: 'success',
      issuer: world.issuer,
      subject: 'u-jane',
    });
  });

  it('RSV-01 twenty at once, before anything is known, fetch once', async () => {
    const token = await world.token();
    const replies = await Promise.all(Array.from({ length: 20 }, () => api.call(token)));
    expect(replies.map(({ status }) => status)).toEqual(new Array(20).fill(200));
    expect(world.requests).toEqual([paths.metadata, paths.keys]);
  });

  it.each<[string, Minting]>([
    ['several audiences', { claims: { aud: ['https://other.example', audience] } }],
    ['no scope', { claims: { scope: undefined } }],
    ['no kid', { header: { kid: undefined } }],
    ['the long name of its type', { header: { typ: 'application/at+jwt' } }],
    ['nbf in the past', { claims: { nbf: seconds() - 5 } }],
  ])('RSV-01 may have %s', async (_title, minting) => {
    expect(await api.verdict(await world.token(minting))).toEqual(good);
  });

  it('RSV-01 may be off by the tolerance, and by no more', async () => {
    const patient = world.api({ clock_tolerance: 60 });
    const strict = world.api({ clock_tolerance: 0 });
    const expired = await world.token({ claims: { exp: seconds() - 20 } });
    const ahead = await world.token({ claims: { iat: seconds() + 30 } });
    for (const token of [expired, ahead]) expect(await patient.verdict(token)).toEqual(good);
    expect(await strict.verdict(expired)).toEqual(invalid('token_expired'));
    expect(await strict.verdict(ahead)).toEqual(invalid('token_not_yet_valid'));
  });

  it('RSV-04 scopes of the route', async () => {
    const writing = world.api({ scope: 'write' });
    expect(await writing.verdict(await world.token({ claims: { scope: 'read write' } }))).toEqual(good);
    const lacking = [403, 'insufficient_scope', 'scope_insufficient'];
    expect(await writing.verdict(await world.token())).toEqual(lacking);
    expect(await writing.verdict(await world.token({ claims: { scope: undefined } }))).toEqual(lacking);
  });

  it.each(['RS256', 'PS256', 'ES384', 'EdDSA', 'Ed25519'])('RSV-01 signed with %s', async (alg) => {
    const types = { RS256: 'RSA', PS256: 'RSA', ES384: 'P-384', EdDSA: 'Ed25519', Ed25519: 'Ed25519' } as const;
    const { jwk, privateKey } = clientKey(types[alg as keyof typeof types], { kid: alg, alg });
    world.keys([world.key.jwk, jwk]);
    expect(await api.verdict(await world.token({ key: privateKey, header: { alg, kid: alg } }))).toEqual(good);
  });

  it('BND-04 BND-07 bound to a certificate that is not there, or in a way not understood', async () => {
    const cnf = (value: unknown) => world.token({ claims: { cnf: value } });
    for (const value of [{ 'x5t#S256': 'A'.repeat(43) }, { kid: 'x' }, {}]) {
      expect(await api.verdict(await cnf(value))).toEqual(invalid('token_binding_mismatch'));
    }
    // Its scheme is DPoP.
    expect(await api.verdict(await cnf({ jkt: 'A'.repeat(43) }))).toEqual(invalid('token_scheme_mismatch'));
    for (const value of [null, 'x', 7]) expect(await api.verdict(await cnf(value))).toEqual(invalid('token_malformed'));
  });
});

describe('RSV-02 a JWT that is refused', () => {
  it.each<[string, Minting, string]>([
    ['an ID token', { header: { typ: 'JWT' } }, 'token_malformed'],
    ['no typ', { header: { typ: undefined } }, 'token_malformed'],
    ['an introspection JWT', { header: { typ: 'token-introspection+jwt' } }, 'token_malformed'],
    ['a foreign issuer', { claims: { iss: 'https://evil.example' } }, 'token_issuer_mismatch'],
    ['a list of issuers', { claims: { iss: [1] } }, 'token_issuer_mismatch'],
    ['no issuer', { claims: { iss: undefined } }, 'token_issuer_mismatch'],
    ['another audience', { claims: { aud: 'https://other.example' } }, 'token_audience_mismatch'],
    ['no audience', { claims: { aud: undefined } }, 'token_malformed'],
    ['no audience that is one', { claims: { aud: [] } }, 'token_audience_mismatch'],
    ['expired 90 s ago', { claims: { exp: seconds() - 90 } }, 'token_expired'],
    ['issued 90 s ahead', { claims: { iat: seconds() + 90, exp: seconds() + 200 } }, 'token_not_yet_valid'],
    ['valid in 90 s', { claims: { nbf: seconds() + 90 } }, 'token_not_yet_valid'],
    ['no expiry', { claims: { exp: undefined } }, 'token_malformed'],
    ['no subject', { claims: { sub: undefined } }, 'token_malformed'],
    ['no client_id', { claims: { client_id: undefined } }, 'token_malformed'],
    ['no jti', { claims: { jti: undefined } }, 'token_malformed'],
    ['no iat', { claims: { iat: undefined } }, 'token_malformed'],
    ['a subject that is a number', { claims: { sub: 7 } }, 'token_malformed'],
    ['a list of scopes', { claims: { scope: ['read'] } }, 'token_malformed'],
    ['a foreign key under a known kid', { key: clientKey().privateKey }, 'token_signature_invalid'],
    ['a kid that is a path', { header: { kid: '../../../../dev/null' } }, 'token_signature_invalid'],
    ['a kid that is a query', { header: { kid: "x' UNION SELECT 'AAAA" } }, 'token_signature_invalid'],
    ['a kid of a prototype', { header: { kid: '__proto__' } }, 'token_signature_invalid'],
    ['a kid that is no text', { header: { kid: 1 as never } }, 'token_malformed'],
    ['a jwk of its own', { key: clientKey().privateKey, header: { jwk: clientKey().jwk } }, 'token_signature_invalid'],
    [
      'a jku of its own',
      { key: clientKey().privateKey, header: { jku: 'https://evil.example' } },
      'token_signature_invalid',
    ],
  ])('RSV-02 %s', async (_title, minting, reason) => {
    const token = await world.token(minting);
    const { status, body, headers, text } = await api.call(token);
    expect([status, body.error, world.last().reason]).toEqual(invalid(reason));
    expect(headers['www-authenticate']).toMatch(new RegExp(`^Bearer realm="${world.issuer}", error="invalid_token"`));
    expect(text).not.toContain(token);
  });

  const forged = (token: string, header: object, mac?: (input: string) => Buffer) => {
    const input = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${token.split('.')[1]}`;
    return noteSecret(`${input}.${mac?.(input).toString('base64url') ?? ''}`);
  };

  it('RSV-02 alg none, in any case, and HS256 with the public key', async () => {
    const token = await world.token();
    expect(await api.verdict(token)).toEqual(good);
    const publicKey = createPublicKey(world.key.privateKey);
    for (const alg of ['none', 'None', 'NONE', '', 'ES256K', 'dir']) {
      const found = await api.verdict(forged(token, { alg, kid: 'one', typ: 'at+jwt' }));
      expect(found).toEqual(invalid('token_signature_invalid'));
    }
    for (const secret of [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(world.key.jwk),
    ]) {
      const mac = (input: string) => createHmac('sha256', secret).update(input).digest();
      const found = await api.verdict(forged(token, { alg: 'HS256', kid: 'one', typ: 'at+jwt' }, mac));
      expect(found).toEqual(invalid('token_signature_invalid'));
    }
  });

  it('RSV-02 a key with its own algorithm serves no other of its kind', async () => {
    const { jwk, privateKey } = clientKey('RSA', { kid: 'rsa', alg: 'RS256' });
    world.keys([jwk]);
    const signed = (alg: string) => world.token({ key: privateKey, header: { alg, kid: 'rsa' } });
    expect(await api.verdict(await signed('RS256'))).toEqual(good);
    for (const alg of ['PS256', 'RS512']) {
      expect(await api.verdict(await signed(alg))).toEqual(invalid('token_signature_invalid'));
    }
  });

  it('RSV-02 keys that are for encryption, symmetric, private or weak are none', async () => {
    const { jwk, privateJwk, privateKey } = clientKey('P-256', { kid: 'k' });
    const token = await world.token({ key: privateKey, header: { kid: 'k' } });
    const weak = clientKey('RSA-1024', { kid: 'k' });
    for (const key of [
      { ...jwk, use: 'enc' },
      { ...privateJwk, kid: 'k' },
      { kty: 'oct', k: 'AAAA', kid: 'k' },
      weak.jwk,
    ]) {
      world.keys([key]);
      expect(await world.api().verdict(token)).toEqual(invalid('token_signature_invalid'));
    }
    world.keys([jwk]);
    expect(await world.api().verdict(token)).toEqual(good);
  });

  it('RSV-02 cut off, altered, or rubbish, without a single fetch where it can be seen', async () => {
    const token = await world.token();
    const [header = '', payload = '', signature = ''] = token.split('.');
    for (const [junk, reason] of [
      [`${header}.${payload}`, 'token_opaque'],
      [header, 'token_opaque'],
      [`${header}.${payload.slice(0, -9)}.${signature}`, 'token_malformed'],
      ['a.b.c', 'token_malformed'],
      ['..', 'token_malformed'],
      ['A'.repeat(43), 'token_opaque'],
      ['a.b.c.d.e', 'token_opaque'],
      [forged(await world.token({ claims: { iss: 'https://evil.example' } }), { alg: 'ES256' }), 'token_malformed'],
    ] as const) {
      expect(await api.verdict(junk)).toEqual(invalid(reason));
    }
    expect(world.requests).toEqual([]);
    expect(await api.verdict(`${header}.${payload}.`)).toEqual(invalid('token_signature_invalid'));
    expect(await api.verdict(`${header}.${payload}.${signature.slice(0, -4)}`)).toEqual(
      invalid('token_signature_invalid'),
    );
    expect(await api.verdict(token)).toEqual(good);
  });

  it('RSV-02 too large: not decoded; as large as a header can be: taken', async () => {
    const sized = async (size: number) => world.token({ claims: { padding: 'x'.repeat(size) } });
    expect(await api.verdict(await sized(9000))).toEqual(good);
    const long = await sized(13_000);
    expect(long.length).toBeGreaterThan(16_384);
    const reply = await api.call(long);
    // Node itself refuses such a header; from a parsed body it would come to us.
    expect(reply.status).toBe(431);
  });
});

describe('PKJ-05 keys that change', () => {
  it('PKJ-05 a new key works at once, and guessed ones cause one fetch', async () => {
    expect(await api.verdict(await world.token())).toEqual(good);
    const next = clientKey('P-256', { kid: 'two', alg: 'ES256' });
    world.keys([world.key.jwk, next.jwk]);
    const token = await world.token({ key: next.privateKey, header: { kid: 'two' } });
    expect(await api.verdict(token)).toEqual(good);
    const before = world.requests.length;
    for (let guess = 0; guess < 20; guess += 1) {
      await api.verdict(await world.token({ header: { kid: `guess-${guess}` } }));
    }
    expect(world.requests).toHaveLength(before);
    world.ahead = 11_000;
    await Promise.all(
      Array.from({ length: 20 }, async () => api.verdict(await world.token({ header: { kid: 'guess' } }))),
    );
    expect(world.requests).toHaveLength(before + 1);
  });

  it('PKJ-06 keys once had serve while nobody answers, and not for ever', async () => {
    const far = { exp: seconds() + 9_000_000 };
    const token = await world.token({ claims: far });
    expect(await api.verdict(token)).toEqual(good);
    world.answers.clear();
    world.ahead = 1_100_000;
    expect(await api.verdict(token)).toEqual(good);
    world.ahead = 3_700_000;
    const reply = await api.call(token);
    expect([reply.status, reply.body.error, world.last().reason]).toEqual(unavailable('issuer_keys_unavailable'));
    expect(reply.headers['retry-after']).toBe('2');
    expect(reply.headers['www-authenticate']).toBeUndefined();
    expect(world.warnings.map(({ name }) => name)).toContain('issuer_metadata_fetch_failed');
  });

  it('PKJ-07 a key set of ten thousand keys is not read', async () => {
    const { jwk } = world.key;
    world.keys(Array.from({ length: 10_000 }, (_, index) => ({ ...jwk, kid: `k${index}` })));
    expect(await api.verdict(await world.token())).toEqual(unavailable('issuer_keys_unavailable'));
    expect(world.last().detail).toMatchObject({ problem: 'the document has more than 262144 octets' });
  });

  it.each<[string, () => void]>([
    ['broken', () => world.answers.set(paths.keys, (_request, response) => response.writeHead(500).end())],
    [
      'elsewhere',
      () => world.answers.set(paths.keys, (_request, response) => response.writeHead(302, { location: '/x' }).end()),
    ],
    ['no key set', () => world.answers.set(paths.keys, json([]))],
  ])('PKJ-07 a key set that is %s is no verdict on the token', async (_title, spoil) => {
    spoil();
    expect(await api.verdict(await world.token())).toEqual(unavailable('issuer_keys_unavailable'));
  });
});

describe('MET-01 metadata', () => {
  it('MET-01 OpenID Connect Discovery will do where RFC 8414 has nothing', async () => {
    const answer = world.answers.get(paths.metadata);
    world.answers.delete(paths.metadata);
    if (answer) world.answers.set(paths.discovery, answer);
    expect(await api.verdict(await world.token())).toEqual(good);
    expect(world.requests).toEqual([paths.metadata, paths.discovery, paths.keys]);
  });

  it.each<[string, () => void, string]>([
    [
      'of another issuer',
      () => world.publish({ issuer: 'https://evil.example' }),
      'it is the metadata of https://evil.example',
    ],
    ['of the issuer with a slash', () => world.publish({ issuer: `${world.issuer}/` }), 'it is the metadata of'],
    ['without an issuer', () => world.publish({ issuer: undefined }), 'it is the metadata of undefined'],
    ['that are a list', () => world.answers.set(paths.metadata, json([])), 'it is the metadata of undefined'],
    ['that are null', () => world.answers.set(paths.metadata, json(null)), 'the document is no object'],
    [
      'that say the issuer twice',
      () =>
        world.answers.set(paths.metadata, (_request, response) =>
          response
            .writeHead(200, { 'content-type': 'application/json' })
            .end(`{"issuer":"https://evil.example","issuer":"${world.issuer}"}`),
        ),
      'has a member twice',
    ],
    [
      'that redirect',
      () => {
        const elsewhere = (_: unknown, response: import('node:http').ServerResponse) =>
          void response.writeHead(302, { location: `${world.issuer}/real` }).end();
        world.answers.set(`${new URL(world.issuer).pathname}/real`, world.answers.get(paths.metadata) ?? elsewhere);
        world.answers.set(paths.metadata, elsewhere).set(paths.discovery, elsewhere);
      },
      'the status is 302, not 200',
    ],
    ['that nobody has', () => world.answers.delete(paths.metadata), 'the status is 404, not 200'],
    ['that are huge', () => world.publish({ padding: 'x'.repeat(200_000) }), 'more than 131072 octets'],
  ])('MET-01 %s are not used: 503', async (_title, spoil, problem) => {
    spoil();
    const token = await world.token();
    const reply = await api.call(token);
    expect([reply.status, reply.body.error, world.last().reason]).toEqual(unavailable('issuer_metadata_unavailable'));
    expect(world.last().detail).toEqual({ issuer: world.issuer, problem: expect.stringContaining(problem) });
    expect(reply.headers['retry-after']).toBe('2');
    expect(reply.text).not.toContain('metadata');
    expect(world.requests).not.toContain(paths.keys);
  });

  it('MET-01 that come too slowly cost the time once, and are tried again after a rest', async () => {
    const answer = world.answers.get(paths.metadata);
    world.answers.set(paths.metadata, () => undefined);
    const token = await world.token();
    const started = Date.now();
    const [first, second] = await Promise.all([api.verdict(token), api.verdict(token)]);
    expect([first, second]).toEqual(new Array(2).fill(unavailable('issuer_metadata_unavailable')));
    expect(await api.verdict(token)).toEqual(unavailable('issuer_metadata_unavailable'));
    expect(Date.now() - started).toBeLessThan(6000);
    expect(world.requests).toEqual([paths.metadata]);
    expect(world.warnings).toHaveLength(1);
    if (answer) world.answers.set(paths.metadata, answer);
    world.ahead = 10_000;
    expect(await api.verdict(token)).toEqual(good);
  });

  it('PKJ-07 an issuer and a jwks_uri in private networks need an exception each', async () => {
    const closed = world.api({ outbound: {} });
    expect(await closed.verdict(await world.token())).toEqual(unavailable('issuer_metadata_unavailable'));
    expect(String(world.last().detail?.problem)).toContain('is not a global address');
    world.publish({ jwks_uri: 'https://169.254.169.254/keys' });
    expect(await api.verdict(await world.token())).toEqual(unavailable('issuer_keys_unavailable'));
    expect(String(world.last().detail?.problem)).toContain('is not a global address');
  });

  it('MET-01 without a jwks_uri there is nothing to verify with', async () => {
    world.publish({ jwks_uri: undefined });
    expect(await api.verdict(await world.token())).toEqual(unavailable('issuer_keys_unavailable'));
  });
});

describe('the options of a guard', () => {
  const issuer = 'https://as.example.com';
  it.each<[string, object, string]>([
    ['neither router nor issuer', { audience }, 'needs authorizationServer'],
    ['no audience', { issuer }, 'audience: is needed'],
    ['an issuer that is http', { issuer: 'http://as.example.com', audience }, 'issuer: must be an https URL'],
    [
      'a resource that is http',
      { issuer, audience, resource: 'http://api.example.com' },
      'resource: must be an https URL',
    ],
    ['a resource with a query', { issuer, audience, resource: 'https://api.example.com/?a' }, 'resource: must be'],
    ['a misspelt member', { issuer, audience, introspect: {} }, 'introspect: is not a known member'],
    [
      'introspection as nobody',
      { issuer, audience, introspection: { client_id: 'a' } },
      'introspection: needs a client_secret',
    ],
    [
      'two proofs',
      {
        issuer,
        audience,
        introspection: {
          client_id: 'a',
          client_secret: 'b',
          private_key: clientKey('P-256', { alg: 'ES256' }).privateJwk,
        },
      },
      'introspection',
    ],
    [
      'a public key',
      { issuer, audience, introspection: { client_id: 'a', private_key: { ...clientKey().jwk, alg: 'ES256' } } },
      'introspection.private_key: must be a private JWK',
    ],
    [
      'a long cache',
      { issuer, audience, introspection: { client_id: 'a', client_secret: 'b', cache_ttl: 61 } },
      'introspection.cache_ttl',
    ],
    ['a tolerance of minutes', { issuer, audience, clock_tolerance: 61 }, 'clock_tolerance'],
    [
      'both',
      { authorizationServer: { workspaces: [{}] }, introspection: {} },
      'introspection: is for an issuer in another process',
    ],
    ['a router that is none', { authorizationServer: {} }, 'authorizationServer: must be what grantRouter() answered'],
  ])('%s: an error at construction that names the member', (_title, options, message) => {
    expect(() => protectResource(options as never)).toThrow(OptionsError);
    expect(() => protectResource(options as never)).toThrow(message);
  });
});
