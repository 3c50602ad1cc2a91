import { isIPv4, isIPv6 } from 'node:net';

function groupsOf(part: string): number[] {
  return part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
}

/** An embedded dotted quad rewritten as two groups, so that only groups are left. */
function withoutQuad(address: string): string {
  const at = address.lastIndexOf(':') + 1;
  if (!address.includes('.')) return address;
  const quad = Buffer.from(address.slice(at).split('.').map(Number));
  return `${address.slice(0, at)}${quad.readUInt16BE(0).toString(16)}:${quad.readUInt16BE(2).toString(16)}`;
}

/**
 * An IP address in text as its 4 or 16 octets, network order; `undefined` for other text and for one with a zone.
 * An IPv4-mapped IPv6 address has 16 octets and is no IPv4 address (RFC 5952 8 concerns its text only).
 */
export function ipAddressBytes(text: string): Buffer | undefined {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number));
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const [head = '', tail] = withoutQuad(text).split('::');
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const groups = [...before, ...new Array(8 - before.length - after.length).fill(0), ...after];
  const bytes = Buffer.alloc(16);
  for (const [index, group] of groups.entries()) bytes.writeUInt16BE(group, index * 2);
  return bytes;
}
