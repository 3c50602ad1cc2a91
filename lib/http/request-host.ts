import type { IncomingMessage } from 'node:http';

const plainHost = /^(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/;

/**
 * The host a request says it was sent to, written as in URLs: lower case, without port 443. Undefined when it says none,
 * or what is none. It chooses among what is configured, and is never written into anything (standards row GEN-13).
 */
export function requestHost({ headers }: IncomingMessage): string | undefined {
  const [text] = [headers[':authority'] ?? headers.host].flat();
  const host = text?.toLowerCase();
  if (host === undefined || !plainHost.test(host)) return undefined;
  const url = `https://${host}`;
  return URL.canParse(url) ? new URL(url).host : undefined;
}
