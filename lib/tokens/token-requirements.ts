import type { IncomingMessage } from 'node:http';
import { certificateWarnings } from '../certificates/header-warnings.js';
import { OAuthError } from '../errors.js';
import { matchesScope } from '../grants/scope.js';
import type { Workspace } from '../workspaces/workspace.js';
import type { AccessTokenClaims } from './access-tokens.js';

/**
 * Holds a bound token against the certificate of its connection (RFC 8705 3, RFC 7800 3.1): what cannot be checked is
 * not taken for a bearer token. Throws `token_binding_mismatch`.
 */
export function requireBinding(
  { cnf }: AccessTokenClaims,
  { proxies, warn }: Workspace,
  request: IncomingMessage,
): void {
  if (cnf === undefined) return;
  const expected = cnf['x5t#S256'];
  const { certificate, problem, headerName } = proxies.certificateOf(request);
  if (problem) warn(certificateWarnings[problem], { header: headerName });
  const found = certificate?.digest;
  if (expected !== undefined && expected === found && Object.keys(cnf).length === 1) return;
  throw new OAuthError('token_binding_mismatch', { detail: { expected: cnf, found } });
}

/** Every one of `needed` must have been granted; a needed pattern is met by something below it. Throws `scope_insufficient`. */
export function requireScopes({ scope }: AccessTokenClaims, needed: readonly string[]): void {
  const granted = scope.split(' ');
  const missing = needed.filter((each) => !granted.some((one) => matchesScope(each, one)));
  if (missing.length > 0) throw new OAuthError('scope_insufficient', { detail: { missing } });
}
