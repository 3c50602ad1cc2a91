import type { KeyObject } from 'node:crypto';
import { type PathExtensions, readPathExtensions } from './certificate-extensions.js';
import { type CertificateFields, parseCertificateFields } from './certificate-fields.js';
import { unlessMalformed } from './der.js';
import { type DistinguishedName, readDistinguishedName } from './distinguished-name.js';
import { type ConstrainedName, constrainedNames } from './name-constraints.js';
import { readPublicKey } from './public-key.js';
import { readSubjectAlternativeNames } from './subject-alternative-names.js';

/** A certificate read as far as path validation needs it. */
export interface PathCertificate {
  readonly der: Buffer;
  readonly fields: CertificateFields;
  readonly extensions: PathExtensions;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  /** Its own issuer by name, as in a key rollover (RFC 5280 3.2): it counts for no path length. */
  readonly selfIssued: boolean;
  readonly names: readonly ConstrainedName[];
  /** `undefined` when it cannot be used. */
  readonly key: KeyObject | undefined;
}

/** Reads a DER certificate for path validation; `undefined` when any part that counts is malformed. */
export function readPathCertificate(
  der: Buffer,
  fields: CertificateFields | undefined = parseCertificateFields(der),
): PathCertificate | undefined {
  if (fields === undefined) return undefined;
  const subject = readDistinguishedName(fields.subject);
  const issuer = readDistinguishedName(fields.issuer);
  const alternativeNames = readSubjectAlternativeNames(fields);
  const extensions = unlessMalformed(() => readPathExtensions(fields));
  // RFC 5280 4.1.2.4: an issuer has a name.
  if (!subject || !issuer || !alternativeNames || !extensions || issuer.rdns.length === 0) return undefined;
  return {
    der,
    fields,
    extensions,
    subject,
    issuer,
    selfIssued: subject.key === issuer.key,
    names: constrainedNames(subject, alternativeNames),
    key: readPublicKey(fields.subjectPublicKeyInfo),
  };
}
