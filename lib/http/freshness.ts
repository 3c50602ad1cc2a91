import type { IncomingHttpHeaders } from 'node:http';

/**
 * How many seconds a reply says it stays fresh (RFC 9111 4.2), counted from `now` (milliseconds): `Cache-Control`
 * before `Expires`, less the `Age` it has already. 0 for what must not be reused; `undefined` when it does not say.
 */
export function freshnessLifetime(headers: IncomingHttpHeaders, now: number): number | undefined {
  const directives = (headers['cache-control'] ?? '')
    .toLowerCase()
    .split(',')
    .map((part) => part.trim());
  if (directives.includes('no-store') || directives.includes('no-cache')) return 0;
  const maxAge = directives
    .map((part) => /^max-age="?(\d{1,10})"?$/.exec(part)?.[1])
    .find((value) => value !== undefined);
  if (maxAge !== undefined) return Math.max(0, Number(maxAge) - age(headers));
  if (headers.expires === undefined) return undefined;
  const expires = Date.parse(headers.expires);
  // RFC 9111 5.3: an invalid Expires, such as 0, is one in the past.
  if (Number.isNaN(expires)) return 0;
  const date = Date.parse(headers.date ?? '');
  return Math.max(0, Math.floor((expires - (Number.isNaN(date) ? now : date)) / 1000) - age(headers));
}

function age(headers: IncomingHttpHeaders): number {
  return /^\d{1,10}$/.test(headers.age ?? '') ? Number(headers.age) : 0;
}
