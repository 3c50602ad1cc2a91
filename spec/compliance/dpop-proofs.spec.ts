import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { clientKey } from '../support/client-keys.js';
import { type ProofChanges, ProofMaker } from '../support/dpop.js';
import { exchange } from '../support/http-exchange.js';
import { basicHeader, issuer, secrets } from '../support/methods.js';
import { type SpecServer, specServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';

const tokenUrl = `${issuer}/oauth2/token`;
const form = { grant_type: 'client_credentials', scope: 'read' };
const Authorization = basicHeader('basic-client', secrets.basic);
const key = new ProofMaker();

let now = 1_800_000_000_000;
let server: SpecServer;
beforeEach(() => {
  now = 1_800_000_000_000;
  server = specServer({ access_token_format: 'jwt', signing_keys: ['ES256'], now: () => now });
});
afterEach(() => server.router.close());

const make = (changes: ProofChanges = {}, maker = key) => maker.proof('POST', tokenUrl, { now, ...changes });

/** Status, error and private reason of a token request with this proof. */
async function verdict(proof: string) {
  const { status, body } = await server.token(form, { Authorization, DPoP: proof });
  if (status === 200) noteSecret(body.access_token);
  return [status, body.error, server.last().reason];
}

const accepted = [200, undefined, undefined];
const refused = (reason: string) => [400, 'invalid_dpop_proof', reason];
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('DPO-05 a right proof', () => {
  it('DPO-05 gives a token of type DPoP that is bound to its key', async () => {
    const { status, body } = await server.token(form, { Authorization, DPoP: await make() });
    expect([status, body.token_type]).toEqual([200, 'DPoP']);
    expect(decodeJwt(noteSecret(body.access_token)).cnf).toEqual({ jkt: await key.jkt });
  });

  it('DPO-05 without one the token is a bearer token', async () => {
    const { body } = await server.token(form, { Authorization });
    expect(body.token_type).toBe('Bearer');
    expect(decodeJwt(noteSecret(body.access_token))).not.toHaveProperty('cnf');
  });

  it.each([
    ['P-256', 'ES256'],
    ['RSA', 'RS256'],
    ['RSA', 'PS256'],
    ['Ed25519', 'Ed25519'],
    ['Ed25519', 'EdDSA'],
  ] as const)('DPO-05 %s with %s', async (type, alg) => {
    const maker = new ProofMaker(type, alg);
    const { status, body } = await server.token(form, { Authorization, DPoP: await make({}, maker) });
    expect([status, body.token_type]).toEqual([200, 'DPoP']);
    expect(decodeJwt(noteSecret(body.access_token)).cnf).toEqual({ jkt: await maker.jkt });
  });

  it('DPO-01 is looked at after client authentication: a stranger learns nothing and uses nothing up', async () => {
    const proof = await make();
    const wrong = await server.token(form, { Authorization: basicHeader('basic-client', 'wrong'), DPoP: proof });
    expect([wrong.status, wrong.body.error]).toEqual([401, 'invalid_client']);
    expect(await verdict(proof)).toEqual(accepted);
  });
});

describe('DPO-01 what is no proof', () => {
  it('DPO-01 two headers, even of equal value', async () => {
    const headers = { Authorization, DPoP: [await make(), await make()] };
    const body = 'grant_type=client_credentials';
    const two = await exchange(server.router, { headers, body });
    expect([two.status, two.json().error, server.last().reason]).toEqual(refused('dpop_proof_repeated'));
    const one = await exchange(server.router, { headers: { ...headers, DPoP: [await make()] }, body });
    expect(one.status).toBe(200);
  });

  it.each<[string, (proof: string) => string]>([
    ['no JWS', () => 'nonsense'],
    ['two parts', (proof) => proof.split('.').slice(0, 2).join('.')],
    ['no signature', (proof) => `${proof.split('.').slice(0, 2).join('.')}.`],
    ['two in one header', (proof) => `${proof}, ${proof}`],
    ['padded base64', (proof) => `${proof}=`],
    ['claims that are no object', (proof) => proof.replace(/\.[^.]+\./, `.${encode(['a'])}.`)],
    ['a claim twice', (proof) => proof.replace(/\.[^.]+\./, `.${Buffer.from('{"a":1,"a":1}').toString('base64url')}.`)],
    ['more than 8192 characters', (proof) => `${proof}${'A'.repeat(8192)}`],
  ])('DPO-01 %s', async (_title, change) => {
    expect(await verdict(change(await make()))).toEqual(refused('dpop_proof_malformed'));
  });

  it.each([undefined, 'JWT', 'at+jwt', 'dpop', 'DPOP+JWT'])('DPO-01 typ %j', async (typ) => {
    expect(await verdict(await make({ header: { typ } }))).toEqual(refused('dpop_typ_refused'));
  });

  it('DPO-01 alg none, symmetric, or not offered', async () => {
    const claims = (await make()).split('.')[1];
    const none = `${encode({ alg: 'none', typ: 'dpop+jwt', jwk: key.pair.jwk })}.${claims}.AA`;
    expect(await verdict(none)).toEqual(refused('dpop_algorithm_refused'));
    const mac = await make({ header: { alg: 'HS256' }, signer: Buffer.alloc(32, 1) });
    expect(await verdict(mac)).toEqual(refused('dpop_algorithm_refused'));
    expect(await verdict(await make({}, new ProofMaker('P-384', 'ES384')))).toEqual(refused('dpop_algorithm_refused'));
  });

  it.each([{ crit: ['urn'], urn: true }, { b64: true }])(
    'DPO-01 a header that must be understood: %j',
    async (header) => {
      expect(await verdict(await make({ header }))).toEqual(refused('dpop_critical_header'));
    },
  );

  it.each<[string, unknown]>([
    ['none', undefined],
    ['no object', 'key'],
    ['a private key', key.pair.privateJwk],
    ['a private key with only its d left', { ...key.pair.jwk, d: '' }],
    ['a symmetric key', { kty: 'oct', k: 'AQAB' }],
    ['a symmetric key beside a public one', { ...key.pair.jwk, k: 'AQAB' }],
    ['a key of another type than alg', clientKey('RSA').jwk],
    ['a key on another curve', clientKey('P-384').jwk],
    ['a key that is for encryption', { ...key.pair.jwk, use: 'enc' }],
    ['a key with another alg of its own', { ...key.pair.jwk, alg: 'ES384' }],
    ['a point that is not on the curve', { ...key.pair.jwk, x: key.pair.jwk.y }],
  ])('DPO-01 as jwk: %s', async (_title, jwk) => {
    expect(await verdict(await make({ header: { jwk } }))).toEqual(refused('dpop_key_refused'));
  });

  it('DPO-01 an RSA key of fewer than 2048 bits', async () => {
    const small = clientKey('RSA-1024');
    const header = encode({ alg: 'RS256', typ: 'dpop+jwt', jwk: small.jwk });
    const proof = `${header}.${(await make()).split('.')[1]}.${Buffer.alloc(128, 1).toString('base64url')}`;
    expect(await verdict(proof)).toEqual(refused('dpop_key_refused'));
  });

  it('DPO-01 a signature by another key, or over other claims', async () => {
    expect(await verdict(await make({ signer: clientKey().privateKey }))).toEqual(refused('dpop_signature_invalid'));
    const [header, , signature] = (await make()).split('.');
    const [, claims] = (await make()).split('.');
    expect(await verdict(`${header}.${claims}.${signature}`)).toEqual(refused('dpop_signature_invalid'));
  });

  it('DPO-01 a wrong signature stays wrong for a key that was right before', async () => {
    expect(await verdict(await make())).toEqual(accepted);
    expect(await verdict(await make({ signer: clientKey().privateKey }))).toEqual(refused('dpop_signature_invalid'));
  });

  it.each<[string, unknown]>([
    ['jti', undefined],
    ['jti', ''],
    ['jti', 7],
    ['jti', 'j'.repeat(257)],
    ['htm', undefined],
    ['htm', 1],
    ['htu', undefined],
    ['htu', null],
    ['iat', undefined],
    ['iat', '1800000000'],
    ['nonce', 7],
    ['ath', 7],
  ])('DPO-01 %s of %j', async (claim, value) => {
    expect(await verdict(await make({ claims: { [claim]: value } }))).toEqual(refused('dpop_claim_invalid'));
    expect(server.last().detail).toMatchObject({ claim });
  });

  it('DPO-01 iat of 1e400', async () => {
    const claims = `{"jti":"a","htm":"POST","htu":"${tokenUrl}","iat":1e400}`;
    const [header, , signature] = (await make()).split('.');
    const proof = `${header}.${Buffer.from(claims).toString('base64url')}.${signature}`;
    expect(await verdict(proof)).toEqual(refused('dpop_claim_invalid'));
  });

  it('tells everybody the same, whatever was wrong', async () => {
    const wrong = [await make({ header: { typ: 'JWT' } }), await make({ claims: { htm: 'GET' } }), 'x'];
    const bodies = await Promise.all(
      wrong.map(async (DPoP) => (await server.token(form, { Authorization, DPoP })).body),
    );
    expect(new Set(bodies.map((body) => JSON.stringify(body)))).toEqual(
      new Set([JSON.stringify({ error: 'invalid_dpop_proof', error_description: 'The DPoP proof is not valid.' })]),
    );
  });
});

describe('DPO-02 for which request', () => {
  it.each(['GET', 'post', ''])('DPO-02 htm %j', async (htm) => {
    expect(await verdict(await make({ claims: { htm } }))).toEqual(refused('dpop_method_mismatch'));
  });

  it.each([
    `${tokenUrl}?a=b`,
    `${tokenUrl}#fragment`,
    tokenUrl.replace('https', 'HTTPS').replace('as.example', 'AS.Example'),
    tokenUrl.replace('.com/', '.com:443/'),
    tokenUrl.replace('/oauth2/', '/x/../oauth2/./'),
    tokenUrl.replace('token', '%74oken'),
  ])('DPO-02 htu %s is the endpoint', async (htu) => {
    expect(await verdict(await make({ claims: { htu } }))).toEqual(accepted);
  });

  it.each([
    `${tokenUrl}/`,
    tokenUrl.replace('https', 'http'),
    tokenUrl.replace('.com/', '.com:8443/'),
    tokenUrl.replace('.com/', '.com./'),
    tokenUrl.replace('token', 'TOKEN'),
    tokenUrl.replace('/token', '%2Ftoken'),
    tokenUrl.replace('https://', 'https://user@'),
    tokenUrl.replaceAll('/', '\\'),
    tokenUrl.replace('token', 'to\tken'),
    ` ${tokenUrl}`,
    `${issuer}/userinfo`,
    '/oauth2/token',
    '',
  ])('DPO-02 htu %j is not', async (htu) => {
    expect(await verdict(await make({ claims: { htu } }))).toEqual(refused('dpop_url_mismatch'));
  });

  it('DPO-02 at the name for mutual TLS it is that name too', async () => {
    const htu = 'https://mtls.example.com:8444/oauth2/token';
    expect(await verdict(await make({ claims: { htu } }))).toEqual(refused('dpop_url_mismatch'));
    await server.router.close();
    server = specServer({ now: () => now, mtls: { public_url: 'https://mtls.example.com:8444' } });
    expect(await verdict(await make({ claims: { htu } }))).toEqual(accepted);
    expect(await verdict(await make())).toEqual(accepted);
  });

  it('DPO-02 GEN-13 neither Host nor forwarded headers have a say', async () => {
    const lying = { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example' };
    const send = async (htu: string) =>
      server.token(form, { ...lying, Authorization, DPoP: await make({ claims: { htu } }) });
    expect((await send('https://evil.example/oauth2/token')).body.error).toBe('invalid_dpop_proof');
    expect(server.last()).toMatchObject({ reason: 'dpop_url_mismatch', detail: { expected: [tokenUrl] } });
    expect((await send(tokenUrl)).status).toBe(200);
  });
});

describe('DPO-03 when', () => {
  it.each([
    [10, accepted],
    [11, refused('dpop_not_yet_valid')],
    [90, refused('dpop_not_yet_valid')],
    [-70, accepted],
    [-71, refused('dpop_expired')],
    [-90, refused('dpop_expired')],
  ])('DPO-03 made %d seconds from now', async (seconds, expected) => {
    expect(await verdict(await make({ now: now + seconds * 1000 }))).toEqual(expected);
  });

  it('DPO-03 with the widest tolerance a proof from 60 seconds ahead is taken, one of 61 is not', async () => {
    await server.router.close();
    server = specServer({ now: () => now, clock_tolerance: 60 });
    expect(await verdict(await make({ now: now + 60_000 }))).toEqual(accepted);
    expect(await verdict(await make({ now: now + 61_000 }))).toEqual(refused('dpop_not_yet_valid'));
  });

  it('DPO-03 a proof works once, until the end of its time', async () => {
    const proof = await make({ now: now + 10_000 });
    expect(await verdict(proof)).toEqual(accepted);
    expect(await verdict(proof)).toEqual(refused('dpop_replayed'));
    now += 80_000;
    expect(await verdict(proof)).toEqual(refused('dpop_replayed'));
    now += 1_000;
    expect(await verdict(proof)).toEqual(refused('dpop_expired'));
  });

  it('DPO-03 a jti is one of its key: another key may use it too', async () => {
    const claims = { jti: 'the same' };
    expect(await verdict(await make({ claims }))).toEqual(accepted);
    expect(await verdict(await make({ claims }, new ProofMaker()))).toEqual(accepted);
    expect(await verdict(await make({ claims: { ...claims, htu: `${tokenUrl}?x` } }))).toEqual(
      refused('dpop_replayed'),
    );
  });

  it('DPO-03 only a proof that is right in all else is remembered', async () => {
    const claims = { jti: 'kept' };
    expect(await verdict(await make({ claims, signer: clientKey().privateKey }))).toEqual(
      refused('dpop_signature_invalid'),
    );
    expect(await verdict(await make({ claims: { ...claims, htm: 'GET' } }))).toEqual(refused('dpop_method_mismatch'));
    expect(await verdict(await make({ claims }))).toEqual(accepted);
  });
});

describe('DPO-06 a client that registered dpop_bound_access_tokens', () => {
  it('DPO-06 gets no token without a proof', async () => {
    await server.router.close();
    const client = { client_id: 'bound', client_secret: secrets.basic, grant_types: ['client_credentials'] };
    server = specServer({ now: () => now, clients: [{ ...client, dpop_bound_access_tokens: true }] });
    const headers = { Authorization: basicHeader('bound', secrets.basic) };
    const without = await server.token({ grant_type: 'client_credentials' }, headers);
    expect([without.status, without.body.error, server.last().reason]).toEqual(refused('dpop_proof_missing'));
    expect(without.body).not.toHaveProperty('access_token');
    const proven = await server.token({ grant_type: 'client_credentials' }, { ...headers, DPoP: await make() });
    expect([proven.status, proven.body.token_type]).toEqual([200, 'DPoP']);
    noteSecret(proven.body.access_token);
  });
});
