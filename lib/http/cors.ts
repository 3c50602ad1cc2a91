import type { IncomingMessage, ServerResponse } from 'node:http';

/** What scripts of other origins may send and read: all that DPoP and a failed request need, and no cookies. */
const requestHeaders = 'authorization, content-type, dpop';
const exposedHeaders = 'dpop-nonce, www-authenticate, retry-after, x-correlation-id';
/** Seconds for which a browser need not ask again. Chromium keeps it no longer than 7200. */
const preflightAge = 7200;

/** Whether a text is an origin just as browsers send it (RFC 6454 6.1), and neither `null` nor a pattern. */
export function isWebOrigin(text: string): boolean {
  return /^https?:\/\/[a-z\d.:[\]-]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/**
 * Lets scripts of the origins in `allowed` read the reply, errors included. Credentials mode stays off: what these
 * endpoints know a caller by never is a cookie (RFC 9700 2.6).
 */
export function shareReply(
  { headers: { origin } }: IncomingMessage,
  response: ServerResponse,
  allowed: ReadonlySet<string>,
): void {
  withdrawCors(response);
  // Also for callers without an Origin: a cache must not hand their copy to a script (Fetch, CORS and HTTP caches).
  response.appendHeader('Vary', 'Origin');
  if (origin === undefined || !allowed.has(origin)) return;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Expose-Headers', exposedHeaders);
}

/** Answers OPTIONS after `shareReply`: what a script may send, where it may send anything. */
export function answerPreflight(response: ServerResponse, methods: readonly string[]): void {
  const listed = methods.join(', ');
  response.writeHead(204, {
    Allow: `${listed}, OPTIONS`,
    ...(response.hasHeader('Access-Control-Allow-Origin') && {
      'Access-Control-Allow-Methods': listed,
      'Access-Control-Allow-Headers': requestHeaders,
      'Access-Control-Max-Age': preflightAge,
    }),
  });
  response.end();
}

/**
 * Takes back the CORS headers that middleware of the host has set. Browsers come to the authorization endpoint by
 * navigation alone, and no script of another origin may read its answers (RFC 9700 2.6).
 */
export function withdrawCors(response: ServerResponse): void {
  for (const name of response.getHeaderNames()) if (name.startsWith('access-control-')) response.removeHeader(name);
}
