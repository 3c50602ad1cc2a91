import type { IncomingMessage } from 'node:http';

/**
 * The value of a cookie, or undefined. A name that was sent more than once is nobody's: which of the values is ours
 * cannot be told (RFC 6265 5.4 promises no order between paths and domains).
 */
export function readCookie(request: IncomingMessage, name: string): string | undefined {
  let found: string | undefined;
  for (const part of (request.headers.cookie ?? '').split(';')) {
    // Not `trim`: it takes U+00A0 too, and a sibling host may plant a cookie whose name begins with that and then `__Host-`.
    const pair = part.replace(/^[ \t]+/, '');
    if (!pair.startsWith(`${name}=`)) continue;
    if (found !== undefined) return undefined;
    found = pair.slice(name.length + 1);
  }
  return found;
}

/**
 * A Set-Cookie value that lasts as long as the browser runs. `name` begins with `__Host-`: the browser then keeps it
 * to this very host and to https, so that neither a sibling host nor plain HTTP can plant one (RFC 6265bis 4.1.3.2).
 * `value` must need no quoting.
 */
export function hostCookie(name: `__Host-${string}`, value: string): string {
  return `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax`;
}

/** A Set-Cookie value that takes `hostCookie`'s away. */
export function expiredHostCookie(name: `__Host-${string}`): string {
  return `${hostCookie(name, '')}; Max-Age=0`;
}
