import { isIPv6 } from 'node:net';
import { isLoopbackHost } from './loopback.js';

/** What is listened on. `plain`: without TLS. */
export interface ListenerAddress {
  readonly plain: boolean;
  readonly host: string;
  readonly port: number;
}

/** The address as a URL. */
export function addressOf({ plain, host, port }: ListenerAddress): string {
  return `${plain ? 'http' : 'https'}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** Whether who goes to the public URL on this machine comes to the address by itself. */
export function isSamePlace(publicUrl: string, { plain, host, port }: ListenerAddress): boolean {
  const url = new URL(publicUrl);
  const sameHost = url.hostname === host || (isLoopbackHost(url.hostname) && isLoopbackHost(host));
  return !plain && sameHost && Number(url.port || '443') === port;
}
