import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether this can be an S256 code_challenge: base64url of 32 octets, 43 characters (RFC 7636 4.2). */
export function isCodeChallenge(value: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(value);
}

/** Whether this has the form of a code_verifier: 43 to 128 unreserved characters (RFC 7636 4.1). */
export function isCodeVerifier(value: string): boolean {
  return /^[A-Za-z0-9._~-]{43,128}$/.test(value);
}

/** The S256 code_challenge of a verifier, base64url (RFC 7636 4.2). */
export function codeChallengeOf(verifier: string): string {
  return createHash('sha256').update(verifier, 'ascii').digest('base64url');
}

/** Whether `verifier` is the one behind `challenge`, in constant time (RFC 7636 4.6). */
export function verifierMatches(verifier: string, challenge: string): boolean {
  const computed = Buffer.from(codeChallengeOf(verifier));
  const stored = Buffer.from(challenge);
  return computed.length === stored.length && timingSafeEqual(computed, stored);
}
