import type { KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { LRUCache } from 'lru-cache';
import { canonicalAlgorithm } from '../../clients/assertion-algorithms.js';
import { importClientKey } from '../../clients/json-web-keys.js';
import { OAuthError } from '../../errors.js';
import { loggable } from '../../loggable-value.js';
import type { DpopProof } from './read-proof.js';

/** The public key that a proof carries. */
export interface ProofKey {
  readonly key: KeyObject;
  /** RFC 7638 SHA-256 thumbprint, base64url, 43 characters (RFC 9449 6.1). */
  readonly jkt: string;
}

/** A client's proofs all begin with the same header, so its key is imported once. */
const known = new LRUCache<string, ProofKey>({ max: 1000 });

/**
 * The key in a proof's `jwk`. Rejects with `dpop_key_refused` for private and symmetric keys, RSA below 2048 bits, keys
 * not meant for signatures, and keys that the proof's `alg` does not work with (RFC 9449 4.3, RFC 7518 3.3).
 */
export async function proofKey({ jws, jwk, alg }: DpopProof): Promise<ProofKey> {
  const header = jws.slice(0, jws.indexOf('.'));
  const found = known.get(header);
  if (found) return found;
  // What else a JWK may hold, a certificate say, proves nothing here.
  const { x5c: _, ...bare } = Object(jwk) as Record<string, unknown>;
  const imported = importClientKey(bare);
  if (!imported.ok) throw new OAuthError('dpop_key_refused', { detail: { what: `The jwk ${imported.problem}.` } });
  if (!imported.key.algorithms.has(canonicalAlgorithm(alg))) {
    const detail = { what: 'The jwk is not for this alg.', alg: loggable(alg), kty: loggable(bare.kty) };
    throw new OAuthError('dpop_key_refused', { detail });
  }
  return { key: imported.key.key, jkt: await calculateJwkThumbprint(bare as JWK) };
}

/** Keeps the key of a proof whose signature was right: nobody else can fill the memory. */
export function rememberKey({ jws }: DpopProof, key: ProofKey): void {
  known.set(jws.slice(0, jws.indexOf('.')), key);
}
