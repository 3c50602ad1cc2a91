import type { ClientCertificate } from '../certificates/client-certificate.js';
import { OAuthError } from '../errors.js';
import type { ClientRequest, Evidence } from './strategy.js';

/** A client_id and the certificate of the connection, if there was one. */
export interface CertificateEvidence extends Evidence {
  readonly certificate: ClientCertificate | undefined;
}

/** RFC 8705 2: the body names the client; it is never guessed from the certificate. */
export function extractCertificate({ form, certificate }: ClientRequest): CertificateEvidence | undefined {
  const clientId = form.get('client_id');
  return clientId === undefined ? undefined : { clientId, certificate };
}

/** The certificate; throws `certificate_missing`. */
export function presentedCertificate({ certificate }: CertificateEvidence): ClientCertificate {
  if (!certificate) throw new OAuthError('certificate_missing');
  return certificate;
}
