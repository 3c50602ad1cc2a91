import type { WarningName } from '../events.js';
import type { CertificateHeaderProblem } from './certificate-source.js';

/** What a certificate header that does not count is called in events. */
export const certificateWarnings: Readonly<Record<CertificateHeaderProblem, WarningName>> = {
  untrusted_header: 'certificate_header_untrusted',
  malformed_header: 'certificate_header_malformed',
  repeated_header: 'certificate_header_repeated',
  contradicted_header: 'certificate_header_contradicted',
};
