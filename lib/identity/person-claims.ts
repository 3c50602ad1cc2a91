import type { User } from './users.js';

type ClaimMembers = Readonly<Record<string, 'name' | 'username' | 'email'>>;

/** The claims each scope gives (OpenID Connect Core 5.1, 5.4), and where a user has them. */
const claimsOfScopes: ReadonlyMap<string, ClaimMembers> = new Map<string, ClaimMembers>([
  ['profile', { name: 'name', preferred_username: 'username' }],
  ['email', { email: 'email' }],
]);

/** What these scopes allow to be told of a person, beside `sub`. What is not known is left out (Core 5.3.2). */
export function personClaims(user: User, scopes: readonly string[]): Readonly<Record<string, string>> {
  const claims: Record<string, string> = {};
  for (const scope of scopes) {
    for (const [claim, member] of Object.entries(claimsOfScopes.get(scope) ?? {})) {
      const value: unknown = user[member];
      // A host's record may well have null.
      if (typeof value === 'string' && value !== '') claims[claim] = value;
    }
  }
  return claims;
}

/** The names of all claims that these scopes may give. */
export function claimNames(scopes: readonly string[]): string[] {
  return scopes.flatMap((scope) => Object.keys(claimsOfScopes.get(scope) ?? {}));
}
