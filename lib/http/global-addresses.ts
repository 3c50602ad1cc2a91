import { BlockList, isIP } from 'node:net';

/** IANA's special-purpose IPv4 blocks that are not globally reachable, multicast and the reserved rest (RFC 6890). */
const closedIpv4 = subnets('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]);

// Outside 2000::/3 lie loopback, IPv4-mapped and -compatible, NAT64 (64:ff9b::/96), ULA, link-local and multicast.
const globalIpv6 = subnets('ipv6', [['2000::', 3]]);

/** Inside 2000::/3: IETF protocols with Teredo, documentation, 6to4. */
const closedIpv6 = subnets('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]);

function subnets(family: 'ipv4' | 'ipv6', list: readonly (readonly [string, number])[]): BlockList {
  const blocks = new BlockList();
  for (const [network, prefix] of list) blocks.addSubnet(network, prefix, family);
  return blocks;
}

/**
 * Whether an address in text is a global unicast one, to which a request may go that somebody outside asked for. No
 * address that carries an IPv4 address inside passes: it would reach what the IPv4 rules close.
 */
export function isGlobalAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !closedIpv4.check(address, 'ipv4');
  if (family !== 6 || address.includes('%')) return false;
  return globalIpv6.check(address, 'ipv6') && !closedIpv6.check(address, 'ipv6');
}
