import type { IncomingMessage, ServerResponse } from 'node:http';
import { OAuthError } from '../../errors.js';
import { requestPath } from '../../http/request-path.js';
import type { Soon } from '../../soon.js';
import type { ProofTarget, ProofVerifier } from './proof-verifier.js';

/**
 * The thumbprint of the key that a request proves by DPoP (RFC 9449 4), or undefined where it has no proof. Puts a
 * `DPoP-Nonce` on the reply when one is asked for, or is about to end (RFC 9449 8, 8.2). Rejects as `verify` does.
 */
export function provenKeyOf(
  request: IncomingMessage,
  response: ServerResponse,
  verifier: ProofVerifier,
  token?: ProofTarget['token'],
): Soon<string | undefined> {
  // `headersDistinct` copies every header of the request.
  if (request.headers.dpop !== undefined) return verifiedKey(request, response, verifier, token);
}

async function verifiedKey(
  request: IncomingMessage,
  response: ServerResponse,
  verifier: ProofVerifier,
  token: ProofTarget['token'],
): Promise<string | undefined> {
  const target = { method: request.method ?? '', path: requestPath(request), ...(token && { token }) };
  try {
    const proven = await verifier.verify(request.headersDistinct.dpop ?? [], target);
    if (proven?.freshNonce !== undefined) response.setHeader('DPoP-Nonce', proven.freshNonce);
    return proven?.jkt;
  } catch (thrown) {
    if (thrown instanceof OAuthError && thrown.error === 'use_dpop_nonce') offerNonce(response, verifier);
    throw thrown;
  }
}

/** Spares a client that must prove its key the round trip for a nonce. */
export function offerNonce(response: ServerResponse, { nonce }: ProofVerifier): void {
  if (nonce !== undefined) response.setHeader('DPoP-Nonce', nonce);
}
