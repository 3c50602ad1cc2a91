import type { RegisteredClient } from '../clients/client.js';
import { OAuthError } from '../errors.js';
import { isScopePattern, scopesOfPersons, scopeToken } from '../workspaces/policy.js';
import type { WorkspaceServices } from '../workspaces/services.js';

const maximumScopes = 100;
const maximumLength = 4096;

type ScopeRules = Pick<RegisteredClient, 'scopes'>;
type KnownScopes = Pick<WorkspaceServices, 'knowsScope' | 'policy'>;

/**
 * The scopes a token request gets: all it asks for, or none of it. Without a `scope` parameter, the client's registered
 * ones but offline_access; of these the default ones, where the workspace has any, unless `all` are wanted. Throws `scope_malformed` or `scope_not_allowed` (RFC 6749 3.3, 5.2).
 */
export function grantScopes(
  requested: string | undefined,
  client: ScopeRules,
  workspace: KnownScopes,
  { user, all = false }: { readonly user: boolean; readonly all?: boolean },
): string[] {
  const unasked = () => (all ? registeredScopes(client, workspace) : defaultScopes(client, workspace));
  const asked = requested === undefined ? unasked() : parseScopes(requested);
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
 * client may no longer have, and with `standing` without what the person no longer allows. What was asked at the start
 * and dropped is left out once more; anything else that was not granted throws `scope_not_allowed` (RFC 6749 6).
 */
export function narrowGrant(
  requested: string | undefined,
  grant: { readonly scopes: readonly string[]; readonly asked: readonly string[] },
  client: ScopeRules,
  workspace: KnownScopes,
  standing: readonly string[] = grant.scopes,
): string[] {
  const granted = grant.scopes.filter((scope) => standing.includes(scope) && isAllowed(scope, client, workspace));
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

/** Whether `scope` is the pattern itself or, for `accounts.*` and `accounts:*`, something concrete below it. */
export function matchesScope(pattern: string, scope: string): boolean {
  if (pattern === scope) return true;
  if (!isScopePattern(pattern)) return false;
  const stem = pattern.slice(0, -1);
  return scope.length > stem.length && scope.startsWith(stem) && !scope.includes('*');
}

function registeredScopes({ scopes }: ScopeRules, { knowsScope }: KnownScopes): string[] {
  // A pattern is permission to ask for something concrete, and nothing by itself.
  return scopes.filter((scope) => scope !== 'offline_access' && !isScopePattern(scope) && knowsScope(scope));
}

function defaultScopes(client: ScopeRules, workspace: KnownScopes): string[] {
  const { scopes } = workspace.policy;
  const registered = registeredScopes(client, workspace);
  if (!Object.values(scopes).some((scope) => scope.default)) return registered;
  return registered.filter((scope) => Object.hasOwn(scopes, scope) && scopes[scope]?.default);
}

/** For the operator: the client may lack the scope, or the workspace may not know it. */
function refusedScopes(refused: readonly string[], { scopes }: ScopeRules, { knowsScope }: KnownScopes) {
  return { refused, registered: scopes, unknown_to_workspace: refused.filter((scope) => !knowsScope(scope)) };
}

function isAllowed(scope: string, { scopes }: ScopeRules, workspace: KnownScopes): boolean {
  return (
    !isScopePattern(scope) && workspace.knowsScope(scope) && scopes.some((pattern) => matchesScope(pattern, scope))
  );
}
