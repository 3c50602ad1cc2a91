import type { ClientCertificate } from '../lib/certificates/client-certificate.js';
import { type PathProblem, validatePath } from '../lib/certificates/path-validation.js';
import {
  type CertificateEvidence,
  extractCertificate,
  presentedCertificate,
} from '../lib/client-authentication/certificate-evidence.js';
import { PassportClientStrategy } from '../lib/client-authentication/passport-strategy.js';
import type { AuthenticationOptions } from '../lib/client-authentication/service.js';
import type { AuthenticationContext, ClientAuthenticationStrategy } from '../lib/client-authentication/strategy.js';
import type { RegisteredClient } from '../lib/clients/client.js';
import { type FailureReason, OAuthError } from '../lib/errors.js';

/**
 * A certificate from a trusted CA that carries the one name the client registered (RFC 8705 2.1). The request names
 * the client in the body; the CA must be one of the workspace's own anchors.
 */
export function tlsClientAuth(): ClientAuthenticationStrategy<CertificateEvidence> {
  return {
    name: 'tls_client_auth',
    mechanism: 'certificate',
    extract: extractCertificate,
    verify(evidence, client, context) {
      const certificate = presentedCertificate(evidence);
      // A proxy that saw the chain fail knows something we may not; one that saw it succeed proves nothing to us.
      if (certificate.proxyVerdict !== undefined && chainFailed.test(certificate.proxyVerdict)) {
        throw new OAuthError('certificate_refused_by_proxy', { detail: { verdict: certificate.proxyVerdict } });
      }
      checkPath(certificate, context);
      checkName(certificate, client);
      return { certificate };
    },
  };
}

/** `FAILED:reason` of nginx and Apache; HAProxy gives OpenSSL's number of the error, `23` for a revoked certificate. */
const chainFailed = /^(?:FAILED|[1-9]\d*$)/;

const reasons: Readonly<Partial<Record<PathProblem, FailureReason>>> = {
  expired: 'certificate_expired',
  not_yet_valid: 'certificate_not_yet_valid',
  ca_certificate: 'certificate_purpose_refused',
  not_a_client_certificate: 'certificate_purpose_refused',
};

function checkPath(certificate: ClientCertificate, { trustAnchors, now }: AuthenticationContext): void {
  const verdict = validatePath(certificate, trustAnchors, { now: now() });
  if (verdict.ok) return;
  throw new OAuthError(reasons[verdict.reason] ?? 'certificate_untrusted', {
    detail: { problem: verdict.reason, explanation: verdict.detail, anchors: trustAnchors.size },
  });
}

function checkName(certificate: ClientCertificate, { certificateName }: RegisteredClient): void {
  if (certificateName?.matches(certificate)) return;
  throw new OAuthError('certificate_name_mismatch', {
    detail: {
      member: certificateName?.member,
      expected: certificateName?.expected,
      found: certificateName?.found(certificate),
    },
  });
}

/** {@link tlsClientAuth} for bare Passport. */
export class TlsClientAuthStrategy extends PassportClientStrategy {
  constructor(options: AuthenticationOptions) {
    super(tlsClientAuth(), options);
  }
}
