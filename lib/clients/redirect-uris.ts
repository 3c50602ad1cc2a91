/** RFC 3986 2: the characters a URI may have. `*` is legal there, but no redirect URI here is a pattern (RFC 9700 4.1.3). */
const uriCharacters = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()+,;=%]+$/;
const loopbackLiteral = /^http:\/\/(?:127\.0\.0\.1|\[::1\])(?::\d{1,5})?(?:[/?]|$)/;
const maximumLength = 2048;

/**
 * Why a URI cannot be registered as redirect URI, in words that follow its name; `undefined` when it can.
 * Absolute and without fragment (RFC 6749 3.1.2), https, or http on a loopback IP literal (RFC 8252 7.3, 8.3), or a
 * private-use scheme with a period (RFC 8252 7.1). `localhost` is not a literal: RFC 8252 8.3 advises against it.
 */
export function redirectUriProblem(uri: string): string | undefined {
  if (uri.length > maximumLength) return `is longer than ${maximumLength} characters`;
  if (uri.includes('*')) return 'must not hold a wildcard: redirect URIs are compared as they stand';
  if (uri.includes('#')) return 'must not have a fragment (RFC 6749 3.1.2)';
  if (!uriCharacters.test(uri)) return 'holds a character that a URI cannot have';
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(uri)?.[1]?.toLowerCase();
  if (scheme === undefined || !URL.canParse(uri)) return 'must be an absolute URI';
  return scheme === 'https' || scheme === 'http' ? webProblem(uri) : privateUseProblem(scheme);
}

function webProblem(uri: string): string | undefined {
  // The URL parser takes `https:host` and `https:/host` for `https://host`; a browser and a string comparison do not.
  const authority = /^https?:\/\/([^/?]+)/.exec(uri)?.[1];
  if (authority === undefined) return 'must be an absolute URI with a host';
  if (authority.includes('@')) return 'must not have user information';
  if (uri.startsWith('http:') && !loopbackLiteral.test(uri)) {
    return 'must use https; http is for 127.0.0.1 and [::1] alone (RFC 8252 8.3)';
  }
  return undefined;
}

function privateUseProblem(scheme: string): string | undefined {
  if (scheme.includes('.')) return undefined;
  // `javascript`, `data`, `vbscript` and `file` have no period either.
  return `has the scheme "${scheme}", which is refused: a private-use scheme needs a period (RFC 8252 7.1)`;
}
