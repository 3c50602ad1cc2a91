import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

const ec = (namedCurve: string) => () => throughPem(generateKeyPairSync('ec', { namedCurve }).publicKey);
const ed25519 = once(() => throughPem(generateKeyPairSync('ed25519').publicKey));
const rsa = once(rsaLookalike);
const mac = once(() => createSecretKey(Buffer.alloc(64)));

/** By JWS algorithm. A Map, because the algorithm is the sender's own word, and `toString` is a word too. */
const decoys: ReadonlyMap<string, () => KeyObject> = new Map([
  ['HS256', mac],
  ['HS384', mac],
  ['HS512', mac],
  ['RS256', rsa],
  ['RS384', rsa],
  ['RS512', rsa],
  ['PS256', rsa],
  ['PS384', rsa],
  ['PS512', rsa],
  ['ES256', once(ec('P-256'))],
  ['ES384', once(ec('P-384'))],
  ['ES512', once(ec('P-521'))],
  ['Ed25519', ed25519],
  ['EdDSA', ed25519],
]);

/**
 * A key of no client, to spend a verification on where there is none to make: the outcome must be thrown away.
 * Undefined for an algorithm that no client can use. One key per kind, made once.
 */
export function decoyKey(alg: string): KeyObject | undefined {
  return decoys.get(alg)?.();
}

// jose exports keys as JWK, and doing that to a fresh key can hang Node 20 while garbage is collected.
function throughPem(key: KeyObject): KeyObject {
  return createPublicKey(key.export({ type: 'spki', format: 'pem' }));
}

/** A random odd modulus costs a verification as much as a true one, and nobody waits while primes are found. */
function rsaLookalike(): KeyObject {
  const modulus = randomBytes(256);
  modulus[0] = (modulus[0] ?? 0) | 0x80;
  modulus[255] = (modulus[255] ?? 0) | 1;
  return createPublicKey({ format: 'jwk', key: { kty: 'RSA', n: modulus.toString('base64url'), e: 'AQAB' } });
}

function once(make: () => KeyObject): () => KeyObject {
  let made: KeyObject | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
