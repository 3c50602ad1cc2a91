import { parseClientCertificate } from '../../lib/certificates/client-certificate.js';
import { type TrustAnchorOptions, trustAnchors, validatePath } from '../../lib/certificates/path-validation.js';
import type { Certificate } from './pki.js';

/** What path validation says of a certificate: `ok`, or the reason why not. `at` is in milliseconds. */
export function verdict(
  leaf: Certificate | Buffer,
  anchors: readonly Certificate[],
  chain: readonly Certificate[] = [],
  options: TrustAnchorOptions & { at?: number; toleranceSeconds?: number } = {},
): string {
  const certificate = parseClientCertificate(
    Buffer.isBuffer(leaf) ? leaf : leaf.der,
    chain.map((link) => link.der),
  );
  if (certificate === undefined) return 'unparsable';
  const compiled = trustAnchors(
    anchors.map((anchor) => anchor.der),
    options,
  );
  const { at = Date.now(), toleranceSeconds = 0 } = options;
  const result = validatePath(certificate, compiled, { now: at, toleranceSeconds });
  return result.ok ? 'ok' : result.reason;
}
