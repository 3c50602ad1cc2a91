import { describe, expect, it } from '@jest/globals';
import { compactVerify } from 'jose';
import { rehearseSignature, signerOf } from '../../lib/client-authentication/assertion-signature.js';
import { decoyKey } from '../../lib/client-authentication/decoy-keys.js';
import { asymmetricAlgorithms, canonicalAlgorithm, macAlgorithms } from '../../lib/clients/assertion-algorithms.js';
import { base64url } from '../support/assertion-requests.js';
import { verifications } from '../support/verifications.js';

const algorithms = [...asymmetricAlgorithms.keys(), 'EdDSA', ...macAlgorithms.keys()];
const octets = (alg: string) => {
  if (alg.startsWith('HS')) return Number(alg.slice(2)) / 8;
  return { ES256: 64, ES384: 96, ES512: 132, Ed25519: 64, EdDSA: 64 }[alg] ?? 256;
};
const junk = (alg: string) => ({
  jws: `${base64url(JSON.stringify({ alg }))}.${base64url('{}')}.${base64url(Buffer.alloc(octets(alg), 1))}`,
  header: { alg },
});

describe('decoyKey', () => {
  it.each(algorithms)('has one key for %s, which fits it and has signed nothing', async (alg) => {
    const key = decoyKey(alg);
    expect(key?.type).toBe(alg.startsWith('HS') ? 'secret' : 'public');
    expect(decoyKey(alg)).toBe(key);
    // Any other failure would mean that the verification ended before it began.
    await expect(compactVerify(junk(alg).jws, key!)).rejects.toMatchObject({
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    });
  });

  it('has keys of the shape the algorithm asks for', () => {
    for (const [alg, { kty, crv }] of asymmetricAlgorithms) {
      expect(decoyKey(alg)?.export({ format: 'jwk' })).toMatchObject({ kty, ...(crv && { crv }) });
    }
    expect(decoyKey('RS256')?.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(canonicalAlgorithm('EdDSA')).toBe('Ed25519');
    expect(decoyKey('EdDSA')).toBe(decoyKey('Ed25519'));
  });

  it.each([
    'none',
    'RS',
    'PS',
    'rs256',
    'RS2560',
    'HS1',
    'ES256K',
    '',
    'toString',
    'constructor',
    '__proto__',
    'hasOwnProperty',
  ])('has none for "%s"', async (alg) => {
    expect(decoyKey(alg)).toBeUndefined();
    expect(await verifications(() => rehearseSignature(junk('ES256')))).toBe(1);
    expect(await verifications(() => rehearseSignature({ ...junk('ES256'), header: { alg } }))).toBe(0);
  });
});

describe('rehearseSignature', () => {
  it.each(algorithms)('verifies one signature by %s, as a refusal with a key does', async (alg) => {
    expect(await verifications(() => rehearseSignature(junk(alg)))).toBe(1);
    expect(await verifications(() => signerOf(junk(alg), [decoyKey(alg)!]))).toBe(1);
    expect(await verifications(() => signerOf(junk(alg), []))).toBe(0);
  });
});
