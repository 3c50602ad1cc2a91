import { OAuthError } from '../../errors.js';
import { normalizeAddress } from '../../identity/addresses.js';
import { findNamedUser, type NamedUser } from '../../identity/named-user.js';
import type { IdentityPool } from '../../identity/pool.js';
import type { User } from '../../identity/users.js';

/** The members of a request to the identity API, as they came. Others than those asked for are not looked at. */
export type Members = ReadonlyMap<string, unknown>;

/** A member that is a string; an empty one counts as absent. Throws `parameter_invalid`. */
export function optionalMember(members: Members, name: string): string | undefined {
  const value = members.get(name);
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw invalid(name, 'must be a string');
}

/** The same; throws `parameter_missing` too. */
export function requiredMember(members: Members, name: string): string {
  const value = optionalMember(members, name);
  if (value !== undefined) return value;
  throw new OAuthError('parameter_missing', {
    description: `The member ${name} is missing.`,
    detail: { parameter: name },
  });
}

/** Every way in which the request names the user. `identifier` is a username or an address. */
export function namedUsers(members: Members): readonly NamedUser[] {
  const id = optionalMember(members, 'userID');
  const login = optionalMember(members, 'identifier');
  const address = optionalMember(members, 'address');
  return [
    ...(id === undefined ? [] : [{ id }]),
    ...(login === undefined ? [] : [{ login }]),
    ...(address === undefined ? [] : [{ email: plainAddress(address) }]),
  ];
}

/**
 * The one user whom all these names mean. Throws `parameter_missing` when there is no name, `user_unknown`, or
 * `user_ambiguous`: an address that is not the user's is one too.
 */
export async function findOneUser({ users }: IdentityPool, names: readonly NamedUser[]): Promise<User> {
  const found = await Promise.all(names.map((name) => findNamedUser(users, name)));
  const [user, ...others] = found;
  if (found.length === 0) throw nobodyNamed();
  if (found.every((each) => each === undefined))
    throw new OAuthError('user_unknown', { detail: { named_by: kindsOf(names) } });
  if (user && others.every((other) => other?.id === user.id)) return user;
  throw new OAuthError('user_ambiguous', { detail: { named_by: kindsOf(names) } });
}

/** The members that named somebody. Not their values: an address has no place in a log. */
function kindsOf(names: readonly NamedUser[]): string[] {
  return names.map((name) => ('id' in name ? 'userID' : 'login' in name ? 'identifier' : 'address'));
}

/** Throws `parameter_missing`. */
export function nobodyNamed(): OAuthError {
  return new OAuthError('parameter_missing', {
    description: 'Name the user by userID, identifier or address.',
    detail: { parameter: 'userID' },
  });
}

function plainAddress(address: string): string {
  const email = normalizeAddress(address);
  if (email === undefined) throw invalid('address', 'is not one plain e-mail address');
  return email;
}

function invalid(name: string, what: string): OAuthError {
  return new OAuthError('parameter_invalid', {
    description: `The member ${name} ${what}.`,
    detail: { parameter: name },
  });
}
