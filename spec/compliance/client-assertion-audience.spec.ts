import { describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { accepted, forge, type Outcome, present, refused, rightClaims } from '../support/assertion-requests.js';
import { clientKey } from '../support/client-keys.js';
import { type allClients, assertion, assertionType, clientPerMethod, issuer, signer } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';

const id = 'private-key-client';
const tokenEndpoint = `${issuer}/oauth2/token`;
const mismatch = refused('assertion_audience_mismatch');
const legacyClient = { ...clientPerMethod.private_key_jwt, client_id: 'legacy', legacy_assertion_audience: true };
const server = specServer({ clients: [clientPerMethod.private_key_jwt, legacyClient] as unknown as typeof allClients });
const withAudience = (aud: unknown, client = id) => forge({ claims: rightClaims(client, { aud }) });
const hintOf = () => (server.last().detail as { hint?: string }).hint;
const warnings = () => server.events.filter(({ event }) => event === 'warning');

describe('AST-04 aud is the issuer alone', () => {
  it.each([[issuer], [[issuer]]])('AST-04 %j is accepted, without a warning', async (aud) => {
    const before = warnings().length;
    expect(await present(server, withAudience(aud))).toEqual(accepted);
    expect(await present(server, withAudience(aud, 'legacy'))).toEqual(accepted);
    expect(warnings()).toHaveLength(before);
  });

  it.each([
    [undefined],
    [null],
    [''],
    [0],
    [true],
    [[]],
    [[[issuer]]],
    [[null]],
    [['']],
    [{ 0: issuer, length: 1 }],
    [{ aud: issuer }],
    [[{ toString: issuer }]],
  ])('AST-04 %j is refused, of legacy clients too', async (aud) => {
    expect(await present(server, withAudience(aud))).toEqual(mismatch);
    expect(hintOf()).toBeUndefined();
    expect(await present(server, withAudience(aud, 'legacy'))).toEqual(mismatch);
  });
});

describe('AST-05 nothing beside the issuer', () => {
  it.each([
    [[issuer, issuer]],
    [[issuer, tokenEndpoint]],
    [[tokenEndpoint, issuer]],
    [[tokenEndpoint]],
    [tokenEndpoint],
  ])('AST-05 %j is refused, and the operator is told what would help', async (aud) => {
    expect(await present(server, withAudience(aud))).toEqual(mismatch);
    expect(hintOf()).toContain('legacy_assertion_audience');
    expect(server.last().detail).toMatchObject({ expected: issuer, found: aud, client_id: id });
    const before = warnings().length;
    expect(await present(server, withAudience(aud, 'legacy'))).toEqual(accepted);
    expect(warnings().slice(before)).toEqual([
      expect.objectContaining({
        name: 'legacy_assertion_audience_used',
        detail: { client_id: 'legacy', aud },
        issuer,
      }),
    ]);
  });

  it.each([
    ['another server', 'https://other.example.com'],
    ['the PAR endpoint', `${issuer}/oauth2/par`],
    ['the introspection endpoint', `${issuer}/oauth2/introspect`],
    ['a name for mutual TLS', 'https://mtls.as.example.com/oauth2/token'],
    ['the URL of the request', 'http://127.0.0.1/oauth2/token'],
    ['the token endpoint with a query', `${tokenEndpoint}?a=b`],
    ['the client', id],
    ['the issuer and another', [issuer, 'https://other.example.com']],
    ['another and the issuer', ['https://other.example.com', issuer]],
    ['the issuer and an empty text', [issuer, '']],
    ['the issuer and null', [issuer, null]],
    ['the issuer and an array with it', [issuer, [issuer]]],
    ['the issuer and the client', [issuer, id]],
    ['the issuer, the token endpoint and another', [issuer, tokenEndpoint, 'https://other.example.com']],
    ['both in one text', `${issuer} ${tokenEndpoint}`],
  ])('AST-05 %s is refused, of legacy clients too', async (_name, aud) => {
    expect(await present(server, withAudience(aud))).toEqual(mismatch);
    expect(hintOf()).toBeUndefined();
    expect(await present(server, withAudience(aud, 'legacy'))).toEqual(mismatch);
  });
});

describe('AST-06 a comparison of characters', () => {
  it.each([
    `${issuer}/`,
    `${issuer}:443`,
    issuer.toUpperCase(),
    'https://AS.example.com',
    'HTTPS://as.example.com',
    'http://as.example.com',
    'https://as.example.com.',
    'https://as%2Eexample.com',
    'https://user@as.example.com',
    '//as.example.com',
    'as.example.com',
    ` ${issuer}`,
    `${issuer} `,
    `${issuer}\n`,
    `${issuer}\0`,
    `${issuer}#`,
    `${issuer}?`,
    `${issuer}/.`,
    `${tokenEndpoint}/`,
    tokenEndpoint.toUpperCase(),
    'https://as.example.com:443/oauth2/token',
    'https://as.example.com/oauth2//token',
  ])('AST-06 %j is another text', async (aud) => {
    for (const each of [aud, [aud]]) {
      expect(await present(server, withAudience(each))).toEqual(mismatch);
      expect(await present(server, withAudience(each, 'legacy'))).toEqual(mismatch);
    }
  });

  it('AST-06 an issuer with port and path is itself, and no part of it', async () => {
    const long = 'https://as.example.com:8443/acme/demo';
    const other = specServer({ issuer: long });
    const outcome = async (aud: string): Promise<Outcome> => {
      const { status, body } = await request(other.router)
        .post('/acme/demo/oauth2/token')
        .type('form')
        .send({ grant_type: 'client_credentials', client_assertion_type: assertionType })
        .send({ client_assertion: noteSecret(withAudience(aud)) });
      return { status, error: body.error, reason: other.last().reason };
    };
    expect(await outcome(long)).toEqual(accepted);
    for (const aud of [
      `${long}/`,
      'https://as.example.com:8443',
      'https://as.example.com/acme/demo',
      issuer,
      `${long}/oauth2/token`,
    ]) {
      expect(await outcome(aud)).toEqual(mismatch);
    }
  });
});

const [edwards, rsa] = [clientKey('Ed25519', { kid: 'ed' }), clientKey('RSA', { kid: 'rsa' })];
const x5t = { x5t: 'dGhlIFNIQS0xIG9mIGEgY2VydA', 'x5t#S256': undefined };

describe('AST-05 AST-12 what real clients send', () => {
  const keys = { keys: [edwards.jwk, rsa.jwk, signer.jwk] };
  const strict = { ...clientPerMethod.private_key_jwt, client_id: 'strict', jwks: keys };
  const clients = [strict, { ...strict, client_id: 'legacy', legacy_assertion_audience: true }];
  const real = specServer({ clients: clients as unknown as typeof allClients });
  const atOnce = Math.floor(Date.now() / 1000);

  const table = [
    ['openid-client 6, oauth4webapi', issuer, 60, edwards, { alg: 'Ed25519', kid: 'ed' }, { nbf: atOnce }],
    ['openid-client 5', issuer, 60, edwards, { alg: 'EdDSA', kid: 'ed' }, {}],
    ['express-openid-connect', issuer, 60, rsa, { alg: 'RS256' }, {}],
    ['mod_auth_openidc', tokenEndpoint, 60, rsa, { alg: 'RS256', kid: 'rsa', ...x5t }, {}],
    ['Authlib', tokenEndpoint, 3600, rsa, { alg: 'RS256', typ: 'JWT' }, {}],
    ['rack-oauth2, Ruby openid-connect', tokenEndpoint, 180, rsa, { alg: 'RS256', typ: 'JWT' }, {}],
    ['libiddawc', tokenEndpoint, 300, signer, { alg: 'ES256', typ: 'JWT', kid: 'signer-1' }, {}],
    [
      'msal-node',
      tokenEndpoint,
      600,
      rsa,
      { alg: 'PS256', typ: 'JWT', 'x5t#S256': 'c2hhMjU2IG9mIGEgY2VydGlmaWNhdGU' },
      { nbf: atOnce },
    ],
  ] as const;

  it.each(table)('AST-05 %s', async (name, aud, lifetime, key, shape, extra) => {
    const send = async (client: string) => {
      const now = Math.floor(Date.now() / 1000);
      const sent = await assertion(client, {
        key: key.privateKey,
        header: { kid: undefined, ...shape },
        claims: { aud, exp: now + lifetime, ...extra },
      });
      const form = new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion: noteSecret(sent),
        client_assertion_type: assertionType,
        'x-client-SKU': 'msal.js.node',
        'x-client-VER': '3',
      }).toString();
      const { status, body } = await request(real.router)
        .post(`/oauth2/token${name === 'msal-node' ? '?client-request-id=1' : ''}`)
        .set('Content-Type', 'application/x-www-form-urlencoded;charset=UTF-8')
        .send(form);
      return { status, error: body.error, reason: real.last().reason };
    };
    expect(await send('legacy')).toEqual(accepted);
    if (aud === issuer) {
      expect(await send('strict')).toEqual(accepted);
    } else {
      expect(await send('strict')).toEqual(mismatch);
      expect(JSON.stringify(real.last().detail)).toContain('legacy_assertion_audience');
    }
  });

  it('AST-08 an hour of life is for legacy_assertion_audience alone', async () => {
    const now = Math.floor(Date.now() / 1000);
    const hour = (client: string) => assertion(client, { claims: { exp: now + 3600 } });
    expect(await present(real, await hour('legacy'))).toEqual(accepted);
    expect(await present(real, await hour('strict'))).toEqual(refused('assertion_lifetime_too_long'));
  });
});
