import type { KeyObject } from 'node:crypto';
import { compactVerify } from 'jose';
import type { AssertionEvidence } from './client-assertion.js';
import { decoyKey } from './decoy-keys.js';

type SignedAssertion = Pick<AssertionEvidence, 'jws' | 'header'>;

/** The one of these keys that made the signature; `undefined` when none did. */
export async function signerOf(
  { jws, header }: SignedAssertion,
  candidates: readonly KeyObject[],
): Promise<KeyObject | undefined> {
  for (const key of candidates) {
    try {
      await compactVerify(jws, key, { algorithms: [header.alg] });
      return key;
    } catch {
      // The next candidate may fit: several keys may share a kid, or the assertion names none.
    }
  }
  return undefined;
}

/** Verifies the signature with a key of nobody, so that a refusal without a key takes as long as one with. */
export async function rehearseSignature(assertion: SignedAssertion): Promise<void> {
  const key = decoyKey(assertion.header.alg);
  if (key) await signerOf(assertion, [key]);
}
