import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { SecretKeys } from '../../lib/secret-keys.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { signIdToken } from '../../lib/tokens/id-token.js';
import { idTokenAlgorithm } from '../../lib/tokens/mint.js';
import { type SigningAlgorithm, SigningKeys } from '../../lib/tokens/signing-keys.js';

const algorithms: SigningAlgorithm[] = ['ES256', 'RS256', 'PS256', 'Ed25519'];
const keys = new SigningKeys(algorithms, memoryStore(), SecretKeys.ephemeral());
const seconds = Math.floor(Date.now() / 1000);
const claims = { iss: 'https://as.example.com', sub: 'u1', aud: 'web', iat: seconds, exp: seconds + 60, nonce: 'n é' };

function leftHalf(hash: string, text: string): string {
  const digest = createHash(hash).update(text).digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}

describe('ID tokens', () => {
  it.each<[SigningAlgorithm, string, number]>([
    ['ES256', 'sha256', 22],
    ['RS256', 'sha256', 22],
    ['PS256', 'sha256', 22],
    ['Ed25519', 'sha512', 43],
  ])('%s: at_hash is the left half of %s', async (alg, hash, length) => {
    const key = await keys.forAlgorithm(alg);
    const token = await signIdToken(claims, 'access-token-1', key);
    expect(decodeProtectedHeader(token)).toEqual({ alg, kid: key.kid, typ: 'JWT' });
    const { payload } = await jwtVerify(token, key.publicKey, { algorithms: [alg] });
    expect(payload).toEqual({ ...claims, at_hash: leftHalf(hash, 'access-token-1') });
    expect(payload.at_hash).toHaveLength(length);
    const other = decodeJwt(await signIdToken(claims, 'access-token-2', key));
    expect(other.at_hash).not.toBe(payload.at_hash);
  });

  it('at_hash is that of OpenID Connect Core A.3', async () => {
    const token = await signIdToken(
      claims,
      'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y',
      await keys.forAlgorithm('RS256'),
    );
    expect(decodeJwt(token).at_hash).toBe('77QmUPtjPfzWtF2AnpK9RQ');
  });

  it('the algorithm is the registered one, else RS256 where there is such a key, else the first', () => {
    expect(idTokenAlgorithm({ id_token_signed_response_alg: 'PS256' }, { signing_keys: algorithms })).toBe('PS256');
    expect(idTokenAlgorithm({}, { signing_keys: ['ES256', 'RS256'] })).toBe('RS256');
    expect(idTokenAlgorithm({}, { signing_keys: ['Ed25519', 'ES256'] })).toBe('Ed25519');
  });
});
