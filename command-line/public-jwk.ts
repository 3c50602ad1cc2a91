import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { UsageError } from './command.js';

/** A public key as JWK, with further members. */
export type PublicJwk = JsonWebKey & { readonly kid?: unknown };

/**
 * Reads a public key, PEM (SPKI or PKCS#1) or JWK, which gets the `kid` where it has none. Throws UsageError for other
 * text, which the message does not repeat; whether a client may register the key is not looked at.
 */
export function readPublicJwk(text: string, kid: string | undefined): PublicJwk {
  const jwk = text.trimStart().startsWith('{') ? fromJson(text) : fromPem(text);
  if (kid === undefined || jwk.kid === kid) return jwk;
  if (jwk.kid !== undefined) throw new UsageError('The JWK has a kid of its own, and --kid says another.');
  return { ...jwk, kid };
}

function fromJson(text: string): PublicJwk {
  let value: PublicJwk & { readonly keys?: unknown };
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError('The key is neither PEM nor JSON.');
  }
  if (value.keys !== undefined) throw new UsageError('There is a set of keys: give one of them.');
  return value;
}

function fromPem(text: string): PublicJwk {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw new UsageError(
      'This is a private key, which only the client should have. Its public one: openssl pkey -pubout',
    );
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) {
    throw new UsageError('This is a certificate: client import-cert registers it.');
  }
  try {
    return createPublicKey(text).export({ format: 'jwk' });
  } catch {
    throw new UsageError('The key is neither a public key in PEM nor a JWK.');
  }
}
