import type { ClientCertificate } from '../certificates/client-certificate.js';
import type { RegisteredClient } from '../clients/client.js';
import { OAuthError } from '../errors.js';

/** What a token is bound to (RFC 7800 3): a certificate, a DPoP key, or both. */
export interface Confirmation {
  /** base64url SHA-256 of the certificate's DER (RFC 8705 3.1). */
  readonly 'x5t#S256'?: string;
  /** RFC 7638 SHA-256 thumbprint of the key, base64url (RFC 9449 6.1). */
  readonly jkt?: string;
}

const certificateMethods: ReadonlySet<string> = new Set(['tls_client_auth', 'self_signed_tls_client_auth']);

/**
 * The binding of a token for this client, or undefined where there is none. `jkt` is the key of the request's DPoP
 * proof. A client that authenticates by certificate or registered `tls_client_certificate_bound_access_tokens` never
 * gets an unbound token: without a certificate this throws `binding_certificate_missing`; nor does one with
 * `dpop_bound_access_tokens`: without a proof, `dpop_proof_missing` (RFC 9449 5.2).
 */
export function confirmation(
  { metadata, method }: RegisteredClient,
  certificate: ClientCertificate | undefined,
  jkt: string | undefined,
): Confirmation | undefined {
  const wantsCertificate = metadata.tls_client_certificate_bound_access_tokens || certificateMethods.has(method);
  if (wantsCertificate && !certificate) throw new OAuthError('binding_certificate_missing');
  if (metadata.dpop_bound_access_tokens && jkt === undefined) throw new OAuthError('dpop_proof_missing');
  if (!wantsCertificate && jkt === undefined) return undefined;
  return {
    ...(wantsCertificate && certificate && { 'x5t#S256': certificate.digest }),
    ...(jkt !== undefined && { jkt }),
  };
}
