import type { RequestListener } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';

/** Anybody may ask these: they tell nothing, and who watches over us is no proxy. */
const open: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/**
 * For plain HTTP: answers 403 to everybody but the proxies, whose networks are given as `10.0.0.0/8`. Without it,
 * secrets would also be taken from those who come past the proxy, unencrypted.
 */
export function onlyBehind(networks: readonly string[], handle: RequestListener): RequestListener {
  const proxies = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    proxies.addSubnet(address, Number(prefix ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return (request, response) => {
    const { remoteAddress = '' } = request.socket;
    if (proxies.check(remoteAddress, isIPv6(remoteAddress) ? 'ipv6' : 'ipv4') || open.has(request.url ?? '')) {
      handle(request, response);
      return;
    }
    response.writeHead(403, { 'Content-Type': 'text/plain' }).end('Plain HTTP is for the proxy in front alone.\n');
  };
}
