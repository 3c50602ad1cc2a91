import type { RegisteredClient } from '../clients/client.js';
import { OAuthError } from '../errors.js';
import { scopeToken } from '../workspaces/policy.js';
import type { WorkspaceServices } from '../workspaces/services.js';

/** Scopes that speak of a person; without one they are dropped (OpenID Connect Core 5.4, 11). */
const scopesOfPersons: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access']);

const maximumScopes = 100;
const maximumLength = 4096;

type ScopeRules = Pick<RegisteredClient, 'scopes'>;
type KnownScopes = Pick<WorkspaceServices, 'knowsScope'>;

/**
 * The scopes a token request gets: all it asks for, or none of it. Without a `scope` parameter, the client's registered
 * ones but offline_access. Throws `scope_malformed` or `scope_not_allowed` (RFC 6749 3.3, 5.2).
 */
export function grantScopes(
  requested: string | undefined,
  client: ScopeRules,
  workspace: KnownScopes,
  { user }: { readonly user: boolean },
): string[] {
  const asked = requested === undefined ? defaultScopes(client, workspace) : parseScopes(requested);
  const refused = asked.filter((scope) => !isAllowed(scope, client, workspace));
  if (refused.length > 0) {
    throw new OAuthError('scope_not_allowed', { detail: refusedScopes(refused, client, workspace) });
  }
  return user ? asked : asked.filter((scope) => !scopesOfPersons.has(scope));
}

/**
 * The scopes an authorization request gets: what is not allowed is dropped and told in the token reply. Throws
 * `scope_malformed`, or `scope_not_allowed` when nothing that was asked for is left (standards row AUT-08).
 */
export function narrowScopes(
  requested: string | undefined,
  client: ScopeRules,
  workspace: KnownScopes,
): { scopes: string[]; dropped: string[] } {
  const asked = requested === undefined ? defaultScopes(client, workspace) : parseScopes(requested);
  const scopes = asked.filter((scope) => isAllowed(scope, client, workspace));
  const dropped = asked.filter((scope) => !scopes.includes(scope));
  if (asked.length > 0 && scopes.length === 0) {
    throw new OAuthError('scope_not_allowed', { detail: refusedScopes(dropped, client, workspace) });
  }
  return { scopes, dropped };
}

/**
 * The scopes of one access token of a grant: all that was granted, or the part a refresh asks for, without what the
 * client may no longer have. What was asked at the start and dropped is left out once more; anything else that was not
 * granted throws `scope_not_allowed` (RFC 6749 6).
 */
export function narrowGrant(
  requested: string | undefined,
  grant: { readonly scopes: readonly string[]; readonly asked: readonly string[] },
  client: ScopeRules,
  workspace: KnownScopes,
): string[] {
  const granted = grant.scopes.filter((scope) => isAllowed(scope, client, workspace));
  const wanted = requested === undefined ? granted : parseScopes(requested);
  const refused = wanted.filter((scope) => !grant.scopes.includes(scope) && !grant.asked.includes(scope));
  const scopes = granted.filter((scope) => wanted.includes(scope));
  if (refused.length > 0 || (scopes.length === 0 && grant.scopes.length > 0)) {
    throw new OAuthError('scope_not_allowed', { detail: { refused, granted: grant.scopes } });
  }
  return scopes;
}

/** Splits a `scope` value; each value once, in the order sent. Throws `scope_malformed`. */
export function parseScopes(text: string): string[] {
  const scopes = new Set(text.split(' ').filter((scope) => scope !== ''));
  const wellFormed =
    text.length <= maximumLength &&
    scopes.size <= maximumScopes &&
    [...scopes].every((scope) => scopeToken.test(scope));
  if (!wellFormed) throw new OAuthError('scope_malformed', { detail: { length: text.length, values: scopes.size } });
  return [...scopes];
}

/** Whether `scope` is the pattern itself or, for `accounts.*`, something concrete below it. */
export function matchesScope(pattern: string, scope: string): boolean {
  if (pattern === scope) return true;
  if (!pattern.endsWith('.*')) return false;
  const stem = pattern.slice(0, -1);
  return scope.length > stem.length && scope.startsWith(stem) && !scope.includes('*');
}

function defaultScopes({ scopes }: ScopeRules, { knowsScope }: KnownScopes): string[] {
  // A pattern is permission to ask for something concrete, and nothing by itself.
  return scopes.filter((scope) => scope !== 'offline_access' && !scope.endsWith('.*') && knowsScope(scope));
}

/** For the operator: the client may lack the scope, or the workspace may not know it. */
function refusedScopes(refused: readonly string[], { scopes }: ScopeRules, { knowsScope }: KnownScopes) {
  return { refused, registered: scopes, unknown_to_workspace: refused.filter((scope) => !knowsScope(scope)) };
}

function isAllowed(scope: string, { scopes }: ScopeRules, workspace: KnownScopes): boolean {
  return !scope.endsWith('.*') && workspace.knowsScope(scope) && scopes.some((pattern) => matchesScope(pattern, scope));
}
