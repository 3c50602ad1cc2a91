import type { ClientCertificate } from './client-certificate.js';

/** One registered name that a client certificate must carry (RFC 8705 2.1.2), made ready at registration. */
export interface CertificateNameMatcher {
  /** The metadata member it was made from, such as `tls_client_auth_san_dns`. */
  readonly member: string;
  /** The value as registered. */
  readonly expected: string;
  matches(certificate: ClientCertificate): boolean;
  /** What the certificate offers for this kind of name, for the operator's log. */
  found(certificate: ClientCertificate): string;
}
