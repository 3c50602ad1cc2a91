import type { ServerResponse } from 'node:http';

/**
 * Takes back the CORS headers that middleware of the host has set. Browsers come to the authorization endpoint by
 * navigation alone, and no script of another origin may read its answers (RFC 9700 2.6).
 */
export function withdrawCors(response: ServerResponse): void {
  for (const name of response.getHeaderNames()) if (name.startsWith('access-control-')) response.removeHeader(name);
}
