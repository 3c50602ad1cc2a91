import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose';

/** The JWS algorithms a workspace can sign with. */
export type SigningAlgorithm = 'ES256' | 'RS256' | 'PS256' | 'Ed25519';

/** One key pair, used with one algorithm alone (RFC 8725 3.1). */
export interface SigningKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** As the JWKS endpoint shows it: public members only. */
  readonly publicJwk: Readonly<JWK>;
}

const makeKeyPair = promisify(generateKeyPair);

/** A fresh private key as PKCS#8 PEM. */
export async function newPrivateKey(alg: SigningAlgorithm): Promise<string> {
  // Through PEM: exporting a fresh key object as JWK can hang Node 20 while garbage is collected.
  const { privateKey } = await newKeyPair(alg);
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function newKeyPair(alg: SigningAlgorithm): Promise<{ readonly privateKey: KeyObject }> {
  if (alg === 'ES256') return makeKeyPair('ec', { namedCurve: 'P-256' });
  if (alg === 'Ed25519') return makeKeyPair('ed25519');
  return makeKeyPair('rsa', { modulusLength: 2048 });
}

/** The key of a PKCS#8 PEM. Its `kid` is the thumbprint of RFC 7638. */
export async function importSigningKey(alg: SigningAlgorithm, pem: string): Promise<SigningKey> {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(pem);
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, alg, privateKey, publicKey, publicJwk: { ...jwk, kid, alg, use: 'sig' } };
}
