import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { type ClientCertificate, parseClientCertificate } from '../certificates/client-certificate.js';
import { decodeBase64 } from '../certificates/pem.js';
import { asymmetricAlgorithms, canonicalAlgorithm } from './assertion-algorithms.js';

/** A public key of a client, imported once. */
export interface ClientKey {
  readonly key: KeyObject;
  readonly kid: string | undefined;
  /** The algorithms it may verify, by their canonical names; none for a key that is not for signatures. */
  readonly algorithms: ReadonlySet<string>;
  /** Whether the key names its algorithm itself: such a key is tried first. */
  readonly pinned: boolean;
  /** base64url SHA-256 of the first `x5c` entry, when there is one. */
  readonly certificateDigest: string | undefined;
}

/** A key, or what is wrong with it, in words that follow its name. Never holds key material. */
export type ImportedKey =
  | { readonly ok: true; readonly key: ClientKey }
  | { readonly ok: false; readonly problem: string };

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const;
const textMembers = ['kty', 'kid', 'use', 'alg', 'crv'] as const;
const signatureCurves = new Set(['P-256', 'P-384', 'P-521', 'Ed25519']);
const agreementCurves = new Set(['X25519', 'X448']);
// Larger keys and exponents only serve to make us work before anybody has authenticated.
const rsaBits = { minimum: 2048, maximum: 8192 };
const largestExponent = 2n ** 32n;
/** Certificates of an `x5c` that are looked at. */
const longestChain = 10;

/**
 * Imports one JWK of a client (RFC 7517 4, RFC 7518 6). Refused: private and symmetric keys, RSA below 2048 bits,
 * curves other than P-256, P-384, P-521 and Ed25519 (X25519 and X448 with `use: "enc"`), and a key that is not the one
 * of its `x5c` certificate (RFC 7517 4.7).
 */
export function importClientKey(jwk: unknown): ImportedKey {
  if (typeof jwk !== 'object' || jwk === null) return failed('is not a JSON Web Key');
  const members = jwk as Readonly<Record<string, unknown>>;
  const problem = membersProblem(members);
  if (problem !== undefined) return failed(problem);
  const key = toKeyObject(members);
  if (key === undefined) return failed('is not a well-formed public key');
  const weakness = rsaProblem(key);
  if (weakness !== undefined) return failed(weakness);
  const certificate = 'x5c' in members ? firstCertificate(members.x5c) : undefined;
  if ('x5c' in members) {
    if (certificate === undefined) return failed('has an x5c that does not begin with a certificate in base64');
    if (!isKeyOf(certificate, key)) return failed('is not the key of its x5c certificate (RFC 7517 4.7)');
    if ('x5t#S256' in members && members['x5t#S256'] !== certificate.digest) {
      return failed('has an x5t#S256 that is not the digest of its x5c certificate');
    }
  }
  if (certificate) certificates.set(key, certificate);
  return {
    ok: true,
    key: {
      key,
      kid: members.kid as string | undefined,
      algorithms: usableAlgorithms(members),
      pinned: members.alg !== undefined,
      certificateDigest: certificate?.digest,
    },
  };
}

const certificates = new WeakMap<KeyObject, ClientCertificate>();

/** The certificate that stands in the `x5c` of an imported key, with the rest of the `x5c` as its chain. */
export function certificateOfKey(key: KeyObject): ClientCertificate | undefined {
  return certificates.get(key);
}

function failed(problem: string): ImportedKey {
  return { ok: false, problem };
}

function membersProblem(jwk: Readonly<Record<string, unknown>>): string | undefined {
  if (jwk.kty === 'oct') return 'is a symmetric key; client keys are public ones';
  if (privateMembers.some((member) => member in jwk)) return 'holds private members; register the public key alone';
  const wrong = textMembers.find((member) => jwk[member] !== undefined && typeof jwk[member] !== 'string');
  if (wrong !== undefined) return `has a ${wrong} that is not a string`;
  if (jwk.key_ops !== undefined && !Array.isArray(jwk.key_ops)) return 'has a key_ops that is not an array';
  if (jwk.kty === 'RSA') return undefined;
  if (jwk.kty !== 'EC' && jwk.kty !== 'OKP') return 'has a kty that is not RSA, EC or OKP';
  const crv = String(jwk.crv);
  if (signatureCurves.has(crv) || (jwk.use === 'enc' && agreementCurves.has(crv))) return undefined;
  return 'has a crv that is not P-256, P-384, P-521 or Ed25519';
}

function toKeyObject(jwk: Readonly<Record<string, unknown>>): KeyObject | undefined {
  const { kty, crv, x, y, n, e } = jwk as JsonWebKey;
  try {
    return createPublicKey({ format: 'jwk', key: kty === 'RSA' ? { kty, n, e } : { kty, crv, x, ...(y && { y }) } });
  } catch {
    return undefined;
  }
}

function rsaProblem(key: KeyObject): string | undefined {
  if (key.asymmetricKeyType !== 'rsa') return undefined;
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < rsaBits.minimum) return `is an RSA key of fewer than ${rsaBits.minimum} bits (RFC 7518 3.3)`;
  if (modulusLength > rsaBits.maximum) return `is an RSA key of more than ${rsaBits.maximum} bits`;
  if (publicExponent < 3n || publicExponent % 2n === 0n || publicExponent > largestExponent) {
    return 'is an RSA key with an unusable exponent';
  }
  return undefined;
}

function firstCertificate(x5c: unknown): ClientCertificate | undefined {
  if (!Array.isArray(x5c)) return undefined;
  const [der, ...chain] = x5c.slice(0, longestChain).map((item: unknown) => {
    return typeof item === 'string' ? decodeBase64(item) : undefined;
  });
  const readable = chain.filter((link) => link !== undefined);
  return der && parseClientCertificate(der, readable);
}

function isKeyOf(certificate: ClientCertificate, key: KeyObject): boolean {
  try {
    return certificate.x509.publicKey.equals(key);
  } catch {
    return false;
  }
}

/** RFC 7517 4.2 to 4.4: `use`, `key_ops` and `alg` each narrow what a key is for; absent, they allow everything. */
function usableAlgorithms(jwk: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const algorithms = new Set<string>();
  if (jwk.use !== undefined && jwk.use !== 'sig') return algorithms;
  if (Array.isArray(jwk.key_ops) && !jwk.key_ops.includes('verify')) return algorithms;
  const own = jwk.alg === undefined ? undefined : canonicalAlgorithm(String(jwk.alg));
  for (const [name, { kty, crv }] of asymmetricAlgorithms) {
    if (kty !== jwk.kty || (crv !== undefined && crv !== jwk.crv)) continue;
    if (own === undefined || own === name) algorithms.add(name);
  }
  return algorithms;
}
