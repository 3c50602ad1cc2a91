import { createHash, X509Certificate } from 'node:crypto';
import type { CertificateHeaderFormat } from '../lib/certificates/certificate-headers.js';
import { authority, type TestCertificate } from './certificates.js';

/** A proxy whose headers a request can carry: the presets of `client_certificate` in `trusted_proxies`. */
export type TestProxy = CertificateHeaderFormat;

type Headers = Readonly<Record<string, string>>;

const verdictHeader = 'X-SSL-Client-Verify';

/** The headers that each proxy sends with its usual names; a verdict is what it says of a chain it can or cannot build. */
const writers: Readonly<Record<TestProxy, (certificate: X509Certificate, trusted: boolean) => Headers>> = {
  nginx: (certificate, trusted) => ({
    'X-SSL-Client-Cert': encodeURIComponent(certificate.toString()),
    [verdictHeader]: trusted ? 'SUCCESS' : 'FAILED:unable to verify the first certificate',
  }),
  apache: (certificate, trusted) => ({
    'X-SSL-Client-Cert': certificate.toString().replaceAll('\n', ' ').trim(),
    [verdictHeader]: trusted ? 'SUCCESS' : 'GENEROUS',
  }),
  haproxy: ({ raw }, trusted) => ({
    'X-SSL-Client-DER': raw.toString('base64'),
    [verdictHeader]: trusted ? '0' : '21',
  }),
  rfc9440: ({ raw }) => ({ 'Client-Cert': `:${raw.toString('base64')}:` }),
  'envoy-xfcc': (certificate) => ({
    'X-Forwarded-Client-Cert': `Hash=${digest(certificate)};Cert="${encodeURIComponent(certificate.toString())}"`,
  }),
  traefik: ({ raw }) => ({ 'X-Forwarded-Tls-Client-Cert': raw.toString('base64') }),
  alb: (certificate) => ({
    // AWS leaves these three as they are.
    'X-Amzn-Mtls-Clientcert': encodeURIComponent(certificate.toString()).replace(/%(2B|3D|2F)/g, decodeURIComponent),
  }),
};

/** The headers in which this proxy hands a client's certificate to the app behind it. */
export function proxyHeaders(proxy: TestProxy, { cert, ca }: TestCertificate): Headers {
  return writers[proxy](new X509Certificate(cert), ca === authority.cert);
}

function digest({ raw }: X509Certificate): string {
  return createHash('sha256').update(raw).digest('hex');
}
