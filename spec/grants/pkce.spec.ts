import { describe, expect, it } from '@jest/globals';
import { codeChallengeOf, isCodeChallenge, isCodeVerifier, verifierMatches } from '../../lib/grants/pkce.js';

// RFC 7636 Appendix B.
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

describe('PKCE', () => {
  it('PKC-04 the verifier of RFC 7636 Appendix B fits its challenge', () => {
    expect(codeChallengeOf(verifier)).toBe(challenge);
    expect(verifierMatches(verifier, challenge)).toBe(true);
  });

  it('PKC-04 another verifier, or the challenge itself, does not', () => {
    expect(verifierMatches(`${verifier.slice(0, -1)}j`, challenge)).toBe(false);
    expect(verifierMatches(challenge, challenge)).toBe(false);
    expect(verifierMatches(verifier, challenge.slice(1))).toBe(false);
  });

  it('PKC-03 a challenge is 43 base64url characters', () => {
    expect(isCodeChallenge(challenge)).toBe(true);
    const wrong = [
      challenge.slice(1),
      `${challenge}A`,
      challenge.replace('-', '+'),
      `${challenge.slice(1)}=`,
      `${challenge}\n`,
    ];
    for (const value of wrong) expect(isCodeChallenge(value)).toBe(false);
  });

  it('PKC-03 a verifier is 43 to 128 unreserved characters', () => {
    for (const value of [verifier, 'a'.repeat(128), `${'a'.repeat(42)}~`, `${'a'.repeat(42)}.`]) {
      expect(isCodeVerifier(value)).toBe(true);
    }
    for (const value of [
      'a'.repeat(42),
      'a'.repeat(129),
      `${'a'.repeat(43)} `,
      `${'a'.repeat(43)}+`,
      `${'a'.repeat(43)}\n`,
    ]) {
      expect(isCodeVerifier(value)).toBe(false);
    }
  });
});
