import crypto, { constants, type KeyObject } from 'node:crypto';

/** How one JWS algorithm makes its signatures (RFC 7518 3, RFC 8037 3.1). */
interface Scheme {
  readonly hash: string | null;
  /** The only kind of key it works with, as Node calls it. */
  readonly keyType: 'rsa' | 'ec' | 'ed25519';
  readonly namedCurve?: string;
  /** Octets of a signature, where the algorithm says it. */
  readonly octets?: number;
  readonly padding?: number;
}

const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST } = constants;

const schemes: ReadonlyMap<string, Scheme> = new Map([
  ['RS256', { hash: 'sha256', keyType: 'rsa', padding: RSA_PKCS1_PADDING }],
  ['RS384', { hash: 'sha384', keyType: 'rsa', padding: RSA_PKCS1_PADDING }],
  ['RS512', { hash: 'sha512', keyType: 'rsa', padding: RSA_PKCS1_PADDING }],
  ['PS256', { hash: 'sha256', keyType: 'rsa', padding: RSA_PKCS1_PSS_PADDING }],
  ['PS384', { hash: 'sha384', keyType: 'rsa', padding: RSA_PKCS1_PSS_PADDING }],
  ['PS512', { hash: 'sha512', keyType: 'rsa', padding: RSA_PKCS1_PSS_PADDING }],
  ['ES256', { hash: 'sha256', keyType: 'ec', namedCurve: 'prime256v1', octets: 64 }],
  ['ES384', { hash: 'sha384', keyType: 'ec', namedCurve: 'secp384r1', octets: 96 }],
  ['ES512', { hash: 'sha512', keyType: 'ec', namedCurve: 'secp521r1', octets: 132 }],
  ['Ed25519', { hash: null, keyType: 'ed25519', octets: 64 }],
  ['EdDSA', { hash: null, keyType: 'ed25519', octets: 64 }],
]);

const macHashes: ReadonlyMap<string, string> = new Map([
  ['HS256', 'sha256'],
  ['HS384', 'sha384'],
  ['HS512', 'sha512'],
]);

/** RFC 7518 3.3. */
const fewestRsaBits = 2048;

/**
 * Whether this key made the signature of a compact JWS by this algorithm. A key of another kind than the algorithm's
 * has made none. The JWS must have been read by `readCompactJws`, and its header judged. By node:crypto, because Web
 * Crypto asks a thread for what takes no time: docs/performance.md; a spec holds it to what jose answers.
 */
export function isSignedBy(jws: string, alg: string, key: KeyObject): boolean {
  const dot = jws.lastIndexOf('.');
  const input = Buffer.from(jws.slice(0, dot), 'latin1');
  const signature = Buffer.from(jws.slice(dot + 1), 'base64url');
  const macHash = macHashes.get(alg);
  if (macHash !== undefined) return isMac(macHash, key, input, signature);
  const scheme = schemes.get(alg);
  if (scheme === undefined || !fits(key, scheme, signature)) return false;
  const { hash, padding } = scheme;
  try {
    return crypto.verify(
      hash,
      input,
      { key, dsaEncoding: 'ieee-p1363', padding, saltLength: RSA_PSS_SALTLEN_DIGEST },
      signature,
    );
  } catch {
    // OpenSSL throws for some of what is no signature.
    return false;
  }
}

function isMac(hash: string, key: KeyObject, input: Buffer, signature: Buffer): boolean {
  if (key.type !== 'secret') return false;
  const mac = crypto.createHmac(hash, key).update(input).digest();
  return mac.length === signature.length && crypto.timingSafeEqual(mac, signature);
}

function fits(key: KeyObject, { keyType, namedCurve, octets }: Scheme, signature: Buffer): boolean {
  if (key.type !== 'public' || key.asymmetricKeyType !== keyType) return false;
  const { namedCurve: curve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (curve !== namedCurve || (keyType === 'rsa' && modulusLength < fewestRsaBits)) return false;
  return octets === undefined || signature.length === octets;
}
