import type { ClientCertificate } from '../certificates/client-certificate.js';
import type { PathCertificate } from '../certificates/path-certificate.js';
import { isStrongKey, verifySignature } from '../certificates/signature.js';

const millisecondsPerDay = 86_400_000;
const daysAhead = 30;

/**
 * What would keep a certificate from being accepted, or soon will, one sentence each. `read` is absent where a part of
 * the certificate is malformed; `now` is in milliseconds since 1970.
 */
export function certificateWarnings(
  certificate: ClientCertificate,
  read: PathCertificate | undefined,
  now: number,
): string[] {
  const validity = validityWarnings(certificate, now);
  if (read === undefined) return [...validity, 'A name or an extension is malformed: tls_client_auth refuses it.'];
  const { extensions, key, fields } = read;
  const found: readonly (readonly [boolean, string])[] = [
    [
      key !== undefined && verifySignature(fields, key) === 'weak',
      'It is signed with SHA-1 or something else that is not trusted: tls_client_auth refuses it.',
    ],
    [key === undefined || !isStrongKey(key), 'Its key is too weak, or of an unknown kind: tls_client_auth refuses it.'],
    [
      extensions.isCa || extensions.claimsToSignCertificates,
      'It is a certificate of a CA: tls_client_auth refuses it as that of a client.',
    ],
    [!extensions.mayAuthenticateClients, 'extendedKeyUsage lacks clientAuth: tls_client_auth refuses it.'],
    [!extensions.mayMakeSignatures, 'keyUsage lacks digitalSignature: tls_client_auth refuses it.'],
    [
      extensions.unknownCritical !== undefined,
      `The critical extension ${extensions.unknownCritical} is not known: tls_client_auth refuses it.`,
    ],
  ];
  return [...validity, ...found.flatMap(([applies, warning]) => (applies ? [warning] : []))];
}

function validityWarnings({ notBefore, notAfter }: ClientCertificate, now: number): string[] {
  const days = Math.floor((notAfter - now) / millisecondsPerDay);
  if (now > notAfter) return ['It has expired.'];
  if (now < notBefore) return ['It is not valid yet.'];
  return days < daysAhead ? [`It expires in ${days} ${days === 1 ? 'day' : 'days'}.`] : [];
}
