import type { ServerResponse } from 'node:http';
import type { OAuthError } from '../../errors.js';
import { visibleAscii } from '../../http/reply.js';
import type { Workspace } from '../../workspaces/workspace.js';
import type { Recipient } from './redirect-target.js';

type Destination = Pick<Recipient, 'redirectUri' | 'state'>;

/** Sends the browser back with a code (RFC 6749 4.1.2). */
export function redirectWithCode(response: ServerResponse, workspace: Workspace, to: Destination, code: string): void {
  seeOther(response, responseUri(workspace.issuer, to, { code }));
}

/** Sends the browser back with what is public of a failure (RFC 6749 4.1.2.1). */
export function redirectWithError(
  response: ServerResponse,
  workspace: Workspace,
  to: Destination,
  { error, description }: OAuthError,
): void {
  seeOther(response, responseUri(workspace.issuer, to, { error, error_description: visibleAscii(description) }));
}

/** A client whose request was answered before must not be answered twice; and where nobody can sign in it is of no use. */
export function mustBeToldOnPage({ error, reason }: OAuthError): boolean {
  return error === 'invalid_request_uri' || error === 'too_many_requests' || reason === 'sign_in_unavailable';
}

/**
 * The redirect URI with the answer appended to its own query, `state` as it was sent, and `iss` (RFC 9207 2), which
 * tells a client of several servers who has answered.
 */
export function responseUri(issuer: string, to: Destination, parameters: Readonly<Record<string, string>>): string {
  const { redirectUri, state } = to;
  const all = { ...parameters, ...(state !== undefined && { state }), iss: issuer };
  // Not `+` for a space: some clients decode the query as a URI and not as a form.
  const query = Object.entries(all).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return redirectUri + separator(redirectUri) + query.join('&');
}

function separator(uri: string): string {
  if (!uri.includes('?')) return '?';
  return uri.endsWith('?') || uri.endsWith('&') ? '' : '&';
}

/** 303: the browser goes on with GET and leaves behind what was posted (RFC 9700 4.12). */
export function seeOther(response: ServerResponse, location: string): void {
  response.writeHead(303, {
    Location: location,
    'Content-Length': 0,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
  });
  response.end();
}
