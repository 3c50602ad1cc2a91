import type { ServerResponse } from 'node:http';
import type { OAuthError } from '../errors.js';
import { sendError, visibleAscii } from '../http/reply.js';

/** What challenges tell. */
export interface ChallengeFacts {
  /** The issuer whose tokens are taken. */
  readonly realm: string;
  /** Told where scopes are lacking. */
  readonly scope: string;
  /** The JWS algorithms that DPoP proofs may have (RFC 9449 7.1). */
  readonly algorithms: readonly string[];
  /** A URL, told always (RFC 9728 5.1). */
  readonly resourceMetadata?: string | undefined;
}

/**
 * Refuses a request at a protected resource with a Bearer challenge (RFC 6750 3), or with a DPoP one where that is how
 * the token came, or should have come (RFC 9449 7.1). What is no matter of the token is answered without a challenge.
 */
export function refuseBearer(response: ServerResponse, failure: OAuthError, facts: ChallengeFacts): void {
  const challenge = challengeOf(failure, response.req.headers.authorization, facts);
  const headers = challenge === undefined ? {} : { 'WWW-Authenticate': challenge };
  sendError(response, failure, headers, isOfProof(failure) ? 401 : failure.status);
}

/** Whether the DPoP proof is at fault: for that the authorization server answers 400, a protected resource 401. */
export function isOfProof({ error }: OAuthError): boolean {
  return error === 'invalid_dpop_proof' || error === 'use_dpop_nonce';
}

function challengeOf(failure: OAuthError, authorization: string | undefined, facts: ChallengeFacts) {
  const { status, reason, error, description } = failure;
  if (status >= 500 || status === 405) return undefined;
  const { realm, scope, algorithms, resourceMetadata } = facts;
  const metadata = resourceMetadata === undefined ? '' : `, resource_metadata="${resourceMetadata}"`;
  // RFC 6750 3.1: a request without a token learns nothing but that it needs one.
  if (reason === 'token_missing') return `Bearer realm="${realm}"${metadata}`;
  const dpop = reason === 'token_scheme_mismatch' || /^DPoP\b/i.test(authorization ?? '');
  const start = dpop ? `DPoP realm="${realm}", algs="${algorithms.join(' ')}"` : `Bearer realm="${realm}"`;
  const named = reason === 'scope_insufficient' ? `, scope="${scope}"` : '';
  return `${start}${metadata}, error="${error}", error_description="${visibleAscii(description)}"${named}`;
}
