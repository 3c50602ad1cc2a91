import type { IncomingMessage, ServerResponse } from 'node:http';
import { certificateWarnings } from '../certificates/header-warnings.js';
import { OAuthError } from '../errors.js';
import { matchesScope } from '../grants/scope.js';
import type { Workspace } from '../workspaces/workspace.js';
import type { AccessTokenClaims } from './access-tokens.js';
import type { ProofVerifier } from './dpop/proof-verifier.js';
import { provenKeyOf } from './dpop/request-proof.js';
import type { PresentedToken } from './presented-token.js';

/** A request with an access token, and its reply. */
export interface TokenExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly presented: PresentedToken;
}

/** Who may say what a connection or a proof shows. */
export type BindingWitnesses = Pick<Workspace, 'proxies' | 'warn'> & { readonly proofs: ProofVerifier };

/**
 * Holds a bound token against the certificate of its connection (RFC 8705 3) and the key of its DPoP proof (RFC 9449
 * 7.1): each that its `cnf` names. What cannot be checked is not taken for a bearer token (RFC 7800 3.1). May put a
 * `DPoP-Nonce` on the reply. Rejects with `token_scheme_mismatch`, `token_binding_mismatch`, or what is wrong with the
 * proof.
 */
export async function requireBinding(
  { cnf }: Pick<AccessTokenClaims, 'cnf'>,
  { proxies, warn, proofs }: BindingWitnesses,
  { request, response, presented }: TokenExchange,
): Promise<void> {
  const expected = cnf?.jkt === undefined ? 'Bearer' : 'DPoP';
  if (presented.scheme !== expected) {
    throw new OAuthError('token_scheme_mismatch', { detail: { expected, found: presented.scheme } });
  }
  if (cnf === undefined) return;
  const { 'x5t#S256': digest, jkt, ...unknown } = cnf;
  if (Object.keys(unknown).length > 0 || (digest === undefined && jkt === undefined)) {
    throw new OAuthError('token_binding_mismatch', { detail: { expected: cnf } });
  }
  if (digest !== undefined) {
    const { certificate, problem, headerName } = proxies.certificateOf(request);
    if (problem) warn(certificateWarnings[problem], { header: headerName });
    const found = certificate?.digest;
    if (digest !== found) throw new OAuthError('token_binding_mismatch', { detail: { expected: cnf, found } });
  }
  if (jkt === undefined) return;
  const proven = await provenKeyOf(request, response, proofs, { value: presented.value, jkt });
  if (proven === undefined) throw new OAuthError('dpop_proof_missing');
}

/** Every one of `needed` must have been granted; a needed pattern is met by something below it. Throws `scope_insufficient`. */
export function requireScopes({ scope }: Pick<AccessTokenClaims, 'scope'>, needed: readonly string[]): void {
  const granted = scope.split(' ');
  const missing = needed.filter((each) => !granted.some((one) => matchesScope(each, one)));
  if (missing.length > 0) throw new OAuthError('scope_insufficient', { detail: { missing } });
}
