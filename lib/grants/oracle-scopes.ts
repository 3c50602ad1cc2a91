import { OAuthError } from '../errors.js';
import type { TokenRequest } from './grant.js';
import type { MachineScopes } from './machine-token.js';
import { scopesAt } from './resource.js';
import { grantScopes, parseScopes } from './scope.js';

type KnownScopes = Parameters<typeof grantScopes>[2] & Parameters<typeof scopesAt>[3];

/** Every scope the client has, by `scope` and by its app roles. */
const everything = 'urn:opc:idm:__myscopes__';
const expiry = 'urn:opc:resource:expiry=';
/** Seconds, by Oracle's documentation. */
const lifetimes = { minimum: 60, maximum: 31_556_952 };

/**
 * The scopes of a client that acts for itself, where Oracle's two values of `scope` mean something:
 * `urn:opc:idm:__myscopes__` asks for every scope the client has, `urn:opc:resource:expiry=SECONDS` (60 to 31556952)
 * for a shorter life. Neither is granted as a scope. Throws `scope_malformed`, `scope_not_allowed` or
 * `scope_of_other_resource`.
 */
export function oracleScopes({ client, parameters, resource }: TokenRequest, workspace: KnownScopes): MachineScopes {
  const requested = parameters.get('scope');
  const asked = requested === undefined ? [everything] : parseScopes(requested);
  const named = asked.filter((scope) => scope !== everything && !scope.startsWith(expiry));
  const wantsAll = named.length === 0 || asked.includes(everything);
  const granted = (text: string | undefined) => {
    const scopes = grantScopes(text, client, workspace, { user: false, all: true });
    return scopesAt(resource === undefined ? [] : [resource], scopes, { byName: text !== undefined }, workspace);
  };
  const scopes = new Set([
    ...(wantsAll ? granted(undefined) : []),
    ...(named.length > 0 ? granted(named.join(' ')) : []),
  ]);
  const expiresIn = lifetimeOf(asked.filter((scope) => scope.startsWith(expiry)));
  return { scopes: [...scopes], ...(expiresIn !== undefined && { expiresIn }) };
}

function lifetimeOf(scopes: readonly string[]): number | undefined {
  const [scope] = scopes;
  if (scope === undefined) return undefined;
  const digits = scope.slice(expiry.length);
  const seconds = /^\d{1,8}$/.test(digits) ? Number(digits) : 0;
  if (scopes.length > 1 || seconds < lifetimes.minimum || seconds > lifetimes.maximum) {
    throw new OAuthError('scope_malformed', { detail: { scopes, seconds_allowed: lifetimes } });
  }
  return seconds;
}
