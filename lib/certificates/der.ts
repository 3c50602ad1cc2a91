/** One DER value: its identifier octet, its contents, and the whole encoding it was read from. */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  readonly der: Buffer;
}

/** Thrown inside this directory when bytes are not strict DER. Readers with a public face turn it into `undefined`. */
export class DerError extends Error {}

/** Runs a reader; `undefined` when the bytes are not what it reads. */
export function unlessMalformed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** Identifier octets of the universal types that certificates are made of (X.680 8.4). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

/** The identifier octet of a context-specific tag; `constructed` for EXPLICIT tags and IMPLICIT ones of sequences. */
export function contextTag(number: number, constructed: boolean): number {
  return (constructed ? 0xa0 : 0x80) | number;
}

function readLength(bytes: Buffer, at: number): { length: number; start: number } {
  const first = bytes[at];
  if (first === undefined) throw new DerError('truncated length');
  if (first < 0x80) return { length: first, start: at + 1 };
  const octets = first & 0x7f;
  if (octets === 0 || octets > 4 || at + 1 + octets > bytes.length) throw new DerError('unusable length');
  const length = bytes.readUIntBE(at + 1, octets);
  // X.690 10.1: the shortest form, and the definite one, are the only ones in DER.
  if (length < 0x80 || bytes[at + 1] === 0) throw new DerError('length is not minimal');
  return { length, start: at + 1 + octets };
}

/** The value that begins at an offset, whatever follows it. */
export function readDerAt(bytes: Buffer, at: number): DerValue {
  const tag = bytes[at];
  if (tag === undefined) throw new DerError('truncated value');
  if ((tag & 0x1f) === 0x1f) throw new DerError('tag number too high');
  const { length, start } = readLength(bytes, at + 1);
  const end = start + length;
  if (end > bytes.length) throw new DerError('value runs past its end');
  return { tag, content: bytes.subarray(start, end), der: bytes.subarray(at, end) };
}

/** Checks that `value` bears `tag`, and gives it back. */
export function expectTag(value: DerValue | undefined, tag: number): DerValue {
  if (value?.tag !== tag) throw new DerError(`tag ${tag} expected`);
  return value;
}

/** The single value that `bytes` hold; anything after it is an error. */
export function readDer(bytes: Buffer, tag: number): DerValue {
  const value = readDerAt(bytes, 0);
  if (value.der.length !== bytes.length) throw new DerError('bytes after the value');
  return expectTag(value, tag);
}

/** Values that one reading gives at most: a few octets each are enough to fill a document of megabytes. */
const mostValues = 10_000;

/** The values inside the contents of a constructed value, in order; 10,000 at most. */
export function readAll(content: Buffer): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < content.length; ) {
    const value = readDerAt(content, at);
    if (values.length === mostValues) throw new DerError('too many values');
    values.push(value);
    at += value.der.length;
  }
  return values;
}

/** The members of a SEQUENCE, in order. */
export function readSequence(value: DerValue | undefined): DerValue[] {
  return readAll(expectTag(value, TAG.sequence).content);
}

/** An OBJECT IDENTIFIER in dotted decimal form. */
export function readOid(value: DerValue | undefined): string {
  return decodeOid(expectTag(value, TAG.oid).content);
}

/**
 * Octets. Real identifiers have about ten; a UUID below 2.25 has 20. Reading an arc of many thousand octets takes
 * quadratic time, and anybody may send one.
 */
const longestOid = 64;

function decodeOid(content: Buffer): string {
  if (content.length > longestOid) throw new DerError('OID is too long');
  if (content.length === 0 || (content[content.length - 1] ?? 0) & 0x80) throw new DerError('broken OID');
  const arcs: bigint[] = [];
  let arc = 0n;
  let fresh = true;
  for (const octet of content) {
    if (fresh && octet === 0x80) throw new DerError('OID arc is not minimal');
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    fresh = (octet & 0x80) === 0;
    if (!fresh) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const [head = 0n, ...rest] = arcs;
  const root = head < 40n ? 0n : head < 80n ? 1n : 2n;
  return [root, head - root * 40n, ...rest].join('.');
}

/** A BOOLEAN. X.690 11.1: TRUE is 0xFF and nothing else. */
export function readBoolean(value: DerValue | undefined): boolean {
  const { content } = expectTag(value, TAG.boolean);
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new DerError('broken BOOLEAN');
  return content[0] === 0xff;
}

/** A non-negative INTEGER that fits 31 bits. */
export function readSmallInteger(value: DerValue | undefined): number {
  const { content } = expectTag(value, TAG.integer);
  const first = content[0];
  if (first === undefined || first & 0x80 || content.length > 4) throw new DerError('INTEGER out of range');
  if (content.length > 1 && first === 0 && ((content[1] ?? 0) & 0x80) === 0)
    throw new DerError('INTEGER is not minimal');
  return content.readUIntBE(0, content.length);
}

/** A BIT STRING whose length is whole octets, as those octets: what a signature is. */
export function readOctetAlignedBits(value: DerValue | undefined): Buffer {
  const { content } = expectTag(value, TAG.bitString);
  if (content[0] !== 0) throw new DerError('bits are not whole octets');
  return content.subarray(1);
}

/** A BIT STRING of named bits, as a predicate on the bit number. */
export function readNamedBits(value: DerValue | undefined): (bit: number) => boolean {
  const { content } = expectTag(value, TAG.bitString);
  const unused = content[0];
  if (unused === undefined || unused > 7 || (content.length === 1 && unused > 0))
    throw new DerError('broken BIT STRING');
  return (bit) =>
    bit < (content.length - 1) * 8 - unused && ((content[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0;
}
