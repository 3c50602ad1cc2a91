import { isWithinValidity } from '../lib/certificates/client-certificate.js';
import {
  type CertificateEvidence,
  extractCertificate,
  presentedCertificate,
} from '../lib/client-authentication/certificate-evidence.js';
import { PassportClientStrategy } from '../lib/client-authentication/passport-strategy.js';
import type { AuthenticationOptions } from '../lib/client-authentication/service.js';
import type { ClientAuthenticationStrategy } from '../lib/client-authentication/strategy.js';
import { OAuthError } from '../lib/errors.js';

/**
 * A certificate that the client registered itself, as the first `x5c` entry of a key in its `jwks` or behind its
 * `jwks_uri` (RFC 8705 2.2). Who issued it does not matter; its validity period does.
 */
export function selfSignedTlsClientAuth(): ClientAuthenticationStrategy<CertificateEvidence> {
  return {
    name: 'self_signed_tls_client_auth',
    mechanism: 'certificate',
    extract: extractCertificate,
    async verify(evidence, client, { now, clockTolerance }) {
      const certificate = presentedCertificate(evidence);
      const time = now();
      if (time > certificate.notAfter) {
        throw new OAuthError('certificate_expired', { detail: { not_after: new Date(certificate.notAfter) } });
      }
      if (!isWithinValidity(certificate, time, clockTolerance)) {
        throw new OAuthError('certificate_not_yet_valid', { detail: { not_before: new Date(certificate.notBefore) } });
      }
      if (!(await client.keys.hasCertificate(certificate.digest))) {
        throw new OAuthError('certificate_not_registered', { detail: { 'x5t#S256': certificate.digest } });
      }
      return { certificate };
    },
  };
}

/** {@link selfSignedTlsClientAuth} for bare Passport. */
export class SelfSignedTlsClientAuthStrategy extends PassportClientStrategy {
  constructor(options: AuthenticationOptions) {
    super(selfSignedTlsClientAuth(), options);
  }
}
