import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { OAuthError } from '../errors.js';

/** RFC 6749 5.1: no cache may keep what a back-channel endpoint answers. */
const noStore = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const;

/** One JSON reply in one write. `headers` win over ours; a `Cache-Control` among them replaces the whole no-store. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    ...('Cache-Control' in headers ? undefined : noStore),
    ...headers,
  });
  response.end(text);
}

/** A failure as RFC 6749 5.2 wants it: what is public of it, never its reason. */
export function sendError(response: ServerResponse, failure: OAuthError, headers: OutgoingHttpHeaders = {}): void {
  sendJson(
    response,
    failure.status,
    { error: failure.error, error_description: visibleAscii(failure.description) },
    { ...extraHeaders(failure), ...headers },
  );
}

/**
 * The challenge that goes with every failed client authentication. Clients such as oauth4webapi read it before the
 * body, so it names the error too (RFC 9110 11.6.1, RFC 6749 5.2).
 */
export function basicChallenge(issuer: string): string {
  return `Basic realm="${issuer}", error="invalid_client"`;
}

/** The characters an `error_description` may have (RFC 6749 5.2): printable ASCII without quote and backslash. */
export function visibleAscii(text: string): string {
  return text.replace(/[^\x20-\x21\x23-\x5B\x5D-\x7E]/g, '?');
}

function extraHeaders({ reason, status, detail }: OAuthError): OutgoingHttpHeaders {
  if (reason === 'method_not_allowed') return { Allow: String(detail.allow ?? 'POST') };
  if (status === 413) return { Connection: 'close' };
  if (status === 503) return { 'Retry-After': '2' };
  return {};
}
