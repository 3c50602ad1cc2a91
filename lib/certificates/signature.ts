import { constants, type KeyObject, verify } from 'node:crypto';
import {
  contextTag,
  DerError,
  type DerValue,
  readAll,
  readDer,
  readOid,
  readSequence,
  readSmallInteger,
  TAG,
} from './der.js';

/** How a signature is checked: the digest (absent for EdDSA), the kinds of key that make it, the salt of PSS in bytes. */
interface SignatureScheme {
  readonly digest: string | null;
  readonly keyTypes: readonly string[];
  readonly saltLength?: number;
}

/** What a certificate, a revocation list and an OCSP reply have in common (RFC 5280 4.1.1). */
export interface SignedData {
  /** The bytes that are signed. */
  readonly tbs: Buffer;
  /** The AlgorithmIdentifier, DER. */
  readonly signatureAlgorithm: Buffer;
  readonly signature: Buffer;
}

/** `weak`: made with something that is broken or unknown to us, so it was not checked. */
export type SignatureVerdict = 'valid' | 'invalid' | 'weak';

/** AlgorithmIdentifiers whole, in hexadecimal DER: parameters are as much part of them as the OID (RFC 4055, 5758, 8410). */
const SCHEMES: ReadonlyMap<string, SignatureScheme> = new Map([
  ['300d06092a864886f70d01010b0500', { digest: 'sha256', keyTypes: ['rsa'] }],
  ['300d06092a864886f70d01010c0500', { digest: 'sha384', keyTypes: ['rsa'] }],
  ['300d06092a864886f70d01010d0500', { digest: 'sha512', keyTypes: ['rsa'] }],
  // RFC 4055 5: absent parameters must be accepted as well as NULL.
  ['300b06092a864886f70d01010b', { digest: 'sha256', keyTypes: ['rsa'] }],
  ['300b06092a864886f70d01010c', { digest: 'sha384', keyTypes: ['rsa'] }],
  ['300b06092a864886f70d01010d', { digest: 'sha512', keyTypes: ['rsa'] }],
  ['300a06082a8648ce3d040302', { digest: 'sha256', keyTypes: ['ec'] }],
  ['300a06082a8648ce3d040303', { digest: 'sha384', keyTypes: ['ec'] }],
  ['300a06082a8648ce3d040304', { digest: 'sha512', keyTypes: ['ec'] }],
  ['300506032b6570', { digest: null, keyTypes: ['ed25519'] }],
  ['300506032b6571', { digest: null, keyTypes: ['ed448'] }],
]);

const RSASSA_PSS = '1.2.840.113549.1.1.10';
const MGF1 = '1.2.840.113549.1.1.8';
const PSS_DIGESTS: ReadonlyMap<string, string> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

/** RFC 4055 3.1. What is left out means SHA-1, so hash, mask generation and salt must all be there. */
function readPssScheme(parameters: DerValue | undefined): SignatureScheme | undefined {
  const members = new Map(readSequence(parameters).map((member) => [member.tag, member.content] as const));
  const only = (tag: number) => readAll(members.get(contextTag(tag, true)) ?? Buffer.alloc(0))[0];
  if (only(0) === undefined || only(1) === undefined || only(2) === undefined || members.has(contextTag(3, true)))
    return undefined;
  const hash = readOid(readSequence(only(0))[0]);
  const [generator, generatorHash] = readSequence(only(1));
  const digest = PSS_DIGESTS.get(hash);
  if (digest === undefined || readOid(generator) !== MGF1 || readOid(readSequence(generatorHash)[0]) !== hash)
    return undefined;
  return { digest, keyTypes: ['rsa', 'rsa-pss'], saltLength: readSmallInteger(only(2)) };
}

function schemeOf(algorithm: Buffer): SignatureScheme | undefined {
  const known = SCHEMES.get(algorithm.toString('hex'));
  if (known) return known;
  try {
    const [id, parameters] = readSequence(readDer(algorithm, TAG.sequence));
    return readOid(id) === RSASSA_PSS ? readPssScheme(parameters) : undefined;
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/**
 * Checks a signature with the public key of who should have made it. SHA-256, SHA-384 and SHA-512 with RSA (PKCS #1 and PSS)
 * and ECDSA, Ed25519 and Ed448; everything else, SHA-1 and MD5 first of all, is `weak`.
 */
export function verifySignature(data: SignedData, signerKey: KeyObject): SignatureVerdict {
  const scheme = schemeOf(data.signatureAlgorithm);
  if (scheme === undefined) return 'weak';
  if (!scheme.keyTypes.includes(signerKey.asymmetricKeyType ?? '')) return 'invalid';
  const key =
    scheme.saltLength === undefined
      ? signerKey
      : { key: signerKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltLength };
  try {
    return verify(scheme.digest, data.tbs, key, data.signature) ? 'valid' : 'invalid';
  } catch {
    // OpenSSL throws for a key that its own parameters keep from this scheme.
    return 'invalid';
  }
}

const CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

// A huge exponent only serves to make us work before anybody has authenticated.
const largestExponent = 2n ** 32n;

/** RSA of 2048 to 8192 bits with an odd exponent from 3 to 2^32, P-256, P-384, P-521, Ed25519, Ed448. */
export function isStrongKey({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): boolean {
  if (type === 'ed25519' || type === 'ed448') return true;
  if (type === 'ec') return CURVES.has(details?.namedCurve ?? '');
  if (type !== 'rsa' && type !== 'rsa-pss') return false;
  const { modulusLength = 0, publicExponent = 0n } = details ?? {};
  return modulusLength >= 2048 && modulusLength <= 8192 && isUsableExponent(publicExponent);
}

function isUsableExponent(exponent: bigint): boolean {
  return exponent >= 3n && exponent < largestExponent && exponent % 2n === 1n;
}
