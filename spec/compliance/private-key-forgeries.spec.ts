import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accepted, es256, forge, hmac, present, refused } from '../support/assertion-requests.js';
import { certificateJwk, clientKey } from '../support/client-keys.js';
import { type DocumentServer, documentServer, json } from '../support/document-server.js';
import { type allClients, assertion, clientPerMethod, signer } from '../support/methods.js';
import { selfSigned } from '../support/pki.js';
import { type SpecServer, specServer } from '../support/spec-server.js';

const id = 'private-key-client';
const own = { ...clientPerMethod.private_key_jwt };
type Clients = typeof allClients;

function clientWith(keys: readonly JsonWebKey[], more: Record<string, unknown> = {}) {
  return { ...own, jwks: { keys }, ...more };
}
const serverWith = (keys: readonly JsonWebKey[], more: Record<string, unknown> = {}) =>
  specServer({ clients: [clientWith(keys, more)] as unknown as Clients });
const make = (alg: string, key: KeyObject, kid?: string, clientId: string = id) =>
  assertion(clientId, { header: { alg, kid }, key });

describe('PKJ-01 the public key is no secret', () => {
  const rsa = clientKey('RSA', { kid: 'rsa' });
  const keys = [rsa.jwk, signer.jwk];
  const server = specServer({
    clients: [clientWith(keys)] as unknown as Clients,
    token_endpoint_auth_signing_alg_values: ['HS256', 'HS384', 'HS512', 'ES256', 'RS256'],
  });

  const spellings = (key: KeyObject, jwk: JsonWebKey): [string, string | Buffer][] => {
    const pem = key.export({ type: 'spki', format: 'pem' }).toString();
    return [
      ['PEM', pem],
      ['PEM without its last line feed', pem.trimEnd()],
      ['PEM with CRLF', pem.replaceAll('\n', '\r\n')],
      ['the base64 of the PEM', pem.replace(/-----.*?-----|\n/g, '')],
      ['DER', key.export({ type: 'spki', format: 'der' })],
      ['the JWK as registered', JSON.stringify(jwk)],
      ['the bare JWK', JSON.stringify(key.export({ format: 'jwk' }))],
      ['the JWK Set', JSON.stringify({ keys: [jwk] })],
      ['one member', Buffer.from(String(jwk.n ?? jwk.x), 'base64url')],
      ['the text of one member', String(jwk.n ?? jwk.x)],
      ['nothing', ''],
      ['the kid', String(jwk.kid)],
    ];
  };
  const rsaPkcs1 = createPublicKey(rsa.privateKey as never)
    .export({ type: 'pkcs1', format: 'pem' })
    .toString();
  const all: [string, string | Buffer, string][] = [
    ...spellings(createPublicKey(rsa.privateKey as never), rsa.jwk).map(
      ([name, key]) => [`RSA, ${name}`, key, 'rsa'] as never,
    ),
    ['RSA, PKCS#1', rsaPkcs1, 'rsa'],
    ...spellings(createPublicKey(signer.privateKey as never), signer.jwk).map(
      ([name, key]) => [`EC, ${name}`, key, 'signer-1'] as never,
    ),
  ];

  it.each(all)('PKJ-01 %s as HMAC key', async (_name, key, kid) => {
    for (const bits of [256, 384, 512]) {
      for (const header of [{ alg: `HS${bits}`, kid }, { alg: `HS${bits}` }]) {
        const forged = forge({ header, sign: hmac(key, bits) });
        expect(await present(server, forged)).toEqual(refused('assertion_algorithm_refused'));
      }
    }
    for (const alg of ['RS256', 'ES256']) {
      const forged = forge({ header: { alg }, sign: hmac(key) });
      expect(await present(server, forged)).toEqual(refused('assertion_signature_invalid'));
    }
  });

  it('PKJ-01 the private keys do sign', async () => {
    expect(await present(server, await make('RS256', rsa.privateKey, 'rsa'))).toEqual(accepted);
    expect(await present(server, await make('ES256', signer.privateKey, 'signer-1'))).toEqual(accepted);
  });

  it('PKJ-01 a signature of nothing but zeros, or of another size, is refused', async () => {
    const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
    const one = Buffer.from('01'.padStart(64, '0'), 'hex');
    const forgeries = [
      Buffer.alloc(64),
      Buffer.concat([order, order]),
      Buffer.concat([one, order]),
      Buffer.alloc(63, 1),
      Buffer.alloc(65, 1),
      Buffer.alloc(1),
    ];
    for (const signature of forgeries) {
      expect(await present(server, forge({ sign: () => signature }))).toEqual(refused('assertion_signature_invalid'));
    }
    const doubled = (input: string) => Buffer.concat([es256()(input), es256()(input)]);
    expect(await present(server, forge({ sign: doubled }))).toEqual(refused('assertion_signature_invalid'));
  });
});

describe('PKJ-03 kids that try to be more than a name', () => {
  const tricks = [
    '../../../../dev/null',
    '/dev/null',
    'file:///dev/null',
    "' OR '1'='1",
    "signer-1'; --",
    '__proto__',
    'constructor',
    'toString',
    'signer-1\0',
    'signer-1 ',
    'SIGNER-1',
    '',
    '*',
    '.*',
    'x'.repeat(8000),
    '$(id)',
    '\ud800',
    'https://attacker.example/jwks',
  ];

  it.each(tricks)('PKJ-03 the kid "%.30s" finds nothing', async (kid) => {
    const server = specServer();
    expect(await present(server, forge({ header: { alg: 'ES256', kid } }))).toEqual(refused('assertion_key_not_found'));
    const empty = forge({ header: { alg: 'HS256', kid }, sign: hmac('') });
    expect(await present(server, empty)).toEqual(refused('assertion_algorithm_refused'));
    expect(JSON.stringify(server.last()).length).toBeLessThan(1500);
  });

  it.each(tricks.filter((kid) => kid !== '\ud800'))(
    'PKJ-03 the kid "%.30s" is a name like any other where it is registered',
    async (kid) => {
      const pair = clientKey('P-256', { kid });
      const server = serverWith([pair.jwk, signer.jwk]);
      expect(await present(server, await make('ES256', pair.privateKey, kid))).toEqual(accepted);
      expect(await present(server, await make('ES256', signer.privateKey, kid))).toEqual(
        refused('assertion_signature_invalid'),
      );
    },
  );

  it.each<unknown>([1, 0, null, true, false, ['signer-1'], { kid: 'signer-1' }, { toString: 'signer-1' }])(
    'PKJ-03 the kid %j is malformed',
    async (kid) => {
      expect(await present(specServer(), forge({ header: { alg: 'ES256', kid } }))).toEqual(
        refused('assertion_malformed'),
      );
    },
  );
});

describe('AST-15 keys that an assertion brings along', () => {
  const attacker = clientKey('P-256', { kid: 'attacker' });
  const certificate = selfSigned({ subject: 'CN=private-key-client' });
  let documents: DocumentServer;
  let server: SpecServer;
  beforeAll(async () => {
    documents = await documentServer(json({ keys: [attacker.jwk] }));
    // Every way to the attacker's keys is open, so that only the rule can keep us from them.
    const outbound = { allow_private_hosts: [documents.host], ca: documents.ca };
    const remote = { ...own, client_id: 'remote', jwks: undefined, jwks_uri: documents.url('/own') };
    server = specServer({ clients: [own, remote] as unknown as Clients, outbound });
  });
  afterAll(() => documents.close());

  const members = (): [string, unknown][] => [
    ['jwk', attacker.jwk],
    ['jwk', { ...attacker.jwk, kid: 'signer-1' }],
    ['jku', documents.url('/attacker')],
    ['x5u', documents.url('/certificate')],
    ['x5c', [certificate.der.toString('base64')]],
    ['x5t', 'AAAA'],
    ['x5t#S256', 'AAAA'],
  ];
  const kids = ['signer-1', undefined, 'attacker'];

  it('AST-15 verify nothing, and nothing is fetched', async () => {
    for (const [member, value] of members()) {
      for (const kid of kids) {
        const forged = forge({ header: { alg: 'ES256', kid, [member]: value }, sign: es256(attacker.privateKey) });
        const reason = kid === 'attacker' ? 'assertion_key_not_found' : 'assertion_signature_invalid';
        expect(await present(server, forged)).toEqual(refused(reason));
      }
    }
    expect(documents.requests).toHaveLength(0);
  });

  it('AST-15 neither does the key of an embedded certificate', async () => {
    const [{ x5c, ...jwk }, key] = [certificateJwk(certificate), certificate.key];
    for (const header of [{ x5c }, { jwk: { ...jwk, x5c } }]) {
      const forged = await assertion(id, { header: { ...header, kid: undefined }, key: createPrivateKey(key) });
      expect(await present(server, forged)).toEqual(refused('assertion_signature_invalid'));
    }
  });

  it('AST-15 nor an HMAC key', async () => {
    const jwk = { kty: 'oct', k: 'AAAA' };
    const forged = forge({ header: { alg: 'HS256', jwk }, sign: hmac(Buffer.from('AAAA', 'base64url')) });
    expect(await present(server, forged)).toEqual(refused('assertion_algorithm_refused'));
  });

  it('AST-15 beside a right signature they are ignored, and nothing is fetched', async () => {
    for (const [member, value] of members()) {
      expect(await present(server, forge({ header: { alg: 'ES256', kid: 'signer-1', [member]: value } }))).toEqual(
        accepted,
      );
    }
    for (const value of [null, 1, [], {}, 'not a URL', 'http://127.0.0.1:1/']) {
      for (const member of ['jwk', 'jku', 'x5u', 'x5c']) {
        expect(await present(server, forge({ header: { alg: 'ES256', [member]: value } }))).toEqual(accepted);
      }
    }
    expect(documents.requests).toHaveLength(0);
  });

  it('AST-15 with jwks_uri, that URL alone is asked', async () => {
    documents.answer = json({ keys: [signer.jwk] });
    for (const [member, value] of members()) {
      const header = { alg: 'ES256', kid: 'signer-1', [member]: value };
      const right = await assertion('remote', { header });
      expect(await present(server, right)).toEqual(accepted);
      const forged = await assertion('remote', { header, key: attacker.privateKey });
      expect(await present(server, forged)).toEqual(refused('assertion_signature_invalid'));
    }
    expect(documents.requests.map(({ url }) => url)).toEqual(['/own']);
  });
});
