/** A DER value: tag, length, and the contents joined. */
export function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const octets = length.subarray(length.findIndex((octet) => octet !== 0));
  return Buffer.concat([Buffer.from([tag, 0x80 | octets.length]), octets, content]);
}

export const sequence = (...members: readonly Buffer[]) => der(0x30, ...members);
/** DER sorts the members of a SET OF. */
export const setOf = (...members: readonly Buffer[]) => der(0x31, ...[...members].sort(Buffer.compare));
export const explicit = (number: number, ...members: readonly Buffer[]) => der(0xa0 | number, ...members);
export const implicit = (number: number, content: Buffer) => der(0x80 | number, content);
export const utf8String = (text: string) => der(0x0c, Buffer.from(text));
export const octetString = (content: Buffer) => der(0x04, content);
export const bitString = (content: Buffer, unused = 0) => der(0x03, Buffer.from([unused]), content);
export const boolean = (value: boolean) => der(0x01, Buffer.from([value ? 0xff : 0]));

/** A non-negative INTEGER from a number or from big-endian octets. */
export function integer(value: number | Buffer): Buffer {
  const octets = typeof value === 'number' ? Buffer.from(value.toString(16).padStart(8, '0'), 'hex') : value;
  const start = octets.findIndex((octet) => octet !== 0);
  const trimmed = start === -1 ? Buffer.from([0]) : octets.subarray(start);
  return der(0x02, (trimmed[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed);
}

export function oid(dotted: string): Buffer {
  const [root = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [root * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left % 128) | 0x80);
    return groups;
  });
  return der(0x06, Buffer.from(octets));
}

/** UTCTime up to 2049, GeneralizedTime from then on (RFC 5280 4.1.2.5). */
export function time(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

/** An Extension (RFC 5280 4.1). */
export function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value));
}
