import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { Certificate } from './pki.js';

export type ClientKeyType = 'RSA' | 'RSA-1024' | 'P-256' | 'P-384' | 'P-521' | 'secp256k1' | 'Ed25519' | 'X25519';

export interface ClientKeyPair {
  readonly privateKey: KeyObject;
  /** The private key as JWK: what must never be registered. */
  readonly privateJwk: JsonWebKey;
  /** The public key as JWK, with the further members. */
  readonly jwk: JsonWebKey;
}

function generate(type: ClientKeyType): KeyObject {
  if (type === 'RSA') return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  if (type === 'RSA-1024') return generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  if (type === 'Ed25519') return generateKeyPairSync('ed25519').privateKey;
  if (type === 'X25519') return generateKeyPairSync('x25519').privateKey;
  return generateKeyPairSync('ec', { namedCurve: type }).privateKey;
}

/** A new key pair of a client; `extra` are members for its public JWK, such as `kid`. */
export function clientKey(type: ClientKeyType = 'P-256', extra: Record<string, unknown> = {}): ClientKeyPair {
  // Exporting a freshly generated key as JWK can hang Node 20; one read from PEM it cannot.
  const privateKey = createPrivateKey(generate(type).export({ type: 'pkcs8', format: 'pem' }));
  const jwk = createPublicKey(privateKey as never).export({ format: 'jwk' });
  return { privateKey, privateJwk: privateKey.export({ format: 'jwk' }), jwk: { ...jwk, ...extra } };
}

/** The public key of a certificate as JWK with `x5c` (RFC 7517 4.7); `extra` are further members. */
export function certificateJwk(certificate: Certificate, extra: Record<string, unknown> = {}): JsonWebKey {
  const jwk = createPublicKey(certificate.cert).export({ format: 'jwk' });
  return { ...jwk, x5c: [certificate.der.toString('base64')], ...extra };
}
