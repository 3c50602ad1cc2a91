import type { JWK } from 'jose';
import { type ClientCertificate, parseClientCertificate } from '../certificates/client-certificate.js';
import { parsePemCertificates } from '../certificates/pem.js';
import { importClientKey } from './json-web-keys.js';

/** A certificate as an entry of `jwks`: its public key, the certificate itself and its digest (RFC 7517 4.7, 4.9). */
export type CertificateJwk = Omit<JWK, 'x5c'> & { readonly x5c: readonly [string]; readonly 'x5t#S256': string };

/**
 * The JWK to register for self_signed_tls_client_auth (RFC 8705 2.2.2); its `kid` is the certificate's digest, so that
 * several certificates at once stay apart. `undefined` for a key that no client may register.
 */
export function certificateJwk(certificate: ClientCertificate): CertificateJwk | undefined {
  const { der, digest } = certificate;
  try {
    const publicKey = certificate.x509.publicKey.export({ format: 'jwk' });
    const jwk = { ...publicKey, kid: digest, 'x5t#S256': digest, x5c: [der.toString('base64')] as [string] };
    return importClientKey(jwk).ok ? jwk : undefined;
  } catch {
    // OpenSSL does not know the kind of key, or JWK does not.
    return undefined;
  }
}

interface CertificateMembers {
  readonly certificate?: string | undefined;
  readonly jwks?: { readonly keys: readonly object[] } | undefined;
}

/** The keys of a self_signed_tls_client_auth client with its `certificate`, PEM, as one of them, once. */
export function keysWithCertificate({ certificate = '', jwks }: CertificateMembers): object[] {
  const keys = [...(jwks?.keys ?? [])];
  const parsed = parsePemCertificates(certificate);
  const [der] = parsed.ok ? parsed.certificates : [];
  const read = der && parseClientCertificate(der);
  const jwk = read && certificateJwk(read);
  const isThere = (key: object) => 'x5c' in key && Array.isArray(key.x5c) && key.x5c[0] === jwk?.x5c[0];
  return jwk === undefined || keys.some(isThere) ? keys : [...keys, jwk];
}
