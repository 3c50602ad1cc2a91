import type { ClientCertificate } from '../lib/certificates/client-certificate.js';
import {
  type CertificateEvidence,
  extractCertificate,
  presentedCertificate,
} from '../lib/client-authentication/certificate-evidence.js';
import { PassportClientStrategy } from '../lib/client-authentication/passport-strategy.js';
import type { AuthenticationOptions } from '../lib/client-authentication/service.js';
import type { ClientAuthenticationStrategy } from '../lib/client-authentication/strategy.js';
import { presentedPath, refuseRevoked } from '../lib/client-authentication/trusted-path.js';
import type { RegisteredClient } from '../lib/clients/client.js';
import { OAuthError } from '../lib/errors.js';

/**
 * A certificate from a trusted CA that carries the one name the client registered (RFC 8705 2.1). The request names
 * the client in the body; the CA must be one of the workspace's own anchors,
 * or of the client's own where it has `trusted_cas`. A client that registered a `certificate` may use no
 * other one.
 */
export function tlsClientAuth(): ClientAuthenticationStrategy<CertificateEvidence> {
  return {
    name: 'tls_client_auth',
    mechanism: 'certificate',
    extract: extractCertificate,
    async verify(evidence, client, context) {
      const certificate = presentedCertificate(evidence);
      // A proxy that saw the chain fail knows something we may not; one that saw it succeed proves nothing to us.
      if (certificate.proxyVerdict !== undefined && chainFailed.test(certificate.proxyVerdict)) {
        throw new OAuthError('certificate_refused_by_proxy', { detail: { verdict: certificate.proxyVerdict } });
      }
      const path = await presentedPath(certificate, client, context);
      checkName(certificate, client);
      checkRegistered(certificate, client);
      await refuseRevoked(path, client, context);
      return { certificate };
    },
  };
}

/** `FAILED:reason` of nginx and Apache; HAProxy gives OpenSSL's number of the error, `23` for a revoked certificate. */
const chainFailed = /^(?:FAILED|[1-9]\d*$)/;

function checkName(certificate: ClientCertificate, client: RegisteredClient): void {
  const { certificateName } = client;
  if (certificateName?.matches(certificate)) return;
  // A client that registered its certificate, and no name, is known by that certificate alone.
  if (certificateName === undefined && client.certificateDigest !== undefined) return;
  throw new OAuthError('certificate_name_mismatch', {
    detail: {
      member: certificateName?.member,
      expected: certificateName?.expected,
      found: certificateName?.found(certificate),
    },
  });
}

function checkRegistered({ digest }: ClientCertificate, { certificateDigest }: RegisteredClient): void {
  if (certificateDigest === undefined || certificateDigest === digest) return;
  throw new OAuthError('certificate_not_registered', {
    detail: { 'x5t#S256': digest, registered: certificateDigest },
  });
}

/** {@link tlsClientAuth} for bare Passport. */
export class TlsClientAuthStrategy extends PassportClientStrategy {
  constructor(options: AuthenticationOptions) {
    super(tlsClientAuth(), options);
  }
}
