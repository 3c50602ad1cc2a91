import type { CertificateFields } from './certificate-fields.js';
import { contextTag, DerError, type DerValue, readDer, readSequence, TAG, unlessMalformed } from './der.js';
import { type DistinguishedName, MOST_DIRECTORY_NAMES, readDistinguishedName } from './distinguished-name.js';
import { ipAddressBytes } from './ip-address.js';

/** The names of a subjectAltName extension by type (RFC 5280 4.2.1.6), as the DER has them. */
export interface SubjectAlternativeNames {
  readonly dns: readonly string[];
  readonly uri: readonly string[];
  readonly email: readonly string[];
  /** 4 or 16 octets each, network order. */
  readonly ip: readonly Buffer[];
  readonly directory: readonly DistinguishedName[];
  /** The tag numbers of the names of other types (otherName is 0), of which nothing more is read. */
  readonly otherTypes: readonly number[];
}

const SUBJECT_ALT_NAME = '2.5.29.17';

/** An IA5String that a name may be: printable ASCII, so neither NUL nor a line end can cut or split it. */
function readName({ content }: DerValue): string {
  const text = content.toString('latin1');
  if (!/^[\x20-\x7e]+$/.test(text)) throw new DerError('a name holds NUL or something other than printable ASCII');
  return text;
}

function readAddress({ content }: DerValue): Buffer {
  if (content.length !== 4 && content.length !== 16) throw new DerError('an address is neither IPv4 nor IPv6');
  return content;
}

function readDirectoryName({ content }: DerValue): DistinguishedName {
  const name = readDistinguishedName(content);
  if (name === undefined) throw new DerError('a directory name is broken');
  return name;
}

/** Web certificates have at most some hundred; a client's has a few. */
const mostNames = 1000;

/** Reads a list of GeneralName values. */
function readGeneralNames(values: readonly DerValue[]): SubjectAlternativeNames {
  const dns: string[] = [];
  const uri: string[] = [];
  const email: string[] = [];
  const ip: Buffer[] = [];
  const directory: DistinguishedName[] = [];
  const otherTypes: number[] = [];
  for (const value of values) {
    if (value.tag === contextTag(1, false)) email.push(readName(value));
    else if (value.tag === contextTag(2, false)) dns.push(readName(value));
    else if (value.tag === contextTag(4, true)) directory.push(readDirectoryName(value));
    else if (value.tag === contextTag(6, false)) uri.push(readName(value));
    else if (value.tag === contextTag(7, false)) ip.push(readAddress(value));
    else if (OTHER_TAGS.has(value.tag)) otherTypes.push(value.tag & 0x1f);
    else throw new DerError('unknown type of name');
    if (directory.length > MOST_DIRECTORY_NAMES) throw new DerError('too many directory names');
  }
  return { dns, uri, email, ip, directory, otherTypes };
}

/** otherName, x400Address, ediPartyName, registeredID. */
const OTHER_TAGS = new Set([contextTag(0, true), contextTag(3, true), contextTag(5, true), contextTag(8, false)]);

const NONE = readGeneralNames([]);

/**
 * The subject alternative names of a certificate, from its DER; never from Node's `subjectAltName` text, in which a
 * name can pretend to be two. `undefined` when any of them is malformed: then none of them counts.
 */
export function readSubjectAlternativeNames(fields: CertificateFields): SubjectAlternativeNames | undefined {
  const extension = fields.extensions.get(SUBJECT_ALT_NAME);
  if (extension === undefined) return NONE;
  return unlessMalformed(() => {
    const values = readSequence(readDer(extension.value, TAG.sequence));
    if (values.length === 0) throw new DerError('no names inside');
    if (values.length > mostNames) throw new DerError('too many names');
    return readGeneralNames(values);
  });
}

/** The types that RFC 8705 2.1.2 registers: `tls_client_auth_san_dns` and its three sisters. */
export type SubjectAlternativeNameType = 'dns' | 'uri' | 'ip' | 'email';

/** Decides whether one of a certificate's alternative names is the registered one. */
export type AlternativeNameMatcher = (names: SubjectAlternativeNames | undefined) => boolean;

/** A matcher, or in one sentence why the registered text allows none. */
export type CompiledAlternativeName =
  | { readonly ok: true; readonly matches: AlternativeNameMatcher }
  | { readonly ok: false; readonly problem: string };

function foldDomain(address: string): string {
  const at = address.lastIndexOf('@') + 1;
  return address.slice(0, at) + address.slice(at).toLowerCase();
}

/** How each type is written (what else is refused at registration) and compared. RFC 5280 7.2 to 7.5. */
const TEXT_TYPES = {
  dns: { written: /^[\w*-]+(?:\.[\w*-]+)*$/, what: 'a DNS name in ASCII', fold: (name: string) => name.toLowerCase() },
  uri: {
    written: /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/,
    what: 'an absolute URI in ASCII',
    fold: (name: string) => name,
  },
  email: { written: /^[\x21-\x7e]+@[\w.-]+$/, what: 'a mail address in ASCII', fold: foldDomain },
} as const;

/**
 * Compiles one of `tls_client_auth_san_dns`, `_uri`, `_ip`, `_email` (RFC 8705 2.1.2), once per client. Any one name
 * of the type may match: a DNS name without regard to case, a URI exactly, a mail address with its domain in any case,
 * an IP address by its octets. Nothing is a pattern: `*.example.com` equals only itself.
 */
export function compileAlternativeName(type: SubjectAlternativeNameType, text: string): CompiledAlternativeName {
  if (type === 'ip') {
    const address = ipAddressBytes(text);
    if (address === undefined) return { ok: false, problem: 'it is not an IP address' };
    return { ok: true, matches: (names) => names?.ip.some((candidate) => candidate.equals(address)) === true };
  }
  const { written, what, fold } = TEXT_TYPES[type];
  if (!written.test(text)) return { ok: false, problem: `it is not ${what}` };
  const expected = fold(text);
  return { ok: true, matches: (names) => names?.[type].some((candidate) => fold(candidate) === expected) === true };
}
