/** What RFC 3986 2 allows in a URI. WHATWG parsers also take blanks, backslashes and control characters. */
const uriCharacters = /^https?:\/\/[\w.~:/?#[\]@!$&'()*+,;=%-]+$/i;
const unreserved = /^[\w.~-]$/;

/**
 * An http(s) URI without query and fragment in the one spelling that is compared (RFC 9449 4.3, RFC 3986 6.2.2, 6.2.3):
 * lower-case scheme and host, no default port, no dot segments, `/` for an empty path, percent-encoding in upper case
 * and only where it is needed. Undefined for what is no such URI, or has a user name in it.
 */
export function normalizedUrl(uri: string): string | undefined {
  if (!uriCharacters.test(uri) || !URL.canParse(uri)) return undefined;
  const { origin, pathname, username, password } = new URL(uri);
  if (username !== '' || password !== '') return undefined;
  return origin + pathname.replace(/%[0-9a-f]{2}/gi, shortest);
}

function shortest(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
  return unreserved.test(character) ? character : encoded.toUpperCase();
}
