import { attributeShortName } from './attribute-types.js';
import { prepareValue, readText } from './attribute-value.js';
import {
  DerError,
  type DerValue,
  expectTag,
  readAll,
  readDer,
  readOid,
  readSequence,
  TAG,
  unlessMalformed,
} from './der.js';
import { parseAttributes } from './distinguished-name-string.js';

/** One type and value of a name. `text` is absent when the value is of no string type; then `der` is what counts. */
export interface NameAttribute {
  /** Dotted OID. */
  readonly type: string;
  readonly text?: string;
  /** The whole value in DER; absent when it was written as a string. */
  readonly der?: Buffer;
}

/** A name, read. Two names match (distinguishedNameMatch, RFC 4517 4.2.15) when their `key` is the same string. */
export interface DistinguishedName {
  /** In the order of the certificate, which is the reverse of RFC 4514's; each a set of one or more attributes. */
  readonly rdns: readonly (readonly NameAttribute[])[];
  /** The comparable form of each RDN, in the same order. */
  readonly rdnKeys: readonly string[];
  /** The comparable form of the whole; the empty string for the empty name. */
  readonly key: string;
}

function attributeKey(attribute: NameAttribute): string {
  if (attribute.text === undefined) return `${attribute.type}=#${attribute.der?.toString('hex')}`;
  const prepared = prepareValue(attribute.text);
  if (prepared === undefined)
    throw new DerError(`the value of ${attribute.type} is empty or holds a forbidden character`);
  return `${attribute.type}="${prepared}`;
}

function toName(rdns: NameAttribute[][]): DistinguishedName {
  // JSON quotes what could pass for a separator, and RFC 4517 4.2.15 compares each RDN as a set.
  const rdnKeys = rdns.map((rdn) => JSON.stringify(rdn.map(attributeKey).sort()));
  return { rdns, rdnKeys, key: rdnKeys.join() };
}

function readAttribute(value: DerValue): NameAttribute {
  const [type, content, ...more] = readSequence(value);
  if (content === undefined || more.length > 0) throw new DerError('broken attribute');
  const text = readText(content);
  return { type: readOid(type), der: content.der, ...(text !== undefined && { text }) };
}

function readRdn(attributes: readonly DerValue[]): NameAttribute[] {
  if (attributes.length === 0) throw new DerError('empty RDN');
  return attributes.map(readAttribute);
}

/**
 * Octets. Names are read before anybody has authenticated, and normalizing a value takes time that grows with the
 * square of its combining marks.
 */
const longestName = 8192;
const mostAttributes = 64;

/** Directory names inside one extension: real certificates have one or two, and each costs as much as a subject. */
export const MOST_DIRECTORY_NAMES = 20;

/**
 * Reads a Name of X.501 from DER (RFC 5280 4.1.2.4) of at most 8 KiB and 64 attributes. The empty name is one too. `undefined` when it
 * is malformed or holds a value that cannot be compared: an empty one, NUL, controls, broken characters.
 */
export function readDistinguishedName(der: Buffer): DistinguishedName | undefined {
  if (der.length > longestName) return undefined;
  return unlessMalformed(() => {
    const rdns = readSequence(readDer(der, TAG.sequence)).map((value) => readAll(expectTag(value, TAG.set).content));
    if (rdns.flat().length > mostAttributes) throw new DerError('too many attributes');
    return toName(rdns.map(readRdn));
  });
}

/** A name, or in one sentence why the text is none. */
export type ParsedDistinguishedName =
  | { readonly ok: true; readonly name: DistinguishedName }
  | { readonly ok: false; readonly problem: string };

/**
 * Parses the string form of RFC 4514, which names the last RDN of the certificate first (2.1). Blanks around the
 * separators are allowed, as RFC 2253 4 has it. The empty name is refused, and so is OpenSSL's slash form.
 */
export function parseDistinguishedName(text: string): ParsedDistinguishedName {
  const parsed = parseAttributes(text);
  if (!parsed.ok) return parsed;
  try {
    const rdns = parsed.rdns.map((rdn) => rdn.map((item) => ('hex' in item ? fromHex(item) : item)));
    return { ok: true, name: toName(rdns.reverse()) };
  } catch (error) {
    if (error instanceof DerError) return { ok: false, problem: error.message };
    throw error;
  }
}

function fromHex({ type, hex }: { type: string; hex: Buffer }): NameAttribute {
  const [value, ...more] = readAll(hex);
  if (value === undefined || more.length > 0) throw new DerError(`the #hex value of ${type} is not one BER value`);
  const text = readText(value);
  return { type, der: value.der, ...(text !== undefined && { text }) };
}

/** Decides whether a certificate's subject is the registered one. */
export type SubjectMatcher = (subject: DistinguishedName | undefined) => boolean;

/** A matcher, or in one sentence why the registered text allows none. */
export type CompiledSubjectDn =
  | { readonly ok: true; readonly name: DistinguishedName; readonly matches: SubjectMatcher }
  | { readonly ok: false; readonly problem: string };

/**
 * Compiles a `tls_client_auth_subject_dn` (RFC 8705 2.1.2), once per client, into a matcher by distinguishedNameMatch
 * (RFC 4517 4.2.15): the same RDNs in the same order, each as a set, types by OID, values by caseIgnoreMatch.
 */
export function compileSubjectDn(text: string): CompiledSubjectDn {
  const parsed = parseDistinguishedName(text);
  if (!parsed.ok) return parsed;
  const { key } = parsed.name;
  return { ok: true, name: parsed.name, matches: (subject) => subject?.key === key };
}

function escapeValue(text: string): string {
  return text
    .replace(/["+,;<>\\]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/ $/, '\\ ')
    .replaceAll('\0', '\\00');
}

function formatAttribute({ type, text, der }: NameAttribute): string {
  const shortName = attributeShortName(type);
  if (text !== undefined && (shortName !== undefined || der === undefined))
    return `${shortName ?? type}=${escapeValue(text)}`;
  return `${shortName ?? type}=#${der?.toString('hex')}`;
}

/** The RFC 4514 string of a name: what to register for it, and what to log. Types without a short name get `#hex` values (2.4). */
export function formatDistinguishedName(name: DistinguishedName): string {
  return [...name.rdns]
    .reverse()
    .map((rdn) => rdn.map(formatAttribute).join('+'))
    .join(',');
}
