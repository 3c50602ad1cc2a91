import type { KeyObject } from 'node:crypto';
import { SocketAddress } from 'node:net';
import type { CertificateFields } from '../certificates/certificate-fields.js';
import { compileCertificateName } from '../certificates/certificate-name.js';
import { type ClientCertificate, parseClientCertificate } from '../certificates/client-certificate.js';
import { readDer, readOid, readSequence, TAG, unlessMalformed } from '../certificates/der.js';
import { formatDistinguishedName, readDistinguishedName } from '../certificates/distinguished-name.js';
import { readPathCertificate } from '../certificates/path-certificate.js';
import { parsePemCertificates } from '../certificates/pem.js';
import { type CertificateJwk, certificateJwk } from './certificate-jwk.js';
import { certificateWarnings } from './certificate-warnings.js';

/** What a certificate says of itself, and what to register for it. Nothing is said about whether to trust it. */
export interface CertificateDescription {
  /** RFC 4514. Empty for the empty name, absent for one that is malformed. */
  readonly subject?: string;
  readonly issuer?: string;
  /** ISO 8601 in UTC. */
  readonly not_before: string;
  readonly not_after: string;
  /** `rsa`, `ec`, `ed25519` and so on, with bits or curve; `unknown` for a key that OpenSSL cannot read. */
  readonly public_key: { readonly type: string; readonly bits?: number; readonly curve?: string };
  /** Signed with its own key, under its own name. */
  readonly self_signed: boolean;
  /** `clientAuth` and its like, or dotted OIDs. Absent without the extension, which allows everything. */
  readonly extended_key_usage?: readonly string[];
  /** RFC 8705 3.1: base64url SHA-256 of the DER. */
  readonly 'x5t#S256': string;
  /** For tls_client_auth: register the one member of one of these (RFC 8705 2.1.2). */
  readonly tls_client_auth: readonly Readonly<Record<string, string>>[];
  /** For self_signed_tls_client_auth: an entry of `jwks.keys`. Absent for a key that no client may register. */
  readonly jwk?: CertificateJwk;
  /** What would keep it from being accepted, or soon will. */
  readonly warnings: readonly string[];
}

/**
 * Describes one certificate, PEM or DER, and says what to register for it. `now` is in milliseconds since 1970. Throws
 * TypeError for anything else, and for several certificates.
 */
export function describeCertificate(input: string | Uint8Array, now: number = Date.now()): CertificateDescription {
  const certificate = readOne(input);
  const { fields, subject, digest } = certificate;
  const issuer = readDistinguishedName(fields.issuer);
  const purposes = purposesOf(fields);
  const key = publicKeyOf(certificate);
  const jwk = certificateJwk(certificate);
  return {
    ...(subject && { subject: formatDistinguishedName(subject) }),
    ...(issuer && { issuer: formatDistinguishedName(issuer) }),
    not_before: new Date(certificate.notBefore).toISOString(),
    not_after: new Date(certificate.notAfter).toISOString(),
    public_key: describeKey(key),
    self_signed: key !== undefined && isSelfSigned(certificate, key),
    ...(purposes && { extended_key_usage: purposes }),
    'x5t#S256': digest,
    tls_client_auth: registrations(certificate),
    ...(jwk && { jwk }),
    warnings: certificateWarnings(certificate, readPathCertificate(certificate.der, fields), now),
  };
}

function readOne(input: string | Uint8Array): ClientCertificate {
  const bytes = Buffer.from(input);
  // DER begins with the tag of a SEQUENCE, which is the digit 0 in text.
  const parsed = bytes[0] === TAG.sequence ? undefined : parsePemCertificates(bytes.toString('utf8'));
  if (parsed?.ok === false) throw new TypeError(`This is not a certificate: ${parsed.problem}.`);
  const [der = bytes, ...more] = parsed?.certificates ?? [];
  if (more.length > 0) throw new TypeError('There are several certificates in it: describe them one by one.');
  const certificate = parseClientCertificate(der);
  if (!certificate) throw new TypeError('This is not a well-formed certificate.');
  return certificate;
}

function publicKeyOf(certificate: ClientCertificate): KeyObject | undefined {
  try {
    return certificate.x509.publicKey;
  } catch {
    return undefined;
  }
}

function isSelfSigned({ fields, x509 }: ClientCertificate, key: KeyObject): boolean {
  try {
    return fields.issuer.equals(fields.subject) && x509.verify(key);
  } catch {
    // OpenSSL does not know the algorithm of the signature.
    return false;
  }
}

function describeKey(key: KeyObject | undefined): CertificateDescription['public_key'] {
  if (key?.asymmetricKeyType === undefined) return { type: 'unknown' };
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  return {
    type: key.asymmetricKeyType,
    ...(modulusLength !== undefined && { bits: modulusLength }),
    ...(namedCurve !== undefined && { curve: namedCurve === 'prime256v1' ? 'P-256' : namedCurve }),
  };
}

/** Every name that a registration can have, as the member that registers it. */
function registrations(certificate: ClientCertificate): Record<string, string>[] {
  const { subject, subjectAlternativeNames: names } = certificate;
  const offered: [member: string, value: string][] = [];
  if (subject) offered.push(['tls_client_auth_subject_dn', formatDistinguishedName(subject)]);
  for (const type of ['dns', 'uri', 'email'] as const) {
    for (const name of names?.[type] ?? []) offered.push([`tls_client_auth_san_${type}`, name]);
  }
  for (const address of names?.ip ?? []) offered.push(['tls_client_auth_san_ip', formatAddress(address)]);
  return offered
    .filter(([member, value]) => {
      // What cannot be registered, or would not match, helps nobody.
      const compiled = compileCertificateName(member, value);
      return compiled.ok && compiled.matcher.matches(certificate);
    })
    .map(([member, value]) => ({ [member]: value }));
}

function formatAddress(address: Buffer): string {
  if (address.length === 4) return address.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => address.readUInt16BE(index * 2).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

const extendedKeyUsage = '2.5.29.37';
/** RFC 5280 4.2.1.12. */
const purposeNames: ReadonlyMap<string, string> = new Map([
  ['1.3.6.1.5.5.7.3.1', 'serverAuth'],
  ['1.3.6.1.5.5.7.3.2', 'clientAuth'],
  ['1.3.6.1.5.5.7.3.3', 'codeSigning'],
  ['1.3.6.1.5.5.7.3.4', 'emailProtection'],
  ['1.3.6.1.5.5.7.3.8', 'timeStamping'],
  ['1.3.6.1.5.5.7.3.9', 'OCSPSigning'],
  ['2.5.29.37.0', 'anyExtendedKeyUsage'],
]);

function purposesOf({ extensions }: CertificateFields): string[] | undefined {
  const value = extensions.get(extendedKeyUsage)?.value;
  return (
    value &&
    unlessMalformed(() => readSequence(readDer(value, TAG.sequence)).map(readOid))?.map(
      (id) => purposeNames.get(id) ?? id,
    )
  );
}
