import { CERTIFICATE_NAME_MEMBERS, compileCertificateName } from '../certificates/certificate-name.js';
import { parseClientCertificate } from '../certificates/client-certificate.js';
import type { CertificateNameMatcher } from '../certificates/name-matcher.js';
import { parsePemCertificates } from '../certificates/pem.js';
import { readPublicKey } from '../certificates/public-key.js';
import { isStrongKey } from '../certificates/signature.js';

type Metadata = Readonly<Record<string, unknown>>;

/** The registered names of RFC 8705 2.1.2, of which there may be one. */
export function registeredNames(metadata: object): readonly string[] {
  return CERTIFICATE_NAME_MEMBERS.filter((member) => (metadata as Metadata)[member] !== undefined);
}

/** Why a registered name cannot be matched, in words that follow the member's name. */
export function certificateNameProblem(metadata: object, member: string): string | undefined {
  const compiled = compileCertificateName(member, String((metadata as Metadata)[member]));
  return compiled.ok ? undefined : `cannot be used: ${compiled.problem}`;
}

/** The matcher of a client's one registered name; `undefined` when it has none. */
export function certificateNameOf(metadata: object): CertificateNameMatcher | undefined {
  const [member] = registeredNames(metadata);
  if (member === undefined) return undefined;
  const compiled = compileCertificateName(member, String((metadata as Metadata)[member]));
  return compiled.ok ? compiled.matcher : undefined;
}

/**
 * The digest (base64url SHA-256 of the DER) of the one certificate in a PEM text, or what is wrong with the text. A weak
 * key is wrong too, since nothing else would look at that of a self-signed certificate.
 */
export function certificateTextDigest(pem: string): { digest: string } | { problem: string } {
  const parsed = parsePemCertificates(pem);
  if (!parsed.ok) return { problem: `cannot be used: ${parsed.problem}` };
  const [der, ...more] = parsed.certificates;
  // A chain would leave open which of its certificates is the client's.
  if (der === undefined || more.length > 0) return { problem: 'must hold exactly one certificate' };
  const certificate = parseClientCertificate(der);
  if (certificate === undefined) return { problem: 'is not a well-formed certificate' };
  const key = readPublicKey(certificate.fields.subjectPublicKeyInfo);
  if (key === undefined || !isStrongKey(key)) return { problem: 'has a key that is too weak or of unknown kind' };
  return { digest: certificate.digest };
}
