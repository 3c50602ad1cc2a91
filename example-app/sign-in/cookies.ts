/** The cookies of a Cookie header, by name. Of two with one name the first counts (RFC 6265 5.4). */
export function parse(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals).trim();
    if (equals > 0 && !cookies.has(name)) cookies.set(name, pair.slice(equals + 1).trim());
  }
  return cookies;
}

/** A Set-Cookie value as the `__Host-` prefix asks for it (RFC 6265bis 4.1.3.2). `value` is made of cookie octets. */
export function serialize(name: string, value: string, maxAgeSeconds: number): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; Secure; SameSite=Lax`;
}
