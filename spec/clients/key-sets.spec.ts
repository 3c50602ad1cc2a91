import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { importClientKey } from '../../lib/clients/json-web-keys.js';
import { inlineKeys, isVerifiable, type KeyHint, readKeySet } from '../../lib/clients/key-sets.js';
import { certificateJwk, clientKey } from '../support/client-keys.js';
import { selfSigned } from '../support/pki.js';

const rsa = clientKey('RSA');
const p256 = clientKey('P-256');
const p384 = clientKey('P-384');
const ed = clientKey('Ed25519');

function problemOf(jwk: unknown): string {
  const result = importClientKey(jwk);
  return result.ok ? 'none' : result.problem;
}

function chosen(jwks: JsonWebKey[], hint: KeyHint): JsonWebKey[] {
  const found: readonly KeyObject[] = inlineKeys(jwks).candidates(hint);
  return found.map((key) => jwks.find((jwk) => createPublicKey({ format: 'jwk', key: jwk }).equals(key))!);
}

describe('PKJ-04 which keys a client may have', () => {
  it.each(['RSA', 'P-256', 'P-384', 'P-521', 'Ed25519'] as const)('%s is taken', (type) => {
    expect(problemOf(clientKey(type).jwk)).toBe('none');
  });

  it('X25519 is taken for encryption, which is none of our business', () => {
    const { jwk } = clientKey('X25519');
    expect(problemOf({ ...jwk, use: 'enc' })).toBe('none');
    expect(problemOf(jwk)).toMatch(/crv/);
  });

  it.each([
    ['RSA of 1024 bits', clientKey('RSA-1024').jwk, /fewer than 2048 bits/],
    ['secp256k1', clientKey('secp256k1').jwk, /crv/],
    ['private RSA', rsa.privateJwk, /private members/],
    ['private EC', p256.privateJwk, /private members/],
    ['private OKP', ed.privateJwk, /private members/],
    ['oct', { kty: 'oct', k: 'AAAA' }, /symmetric/],
    ['oct without k', { kty: 'oct' }, /symmetric/],
    ['a public key with k', { ...p256.jwk, k: 'AAAA' }, /private members/],
    ['an unknown kty', { kty: 'AKP', pub: 'AAAA' }, /kty/],
    ['no kty', { x: 'AAAA' }, /kty/],
    ['exponent 1', { ...rsa.jwk, e: 'AQ' }, /exponent/],
    ['an even exponent', { ...rsa.jwk, e: 'AQAA' }, /exponent/],
    ['a point off the curve', { ...p256.jwk, y: p256.jwk.x }, /well-formed/],
    ['no x', { kty: 'EC', crv: 'P-256' }, /well-formed/],
    ['a kid that is a number', { ...p256.jwk, kid: 1 }, /kid that is not a string/],
    ['key_ops that is text', { ...p256.jwk, key_ops: 'verify' }, /key_ops/],
    ['null', null, /not a JSON Web Key/],
    ['text', 'key', /not a JSON Web Key/],
  ])('%s is refused', (_name, jwk, problem) => expect(problemOf(jwk)).toMatch(problem));

  it('no problem repeats key material', () => {
    for (const jwk of [p256.privateJwk, rsa.privateJwk]) expect(problemOf(jwk)).not.toContain(jwk.d);
  });
});

describe('SST-02 x5c', () => {
  const certificate = selfSigned();
  const other = selfSigned();

  it('is taken when it is the certificate of the key', () => {
    expect(problemOf(certificateJwk(certificate))).toBe('none');
    expect(problemOf(certificateJwk(selfSigned({ keyType: 'rsa' })))).toBe('none');
  });

  it.each([
    ['of another key', { ...certificateJwk(certificate), x5c: [other.der.toString('base64')] }, /not the key/],
    ['of another type', { ...rsa.jwk, x5c: [certificate.der.toString('base64')] }, /not the key/],
    ['empty', { ...certificateJwk(certificate), x5c: [] }, /x5c/],
    ['text', { ...certificateJwk(certificate), x5c: certificate.der.toString('base64') }, /x5c/],
    ['base64url', { ...certificateJwk(certificate), x5c: [certificate.der.toString('base64url')] }, /x5c/],
    ['rubbish', { ...certificateJwk(certificate), x5c: ['AAAA'] }, /x5c/],
    ['with the wrong digest', certificateJwk(certificate, { 'x5t#S256': 'AAAA' }), /x5t#S256/],
  ])('%s is refused', (_name, jwk, problem) => expect(problemOf(jwk)).toMatch(problem));
});

describe('PKJ-03 key selection', () => {
  it.each(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'])('%s takes RSA keys alone', (alg) => {
    expect(chosen([p256.jwk, rsa.jwk, ed.jwk], { alg })).toEqual([rsa.jwk]);
  });

  it('the curve belongs to the algorithm', () => {
    expect(chosen([p256.jwk, p384.jwk, ed.jwk], { alg: 'ES256' })).toEqual([p256.jwk]);
    expect(chosen([p256.jwk, p384.jwk, ed.jwk], { alg: 'ES384' })).toEqual([p384.jwk]);
    expect(chosen([p256.jwk, p384.jwk, ed.jwk], { alg: 'ES512' })).toEqual([]);
  });

  it('PKJ-08 Ed25519 and EdDSA are the same', () => {
    for (const alg of ['Ed25519', 'EdDSA']) {
      for (const own of [undefined, 'Ed25519', 'EdDSA']) {
        const jwk = { ...ed.jwk, ...(own && { alg: own }) };
        expect(chosen([p256.jwk, jwk], { alg })).toEqual([jwk]);
      }
    }
    expect(chosen([{ ...ed.jwk, alg: 'ES256' }], { alg: 'EdDSA' })).toEqual([]);
  });

  it.each([
    ['kid', { kid: 'a' }, { kid: 'b' }],
    ['use', { use: 'sig' }, { use: 'enc' }],
    ['key_ops', { key_ops: ['verify'] }, { key_ops: ['sign', 'encrypt'] }],
    ['alg', { alg: 'ES256' }, { alg: 'ES384' }],
  ])('%s must fit', (_member, fits, doesNot) => {
    const good = { ...p256.jwk, kid: 'a', ...fits };
    const bad = { ...p256.jwk, kid: 'a', ...doesNot };
    expect(chosen([bad, good], { alg: 'ES256', kid: 'a' })).toHaveLength(1);
    expect(inlineKeys([bad]).candidates({ alg: 'ES256', kid: 'a' })).toEqual([]);
  });

  it('a kid in the header asks for that kid; without one every key is tried, pinned ones first', () => {
    const keys = [clientKey('P-256', { kid: '1' }), clientKey('P-256', { kid: '2', alg: 'ES256' }), clientKey('P-256')];
    const jwks = keys.map(({ jwk }) => jwk);
    expect(chosen(jwks, { alg: 'ES256', kid: '1' })).toEqual([jwks[0]]);
    expect(chosen(jwks, { alg: 'ES256', kid: '3' })).toEqual([]);
    expect(chosen(jwks, { alg: 'ES256', kid: '' })).toEqual([]);
    expect(chosen(jwks, { alg: 'ES256' })).toEqual([jwks[1], jwks[0], jwks[2]]);
  });

  it('several keys may share a kid, and eight at most are tried', () => {
    const jwks = Array.from({ length: 10 }, () => clientKey('P-256', { kid: 'same' }).jwk);
    expect(chosen(jwks.slice(0, 2), { alg: 'ES256', kid: 'same' })).toEqual(jwks.slice(0, 2));
    expect(chosen(jwks, { alg: 'ES256', kid: 'same' })).toEqual(jwks.slice(0, 8));
  });

  it.each(['HS256', 'HS512', 'none', 'RS1', '', 'constructor', '__proto__'])('PKJ-01 %j never gets a key', (alg) => {
    expect(inlineKeys([rsa.jwk, p256.jwk, ed.jwk]).candidates({ alg })).toEqual([]);
    expect(isVerifiable(alg)).toBe(false);
  });
});

describe('SST-01 registered certificates', () => {
  it('are the first x5c entries, by digest', () => {
    const [first, second, chained] = [selfSigned(), selfSigned(), selfSigned()];
    const jwk = certificateJwk(first, { x5c: [first, chained].map(({ der }) => der.toString('base64')) });
    const set = inlineKeys([jwk, certificateJwk(second, { use: 'enc' })], ['extra']);
    const digests = [jwk, certificateJwk(second), certificateJwk(chained)].map((key) => {
      const imported = importClientKey(key);
      return imported.ok ? imported.key.certificateDigest! : '';
    });
    expect(digests.map((digest) => set.hasCertificate(digest))).toEqual([true, true, false]);
    expect(set.hasCertificate('extra')).toBe(true);
    expect(set.hasCertificate('')).toBe(false);
  });
});

describe('PKJ-04 a key set that somebody else keeps', () => {
  it('loses the keys that must not be used, and keeps the others', () => {
    const other = selfSigned();
    const set = readKeySet({
      keys: [
        p256.privateJwk,
        { kty: 'oct', k: 'AAAA' },
        clientKey('RSA-1024').jwk,
        { kty: 'AKP', pub: 'AAAA' },
        { ...p384.jwk, x5c: [other.der.toString('base64')] },
        'rubbish',
        ed.jwk,
      ],
      extra: 1,
    })!;
    expect(set.candidates({ alg: 'EdDSA' })).toHaveLength(1);
    for (const alg of ['ES256', 'ES384', 'RS256', 'HS256']) expect(set.candidates({ alg })).toEqual([]);
  });

  it.each([null, undefined, [], 'x', {}, { keys: {} }, { keys: 'x' }])('%j is none', (document) => {
    expect(readKeySet(document)).toBeUndefined();
  });

  it('is read up to its 64th key', () => {
    const keys = [...Array.from({ length: 64 }, () => ({ kty: 'x' })), p256.jwk];
    expect(readKeySet({ keys })?.canVerify()).toBe(false);
    expect(readKeySet({ keys: keys.slice(1) })?.canVerify()).toBe(true);
  });
});
