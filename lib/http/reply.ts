import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { OAuthError } from '../errors.js';
import { ExplainedError } from '../explanations/explained-error.js';

/** RFC 6749 5.1: no cache may keep what a back-channel endpoint answers. */
const noStore = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const;

const correlationId = Symbol('X-Correlation-Id');

/**
 * Gives a reply its X-Correlation-Id. What this module writes has it in its one head: a header that was set before makes
 * Node build that head one header at a time.
 */
export function nameReply(response: NamedResponse, id: string): void {
  response[correlationId] = id;
}

type NamedResponse = ServerResponse & { [correlationId]?: string };

/** One JSON reply in one write. `headers` win over ours; a `Cache-Control` among them replaces the whole no-store. */
export function sendJson(response: ServerResponse, status: number, body: unknown, headers?: OutgoingHttpHeaders): void {
  send(response, status, 'application/json', JSON.stringify(body), headers);
}

/** One signed JWT as the whole reply (OpenID Connect Core 5.3.2, RFC 9701 5). */
export function sendJwt(response: ServerResponse, jwt: string, type = 'application/jwt'): void {
  send(response, 200, type, jwt);
}

/** A reply that says all by its status (RFC 7009 2.2, RFC 7592 2.3). */
export function sendEmpty(response: ServerResponse, status: number): void {
  // RFC 9110 8.6: 204 has no length.
  response.writeHead(status, { ...named(response), ...(status !== 204 && { 'Content-Length': 0 }), ...noStore });
  response.end();
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  text: string,
  headers?: OutgoingHttpHeaders,
): void {
  const id = (response as NamedResponse)[correlationId];
  const length = Buffer.byteLength(text);
  // One literal, as every reply of the token endpoint has these: spread together they cost several times as much.
  const head: OutgoingHttpHeaders = {
    'X-Correlation-Id': id,
    'Content-Type': type,
    'Content-Length': length,
    'Cache-Control': 'no-store',
    Pragma: 'no-cache',
  };
  if (id === undefined) delete head['X-Correlation-Id'];
  if (headers !== undefined && 'Cache-Control' in headers) delete head.Pragma;
  response.writeHead(status, headers === undefined ? head : Object.assign(head, headers));
  response.end(text);
}

function named(response: NamedResponse): OutgoingHttpHeaders | undefined {
  const id = response[correlationId];
  return id === undefined ? undefined : { 'X-Correlation-Id': id };
}

/** A failure as RFC 6749 5.2 wants it. */
export function sendError(
  response: ServerResponse,
  failure: OAuthError,
  headers: OutgoingHttpHeaders = {},
  status = failure.status,
): void {
  sendJson(response, status, errorBody(failure), Object.assign(extraHeaders(failure), headers));
}

/** What the caller reads of a failure (RFC 6749 5.2); with `explain_in_reply` the private part too. */
export function errorBody(failure: OAuthError) {
  const { error, description } = failure;
  const told = { error, error_description: visibleAscii(description) };
  return failure instanceof ExplainedError ? { ...told, explanation: failure.explanation } : told;
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
  if (status === 429 && detail.retry_after !== undefined) return { 'Retry-After': String(detail.retry_after) };
  if (status === 503) return { 'Retry-After': '2' };
  return {};
}
