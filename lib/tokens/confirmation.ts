import type { ClientCertificate } from '../certificates/client-certificate.js';
import type { RegisteredClient } from '../clients/client.js';
import { OAuthError } from '../errors.js';

/** What a token is bound to (RFC 7800 3, RFC 8705 3.1): base64url SHA-256 of the certificate's DER. */
export interface Confirmation {
  readonly 'x5t#S256': string;
}

const certificateMethods: ReadonlySet<string> = new Set(['tls_client_auth', 'self_signed_tls_client_auth']);

/**
 * The binding of a token for this client on this connection, or undefined where none is wanted. A client that
 * authenticates by certificate or registered `tls_client_certificate_bound_access_tokens` never gets an unbound token:
 * without a certificate this throws `binding_certificate_missing`.
 */
export function confirmation(
  client: RegisteredClient,
  certificate: ClientCertificate | undefined,
): Confirmation | undefined {
  const wanted =
    client.metadata.tls_client_certificate_bound_access_tokens === true || certificateMethods.has(client.method);
  if (!wanted) return undefined;
  if (!certificate) throw new OAuthError('binding_certificate_missing');
  return { 'x5t#S256': certificate.digest };
}
