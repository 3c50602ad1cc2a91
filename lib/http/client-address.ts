import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import type { TrustedProxies } from '../certificates/certificate-source.js';
import { ipAddressBytes } from '../certificates/ip-address.js';

/**
 * Where a request comes from, for counting: the peer, or what a trusted proxy wrote last into `X-Forwarded-For`. An
 * IPv6 address stands for its /64, which is what one subscriber has, or for the IPv4 address it carries. Undefined when
 * a trusted proxy does not say: its own address would be everybody's.
 */
export function sourceOf({ socket, headers }: IncomingMessage, proxies: TrustedProxies): string | undefined {
  if (!proxies.trusts(socket)) return network(socket.remoteAddress ?? '');
  const forwarded = headers['x-forwarded-for'];
  const last = String(forwarded ?? '')
    .split(',')
    .at(-1)
    ?.trim();
  return network(last ?? '');
}

function network(address: string): string | undefined {
  if (isIPv4(address)) return address;
  const [, host = address] = /^\[(.*)\](?::\d+)?$/.exec(address) ?? /^([\d.]+):\d+$/.exec(address) ?? [];
  const [bare = ''] = host.split('%');
  const octets = ipAddressBytes(bare);
  if (octets === undefined) return undefined;
  if (octets.length === 4 || carriesIpv4(octets)) return octets.subarray(-4).join('.');
  return `${octets.toString('hex', 0, 8)}/64`;
}

/** IPv4-mapped (RFC 4291 2.5.5.2) and NAT64 (RFC 6052 2.1): all of IPv4 lies in one /64 of each. */
const ipv4Carriers = ['00000000000000000000ffff', '0064ff9b0000000000000000'];

function carriesIpv4(octets: Buffer): boolean {
  return ipv4Carriers.includes(octets.toString('hex', 0, 12));
}
