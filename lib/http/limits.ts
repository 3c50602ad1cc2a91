/**
 * The most of what others send or serve that is read. What no operator may change is here; docs/hardening.md has it
 * beside what one may.
 */

/** Octets of a request's body: room for large assertions (RFC 9964 signatures are near 5 kB), and little for others. */
export const longestBody = 65_536;

/** Characters of an assertion, a software statement or an access token: longer ones are not worth decoding. */
export const longestJwt = 16_384;

/** Characters of all parameters of a pushed request, as JSON. By the front channel there would be no more room either. */
export const longestPushedRequest = 16_384;

/** Octets of documents that we fetch. */
export const longestDocument = {
  keySet: 262_144,
  issuerMetadata: 131_072,
  introspection: 65_536,
  /** One with a chain of RSA certificates has about 5000. */
  ocspResponse: 65_536,
} as const;
