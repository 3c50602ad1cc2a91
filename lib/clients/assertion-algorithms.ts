/** The keys that an asymmetric JWS algorithm works with (RFC 7518 3.1, RFC 8037 3.1). */
interface KeyShape {
  readonly kty: 'RSA' | 'EC' | 'OKP';
  readonly crv?: string;
}

const rsa: KeyShape = { kty: 'RSA' };

/** The asymmetric algorithms a client may sign assertions with, by name. */
export const asymmetricAlgorithms: ReadonlyMap<string, KeyShape> = new Map([
  ['RS256', rsa],
  ['RS384', rsa],
  ['RS512', rsa],
  ['PS256', rsa],
  ['PS384', rsa],
  ['PS512', rsa],
  ['ES256', { kty: 'EC', crv: 'P-256' }],
  ['ES384', { kty: 'EC', crv: 'P-384' }],
  ['ES512', { kty: 'EC', crv: 'P-521' }],
  ['Ed25519', { kty: 'OKP', crv: 'Ed25519' }],
]);

/** The HMAC algorithms, each with the fewest octets its key may have: the size of the hash (RFC 7518 3.2). */
export const macAlgorithms: ReadonlyMap<string, number> = new Map([
  ['HS256', 32],
  ['HS384', 48],
  ['HS512', 64],
]);

/** The name that counts: `EdDSA` is the deprecated one for `Ed25519` here (RFC 9864 3.1.2). */
export function canonicalAlgorithm(name: string): string {
  return name === 'EdDSA' ? 'Ed25519' : name;
}
