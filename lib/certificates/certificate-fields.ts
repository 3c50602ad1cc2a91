import {
  contextTag,
  DerError,
  type DerValue,
  expectTag,
  readAll,
  readBoolean,
  readDer,
  readOctetAlignedBits,
  readOid,
  readSequence,
  readSmallInteger,
  TAG,
  unlessMalformed,
} from './der.js';
import { readTime } from './der-time.js';

/** One extension of a certificate, a revocation list or an OCSP reply: whether it is critical, and the DER inside its OCTET STRING. */
export interface CertificateExtension {
  readonly critical: boolean;
  readonly value: Buffer;
}

/** The fields of a certificate as it encodes them (RFC 5280 4.1), names and keys still in DER. */
export interface CertificateFields {
  /** The bytes that are signed. */
  readonly tbs: Buffer;
  readonly version: 1 | 2 | 3;
  /** The octets of the INTEGER. */
  readonly serialNumber: Buffer;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  /** Milliseconds since 1970; the certificate is valid in this instant still. */
  readonly notAfter: number;
  readonly subjectPublicKeyInfo: Buffer;
  /** By dotted OID. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
  /** The AlgorithmIdentifier, which is the same inside and outside the signed part. */
  readonly signatureAlgorithm: Buffer;
  readonly signature: Buffer;
}

/** Real certificates have about ten. */
const mostExtensions = 100;

/** The contents of an EXPLICIT tag around Extensions, by dotted OID (RFC 5280 4.1); none when `value` is absent. */
export function readExtensions(value: DerValue | undefined): ReadonlyMap<string, CertificateExtension> {
  const extensions = new Map<string, CertificateExtension>();
  if (value === undefined) return extensions;
  const items = readSequence(readDer(value.content, TAG.sequence));
  if (items.length > mostExtensions) throw new DerError('too many extensions');
  for (const item of items) {
    const members = readSequence(item);
    const id = readOid(members[0]);
    const critical = members.length === 3 && readBoolean(members[1]);
    if (members.length < 2 || members.length > 3) throw new DerError('broken extension');
    // RFC 5280 4.2: no extension appears twice.
    if (extensions.has(id)) throw new DerError(`extension ${id} appears twice`);
    extensions.set(id, { critical, value: expectTag(members.at(-1), TAG.octetString).content });
  }
  if (extensions.size === 0) throw new DerError('no extensions inside');
  return extensions;
}

function readVersion(value: DerValue): 1 | 2 | 3 {
  const version = readSmallInteger(readAll(value.content)[0]);
  if (version !== 1 && version !== 2) throw new DerError('unknown version');
  return version === 1 ? 2 : 3;
}

function readFields(der: Buffer): CertificateFields {
  const [tbs, outerAlgorithm, signature, ...more] = readSequence(readDer(der, TAG.sequence));
  if (more.length > 0) throw new DerError('too many members');
  const signatureAlgorithm = expectTag(outerAlgorithm, TAG.sequence).der;
  const members = readSequence(tbs);
  const explicitVersion = members[0]?.tag === contextTag(0, true) ? members.shift() : undefined;
  const version = explicitVersion ? readVersion(explicitVersion) : 1;
  const [serial, innerAlgorithm, issuer, validity, subject, publicKey, ...optional] = members;
  // RFC 5280 4.1.1.2: the algorithm named outside the signature must be the one inside it.
  if (!innerAlgorithm?.der.equals(signatureAlgorithm)) throw new DerError('two signature algorithms');
  const [notBefore, notAfter] = readSequence(validity);
  let extensions: DerValue | undefined;
  for (const value of optional) {
    if (extensions) throw new DerError('members after the extensions');
    if (value.tag === contextTag(3, true) && version === 3) extensions = value;
    else if (value.tag !== contextTag(1, false) && value.tag !== contextTag(2, false))
      throw new DerError('unknown member');
  }
  return {
    tbs: expectTag(tbs, TAG.sequence).der,
    version,
    serialNumber: expectTag(serial, TAG.integer).content,
    issuer: expectTag(issuer, TAG.sequence).der,
    subject: expectTag(subject, TAG.sequence).der,
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    subjectPublicKeyInfo: expectTag(publicKey, TAG.sequence).der,
    extensions: readExtensions(extensions),
    signatureAlgorithm,
    signature: readOctetAlignedBits(signature),
  };
}

/** Reads one DER certificate (RFC 5280 4.1); `undefined` when it is not exactly that. */
export function parseCertificateFields(der: Buffer): CertificateFields | undefined {
  return unlessMalformed(() => readFields(der));
}
