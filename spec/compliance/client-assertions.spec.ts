import { describe, expect, it } from '@jest/globals';
import { privateKeyJwt } from '../../index.js';
import { accepted, forge, present, refused, rightClaims } from '../support/assertion-requests.js';
import { clientKey } from '../support/client-keys.js';
import { type allClients, assertion, assertionType, clientPerMethod, macAssertion } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';

const id = 'private-key-client';
const grant = { grant_type: 'client_credentials' };
const server = specServer();

describe('AST-01 client_assertion and client_assertion_type', () => {
  it('AST-01 together they authenticate, with and without client_id', async () => {
    expect(await present(server, await assertion(id))).toEqual(accepted);
    expect(await present(server, await assertion(id), { client_id: id })).toEqual(accepted);
    expect(server.last()).toMatchObject({ outcome: 'success', client_id: id, method: 'private_key_jwt' });
    expect(await present(server, await macAssertion())).toEqual(accepted);
  });

  it.each(['client_assertion', 'client_assertion_type'])('AST-01 without %s the request is invalid', async (absent) => {
    const both = { client_assertion: await assertion(id), client_assertion_type: assertionType };
    for (const request of [
      { ...both, [absent]: '' },
      Object.fromEntries(Object.entries(both).filter(([name]) => name !== absent)),
    ]) {
      const { status, body } = await server.token({ ...grant, client_id: id, ...request });
      expect([status, body.error, server.last().reason]).toEqual([400, 'invalid_request', 'assertion_incomplete']);
    }
  });

  it.each([
    'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    `${assertionType} `,
    assertionType.toUpperCase(),
    'jwt-bearer',
    'constructor',
  ])('AST-01 the type "%s" is refused', async (type) => {
    const right = await assertion(id);
    expect(await present(server, right, { client_assertion_type: type })).toEqual(
      refused('assertion_type_unsupported'),
    );
    expect(await present(server, right)).toEqual(accepted);
  });

  it('AST-01 a type that is really the assertion stays out of the event', async () => {
    const right = await assertion(id);
    expect(await present(server, assertionType, { client_assertion_type: right })).toEqual(
      refused('assertion_type_unsupported'),
    );
    expect(JSON.stringify(server.last())).not.toContain(right.slice(-20));
    expect(server.last().detail).toEqual({ client_assertion_type: 'not a URI' });
  });

  it('AST-01 one of the two parameters twice is refused', async () => {
    const right = await assertion(id);
    const pairs: [string, string][] = [
      ['grant_type', 'client_credentials'],
      ['client_assertion', right],
      ['client_assertion_type', assertionType],
    ];
    for (const twice of pairs.slice(1)) {
      const { status, body } = await server.token(new URLSearchParams([...pairs, twice]).toString() as never);
      expect([status, body.error, server.last().reason]).toEqual([400, 'invalid_request', 'parameter_repeated']);
    }
    expect(await present(server, right)).toEqual(accepted);
  });
});

describe('AST-03 iss and sub', () => {
  it.each([
    ['iss absent', { iss: undefined }],
    ['iss null', { iss: null }],
    ['iss empty', { iss: '' }],
    ['iss of another client', { iss: 'secret-jwt-client' }],
    ['iss an array', { iss: [id] }],
    ['iss an object', { iss: { [id]: id } }],
    ['iss in capitals', { iss: id.toUpperCase() }],
    ['iss with a blank', { iss: `${id} ` }],
    ['iss with a zero octet', { iss: `${id}\0` }],
    ['iss the issuer of tokens', { iss: 'https://as.example.com' }],
  ])('AST-03 %s is refused', async (_name, claims) => {
    expect(await present(server, forge({ claims: rightClaims(id, claims) }))).toEqual(
      refused('assertion_subject_mismatch'),
    );
    expect(await present(server, forge())).toEqual(accepted);
  });

  it.each([
    ['absent', undefined],
    ['null', null],
    ['empty', ''],
    ['a number', 1],
    ['an array', [id]],
    ['an object', { toString: id }],
    ['true', true],
  ])('AST-03 a sub that is %s is refused', async (_name, sub) => {
    const claims = rightClaims(id, { sub });
    expect(await present(server, forge({ claims }))).toEqual(refused('assertion_claim_invalid'));
    expect(await present(server, forge({ claims }), { client_id: id })).toEqual(refused('assertion_claim_invalid'));
  });

  it.each(['nobody', `${id} `, id.toUpperCase(), '__proto__', 'constructor', 'x'.repeat(5000), 'a\0b', '\ud800', 'é'])(
    'AST-03 sub "%.20s" is no client',
    async (sub) => {
      expect(await present(server, forge({ claims: rightClaims(sub) }))).toEqual(refused('unknown_client'));
    },
  );

  it("AST-03 one client's assertion with another's client_id is refused", async () => {
    const right = await assertion(id);
    for (const other of ['secret-jwt-client', 'public-client', 'nobody', id.toUpperCase()]) {
      expect(await present(server, right, { client_id: other })).toEqual(refused('client_id_mismatch'));
    }
    expect(await present(server, right, { client_id: id })).toEqual(accepted);
  });

  it('AST-03 a client whose method is another one is refused, whatever the signature', async () => {
    for (const sub of ['basic-client', 'tls-client', 'self-signed-client', 'public-client']) {
      expect(await present(server, forge({ claims: rightClaims(sub) }))).toEqual(refused('method_not_registered'));
    }
  });
});

describe('AST-12 typ', () => {
  const withType = (typ: unknown) => forge({ header: { alg: 'ES256', kid: 'signer-1', typ } });

  it.each([
    undefined,
    'JWT',
    'jwt',
    'Jwt',
    'application/jwt',
    'APPLICATION/JWT',
    'client-authentication+jwt',
    'Client-Authentication+JWT',
    'application/client-authentication+jwt',
  ])('AST-12 %s is accepted', async (typ) => {
    expect(await present(server, withType(typ))).toEqual(accepted);
  });

  it.each([
    'at+jwt',
    'application/at+jwt',
    'dpop+jwt',
    'oauth-authz-req+jwt',
    'logout+jwt',
    'secevent+jwt',
    'token-introspection+jwt',
    'JOSE',
    'JWE',
    '',
    ' JWT',
    'JWT ',
    'application/',
    'application/application/jwt',
    'text/jwt',
    'constructor',
  ])('AST-12 "%s" is refused', async (typ) => {
    expect(await present(server, withType(typ))).toEqual(refused('assertion_typ_refused'));
  });

  it.each([null, 1, true, ['JWT'], { typ: 'JWT' }])('AST-12 %j is refused', async (typ) => {
    expect(await present(server, withType(typ))).toEqual(refused('assertion_typ_refused'));
  });
});

describe('AST-13 alg', () => {
  const [es384, rsa] = [clientKey('P-384'), clientKey('RSA')];
  const clients = [
    { ...clientPerMethod.private_key_jwt, client_id: 'any', jwks: { keys: [es384.jwk, rsa.jwk] } },
    {
      ...clientPerMethod.private_key_jwt,
      client_id: 'pinned',
      jwks: { keys: [rsa.jwk] },
      token_endpoint_auth_signing_alg: 'PS256',
    },
  ] as unknown as typeof allClients;
  const make = (client: string, alg: string, key = rsa) =>
    assertion(client, { header: { alg, kid: undefined }, key: key.privateKey });

  it('AST-13 only what the server allows', async () => {
    const normal = specServer({ clients });
    const wider = specServer({ clients, token_endpoint_auth_signing_alg_values: ['ES384', 'PS256'] });
    expect(await present(normal, await make('any', 'ES384', es384))).toEqual(refused('assertion_algorithm_refused'));
    expect(await present(wider, await make('any', 'ES384', es384))).toEqual(accepted);
    expect(await present(normal, await make('any', 'RS256'))).toEqual(accepted);
    expect(await present(wider, await make('any', 'RS256'))).toEqual(refused('assertion_algorithm_refused'));
  });

  it('AST-13 only the algorithm the client registered', async () => {
    const normal = specServer({ clients });
    expect(await present(normal, await make('pinned', 'PS256'))).toEqual(accepted);
    expect(await present(normal, await make('pinned', 'RS256'))).toEqual(refused('assertion_algorithm_refused'));
    expect(normal.last().detail).toMatchObject({ alg: 'RS256', registered: 'PS256' });
    expect(await present(normal, await make('any', 'PS256'))).toEqual(accepted);
  });

  it.each([
    'none',
    'None',
    'NONE',
    'nOnE',
    'none ',
    '',
    'es256',
    'ES256 ',
    'ES256K',
    'HS256',
    'RSA-OAEP',
    'dir',
    'RS1',
    'toString',
    '__proto__',
    'constructor',
  ])('AST-13 "%s" is refused, signed or not', async (alg) => {
    for (const sign of [undefined, () => Buffer.from([0]), () => Buffer.alloc(64)]) {
      const forged = forge({ header: { alg, kid: 'signer-1' }, ...(sign && { sign }) });
      expect(await present(server, forged)).toEqual(refused('assertion_algorithm_refused'));
    }
    const [header, claims] = forge({ header: { alg } }).split('.');
    expect(await present(server, `${header}.${claims}.`)).toEqual(refused('assertion_malformed'));
  });

  it.each([undefined, null, 1, ['ES256'], { alg: 'ES256' }])('AST-13 an alg of %j is refused', async (alg) => {
    expect(await present(server, forge({ header: { alg, kid: 'signer-1' } }))).toEqual(refused('assertion_malformed'));
  });

  it.each(['toString', 'constructor', '__proto__', 'RS'])(
    'AST-13 "%s" breaks nothing for an unknown client either',
    async (alg) => {
      const single = specServer({ strategies: [privateKeyJwt()] });
      const forged = forge({ header: { alg }, claims: rightClaims('nobody') });
      expect(await present(single, forged)).toEqual(refused('unknown_client'));
    },
  );
});
