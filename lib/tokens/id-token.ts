import { createHash } from 'node:crypto';
import { joined } from '../joined.js';
import { signJwt } from './sign-jwt.js';
import type { SigningKey } from './signing-keys.js';

/** What an ID token says (OpenID Connect Core 2) beside claims of the person. Times are seconds since 1970. */
export interface IdTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
  readonly auth_time?: number;
  readonly nonce?: string;
}

/** Signs an ID token that belongs to one access token. */
export function signIdToken(claims: IdTokenClaims, accessToken: string, key: SigningKey): Promise<string> {
  return signJwt(joined(claims, { at_hash: accessTokenHash(accessToken, key) }), 'JWT', key);
}

/** OpenID Connect Core 3.1.3.6: the left half of the hash that goes with the signature's algorithm. */
function accessTokenHash(accessToken: string, { alg }: SigningKey): string {
  const digest = createHash(alg === 'Ed25519' ? 'sha512' : 'sha256')
    .update(accessToken)
    .digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}
