import type { KeyObject } from 'node:crypto';
import { isSignedBy } from '../http/jws-signature.js';
import type { AssertionEvidence } from './client-assertion.js';
import { decoyKey } from './decoy-keys.js';

type SignedAssertion = Pick<AssertionEvidence, 'jws' | 'header'>;

/**
 * The one of these keys that made the signature; `undefined` when none did. Several keys may share a kid, or the
 * assertion names none.
 */
export function signerOf({ jws, header }: SignedAssertion, candidates: readonly KeyObject[]): KeyObject | undefined {
  return candidates.find((key) => isSignedBy(jws, header.alg, key));
}

/** Verifies the signature with a key of nobody, so that a refusal without a key takes as long as one with. */
export function rehearseSignature(assertion: SignedAssertion): void {
  const key = decoyKey(assertion.header.alg);
  if (key) signerOf(assertion, [key]);
}
