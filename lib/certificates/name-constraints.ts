import { EMAIL_ADDRESS } from './attribute-types.js';
import { contextTag, DerError, readDer, readSequence, TAG } from './der.js';
import { type DistinguishedName, MOST_DIRECTORY_NAMES, readDistinguishedName } from './distinguished-name.js';
import type { SubjectAlternativeNames } from './subject-alternative-names.js';

/** A name of a certificate that constraints are held against, by the tag number of its GeneralName type. */
export type ConstrainedName =
  | { readonly type: 1 | 2 | 6; readonly value: string }
  | { readonly type: 4; readonly value: DistinguishedName }
  | { readonly type: 7; readonly value: Buffer }
  | { readonly type: 0 | 3 | 5 | 8; readonly value?: undefined };

/** One subtree: whether a name of its type lies in it; `undefined` when that cannot be told. */
interface Subtree {
  readonly type: number;
  contains(name: ConstrainedName): boolean | undefined;
}

/** A nameConstraints extension (RFC 5280 4.2.1.10), ready to be asked. */
export interface NameConstraints {
  readonly permitted: readonly Subtree[];
  readonly excluded: readonly Subtree[];
}

function inDomain(host: string, constraint: string, leadingDotOnly: boolean): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  const domain = constraint.toLowerCase().replace(/\.$/, '');
  if (domain.startsWith('.')) return name.endsWith(domain);
  return name === domain || (!leadingDotOnly && (domain === '' || name.endsWith(`.${domain}`)));
}

function inMailDomain(address: string, constraint: string): boolean {
  const at = address.lastIndexOf('@');
  const host = address.slice(at + 1);
  const constraintAt = constraint.lastIndexOf('@');
  if (constraintAt === -1) return inDomain(host, constraint, true);
  return (
    address.slice(0, at) === constraint.slice(0, constraintAt) &&
    host.toLowerCase() === constraint.slice(constraintAt + 1).toLowerCase()
  );
}

/** The host of a URI's authority; `undefined` without one, and for an address: RFC 5280 4.2.1.10 rejects both. */
function hostOf(uri: string): string | undefined {
  const authority = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/(?:[^/?#@\\]*@)?([A-Za-z0-9._-]+)(?::\d*)?(?:[/?#]|$)/.exec(uri);
  const host = authority?.[1];
  return host === undefined || /(?:^|\.)\d+\.?$/.test(host) ? undefined : host;
}

function inNetwork(address: Buffer, network: Buffer): boolean {
  if (network.length !== address.length * 2) return false;
  return address.every((octet, index) => {
    const mask = network[address.length + index] ?? 0;
    return (octet & mask) === ((network[index] ?? 0) & mask);
  });
}

/** The constraint's RDNs are the first ones of the name (RFC 5280 7.1). */
function inDirectory(name: DistinguishedName, constraint: DistinguishedName): boolean {
  return constraint.rdnKeys.every((key, index) => name.rdnKeys[index] === key);
}

function readAscii(content: Buffer): string {
  const text = content.toString('latin1');
  if (!/^[\x21-\x7e]*$/.test(text)) throw new DerError('a constraint is not printable ASCII');
  return text;
}

function readDirectory(content: Buffer): DistinguishedName {
  const name = readDistinguishedName(content);
  if (name === undefined) throw new DerError('a directory constraint is broken');
  return name;
}

function readBase(tag: number, content: Buffer): Subtree {
  const type = tag & 0x1f;
  if (tag === contextTag(1, false)) {
    const constraint = readAscii(content);
    return { type, contains: (name) => (name.type === 1 ? inMailDomain(name.value, constraint) : undefined) };
  }
  if (tag === contextTag(2, false)) {
    const constraint = readAscii(content);
    return { type, contains: (name) => (name.type === 2 ? inDomain(name.value, constraint, false) : undefined) };
  }
  if (tag === contextTag(4, true)) {
    const constraint = readDirectory(content);
    return { type, contains: (name) => (name.type === 4 ? inDirectory(name.value, constraint) : undefined) };
  }
  if (tag === contextTag(6, false)) {
    const constraint = readAscii(content);
    return { type, contains: (name) => (name.type === 6 ? uriInDomain(name.value, constraint) : undefined) };
  }
  if (tag === contextTag(7, false)) {
    if (content.length !== 8 && content.length !== 32) throw new DerError('a network is neither IPv4 nor IPv6');
    return { type, contains: (name) => (name.type === 7 ? inNetwork(name.value, content) : undefined) };
  }
  // Types that we cannot compare: a certificate with such a name is refused (RFC 5280 4.2.1.10).
  return { type, contains: () => undefined };
}

function uriInDomain(uri: string, constraint: string): boolean | undefined {
  const host = hostOf(uri);
  return host === undefined ? undefined : inDomain(host, constraint, true);
}

/** Of each kind, permitted and excluded. */
const mostSubtrees = 1000;

function readSubtrees(content: Buffer): Subtree[] {
  const members = readSequence(readDer(content, TAG.sequence));
  if (members.length === 0) throw new DerError('no subtrees inside');
  const directories = members.filter(({ content: [tag] }) => tag === contextTag(4, true));
  if (members.length > mostSubtrees || directories.length > MOST_DIRECTORY_NAMES) {
    throw new DerError('too many subtrees');
  }
  return members.map((member) => {
    const [base, ...more] = readSequence(member);
    // RFC 5280 4.2.1.10: minimum is 0, which DER leaves out, and maximum is absent.
    if (base === undefined || more.length > 0) throw new DerError('broken subtree');
    return readBase(base.tag, base.content);
  });
}

/** Gives a SEQUENCE OF, which was tagged implicitly, its own tag back. */
function untagged(der: Buffer): Buffer {
  const copy = Buffer.from(der);
  copy[0] = TAG.sequence;
  return copy;
}

/** Reads the value of a nameConstraints extension. Throws a DerError when it is malformed. */
export function readNameConstraints(value: Buffer): NameConstraints {
  const members = readSequence(readDer(value, TAG.sequence));
  const permitted = members[0]?.tag === contextTag(0, true) ? members.shift() : undefined;
  const excluded = members[0]?.tag === contextTag(1, true) ? members.shift() : undefined;
  if (members.length > 0 || (!permitted && !excluded)) throw new DerError('broken nameConstraints');
  return {
    permitted: permitted ? readSubtrees(untagged(permitted.der)) : [],
    excluded: excluded ? readSubtrees(untagged(excluded.der)) : [],
  };
}

/** Every name of a certificate that constraints apply to: its subject, mail addresses in it, its alternative names. */
export function constrainedNames(subject: DistinguishedName, names: SubjectAlternativeNames): ConstrainedName[] {
  const addresses = subject.rdns.flat().filter((attribute) => attribute.type === EMAIL_ADDRESS);
  return [
    ...(subject.rdns.length > 0 ? [{ type: 4, value: subject } as const] : []),
    ...addresses.map(({ text = '' }) => ({ type: 1, value: text }) as const),
    ...names.email.map((value) => ({ type: 1, value }) as const),
    ...names.dns.map((value) => ({ type: 2, value }) as const),
    ...names.directory.map((value) => ({ type: 4, value }) as const),
    ...names.uri.map((value) => ({ type: 6, value }) as const),
    ...names.ip.map((value) => ({ type: 7, value }) as const),
    ...names.otherTypes.map((type) => ({ type }) as ConstrainedName),
  ];
}

/** Whether constraints allow a name: in one permitted subtree of its type if there are any, in no excluded one. */
export function allowsName(constraints: NameConstraints, name: ConstrainedName): boolean {
  const permitted = constraints.permitted.filter((subtree) => subtree.type === name.type);
  const excluded = constraints.excluded.filter((subtree) => subtree.type === name.type);
  // What cannot be told counts as outside of a permitted subtree and inside of an excluded one.
  return (
    (permitted.length === 0 || permitted.some((subtree) => subtree.contains(name) === true)) &&
    excluded.every((subtree) => subtree.contains(name) === false)
  );
}
