import type { ServerResponse } from 'node:http';
import type { OAuthError } from '../errors.js';
import { sendError, visibleAscii } from '../http/reply.js';

/**
 * Refuses a request at a protected resource with a Bearer challenge (RFC 6750 3). `realm` is the issuer whose tokens
 * are taken; `scope` is told where scopes are lacking. What is no matter of the token is answered without a challenge.
 */
export function refuseBearer(response: ServerResponse, failure: OAuthError, realm: string, scope: string): void {
  const challenge = challengeOf(failure, realm, scope);
  sendError(response, failure, challenge === undefined ? {} : { 'WWW-Authenticate': challenge });
}

function challengeOf({ status, reason, error, description }: OAuthError, realm: string, scope: string) {
  if (status >= 500 || status === 405) return undefined;
  const bare = `Bearer realm="${realm}"`;
  // RFC 6750 3.1: a request without a token learns nothing but that it needs one.
  if (reason === 'token_missing') return bare;
  const named = reason === 'scope_insufficient' ? `, scope="${scope}"` : '';
  return `${bare}, error="${error}", error_description="${visibleAscii(description)}"${named}`;
}
