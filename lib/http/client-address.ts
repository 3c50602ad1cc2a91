import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import type { TrustedProxies } from '../certificates/certificate-source.js';

/**
 * Where a request comes from, for counting: the peer, or what a trusted proxy wrote last into `X-Forwarded-For`. An
 * IPv6 address stands for its /64, which is what one subscriber has. Undefined when a trusted proxy does not say:
 * its own address would be everybody's.
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
  const mapped = /^::ffff:([\d.]+)$/i.exec(bare)?.[1] ?? bare;
  if (isIPv4(mapped)) return mapped;
  return isIPv6(bare) ? `${groups(bare).slice(0, 4).join(':')}::/64` : undefined;
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groups(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return [...left, ...(tail === undefined ? [] : zeros), ...right].map((group) =>
    Number.parseInt(group, 16).toString(16),
  );
}
