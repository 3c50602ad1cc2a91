import type { ClientCertificate } from './client-certificate.js';
import { compileSubjectDn, formatDistinguishedName } from './distinguished-name.js';
import type { CertificateNameMatcher } from './name-matcher.js';
import { compileAlternativeName, type SubjectAlternativeNameType } from './subject-alternative-names.js';

const ALTERNATIVE_NAME_MEMBERS: ReadonlyMap<string, SubjectAlternativeNameType> = new Map([
  ['tls_client_auth_san_dns', 'dns'],
  ['tls_client_auth_san_uri', 'uri'],
  ['tls_client_auth_san_ip', 'ip'],
  ['tls_client_auth_san_email', 'email'],
]);

/** The metadata members of RFC 8705 2.1.2, of which a tls_client_auth client registers exactly one. */
export const CERTIFICATE_NAME_MEMBERS: readonly string[] = [
  'tls_client_auth_subject_dn',
  ...ALTERNATIVE_NAME_MEMBERS.keys(),
];

/** A matcher, or in one sentence why the registered value allows none. */
export type CompiledCertificateName =
  | { readonly ok: true; readonly matcher: CertificateNameMatcher }
  | { readonly ok: false; readonly problem: string };

function foundNames(certificate: ClientCertificate, type: SubjectAlternativeNameType): string {
  const names = certificate.subjectAlternativeNames;
  if (names === undefined) return '(malformed)';
  return (type === 'ip' ? names.ip.map((address) => address.toString('hex')) : names[type]).join(' ') || '(none)';
}

function foundSubject({ subject }: ClientCertificate): string {
  return subject === undefined ? '(malformed)' : formatDistinguishedName(subject) || '(none)';
}

/**
 * Compiles one of CERTIFICATE_NAME_MEMBERS, once per client. Throws a TypeError for another member.
 * What `found` gives for addresses is hexadecimal.
 */
export function compileCertificateName(member: string, expected: string): CompiledCertificateName {
  if (member === 'tls_client_auth_subject_dn') {
    const compiled = compileSubjectDn(expected);
    if (!compiled.ok) return compiled;
    const matches = ({ subject }: ClientCertificate) => compiled.matches(subject);
    return { ok: true, matcher: { member, expected, matches, found: foundSubject } };
  }
  const type = ALTERNATIVE_NAME_MEMBERS.get(member);
  if (type === undefined) throw new TypeError(`${member} is not the name of a certificate name`);
  const compiled = compileAlternativeName(type, expected);
  if (!compiled.ok) return compiled;
  const matches = ({ subjectAlternativeNames }: ClientCertificate) => compiled.matches(subjectAlternativeNames);
  return { ok: true, matcher: { member, expected, matches, found: (certificate) => foundNames(certificate, type) } };
}
