import { hash, randomBytes } from 'node:crypto';
import type { SecretKeys } from '../secret-keys.js';

const hashPurpose = 'client secret hash';
const sealPurpose = 'client secret';

/** The fewest octets a secret should have: 256 bits, written as text, have more. */
export const shortestSecret = 32;

/** A new client secret: base64url of random bytes. 32 bytes give 43 octets; HS512 needs 48 bytes or more. */
export function generateClientSecret(bytes = 32): string {
  return randomBytes(Math.max(bytes, 32)).toString('base64url');
}

/** The form in which a secret that need not be known again is stored: `hmac-sha256:<key id>:<base64url>`. */
export function hashSecret(secretKeys: SecretKeys, secret: string): string {
  const mac = macOfDigest(secretKeys, secretDigest(secret));
  return `hmac-sha256:${secretKeys.currentId}:${mac.toString('base64url')}`;
}

/** The form in which the secret of a client_secret_jwt client is stored: AES-256-GCM, for this client alone. */
export function sealSecret(secretKeys: SecretKeys, clientId: string, secret: string): string {
  return secretKeys.seal(sealPurpose, secret, clientId);
}

/** What `sealSecret` sealed; `undefined` when it was sealed for another client or by a key that is gone. */
export function openSecret(secretKeys: SecretKeys, clientId: string, sealed: string): string | undefined {
  return secretKeys.open(sealPurpose, sealed, clientId);
}

/** The 32 octets of a `sha256:` hash in hex or base64url, such as another server stores; `undefined` for other text. */
export function readSha256Hash(text: string): Buffer | undefined {
  const encoded = /^sha256:([0-9A-Fa-f]{64}|[A-Za-z0-9_-]{43})$/.exec(text)?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, encoded.length === 64 ? 'hex' : 'base64url');
}

/** The key id and the 32 octets of a `hmac-sha256:` hash; `undefined` for other text. */
export function readMacHash(text: string): { readonly keyId: string; readonly mac: Buffer } | undefined {
  const [, keyId, encoded] = /^hmac-sha256:([A-Za-z0-9_-]{1,64}):([A-Za-z0-9_-]{43})$/.exec(text) ?? [];
  return keyId === undefined || encoded === undefined ? undefined : { keyId, mac: Buffer.from(encoded, 'base64url') };
}

/** SHA-256 of a secret, 32 octets: what every stored form begins with. */
export function secretDigest(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** The HMAC of a secret's digest under the current key, 32 octets; under another where `keyId` names one of them. */
export function macOfDigest(secretKeys: SecretKeys, digest: Buffer, keyId = secretKeys.currentId): Buffer {
  const mac = secretKeys.mac(hashPurpose, digest, keyId);
  if (mac === undefined) throw new TypeError('was made with a key that is not among the secret_keys');
  return mac;
}
