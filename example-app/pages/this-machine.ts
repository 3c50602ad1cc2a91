import type { Request } from 'express';
import { isLoopbackAddress, isLoopbackHost } from '../loopback.js';

/**
 * Whether a request comes from the person at this machine, and was meant for us. `publicHost`: the name the server is
 * known by.
 */
export function isOfThisMachine(request: Request, publicHost: string): boolean {
  return isFromThisMachine(request) && isMeantForUs(request, publicHost);
}

/** Also by what a proxy or tunnel on this machine says of whom it speaks for. What it says can only close the page. */
function isFromThisMachine({ socket, headers }: Request): boolean {
  const { forwarded, 'x-forwarded-for': forwardedFor = '', 'x-real-ip': realIp = '' } = headers;
  const named = [forwardedFor, realIp].flat().flatMap((each) => each.split(','));
  const addresses = named.map((each) => each.trim()).filter((each) => each !== '');
  return forwarded === undefined && [socket.remoteAddress ?? '', ...addresses].every(isLoopbackAddress);
}

/** A page of elsewhere may have its own name lead to this machine; it then asks under that name. */
function isMeantForUs({ headers: { host = '' } }: Request, publicHost: string): boolean {
  const url = URL.canParse(`https://${host}`) ? new URL(`https://${host}`) : undefined;
  return url !== undefined && (url.hostname === publicHost || isLoopbackHost(url.hostname));
}
