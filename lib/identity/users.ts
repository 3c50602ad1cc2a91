/** A person, as tokens describe them. */
export interface User {
  /** The `sub` of the person's tokens: at most 255 ASCII characters, never reassigned (OpenID Connect Core 2). */
  readonly id: string;
  readonly username?: string;
  readonly email?: string;
  readonly name?: string;
  /** `inactive` is refused everywhere. Absent means active. */
  readonly status?: 'active' | 'inactive';
}

/** One of a person's names. An e-mail address comes as `normalizeAddress` writes it: compare it with such a one. */
export type UserKey = { readonly id: string } | { readonly username: string } | { readonly email: string };

/** A host's own user database plugs in with this one function. */
export interface UserDirectory {
  /** The person of this id, username or e-mail address, or undefined. */
  find(key: UserKey): Promise<User | undefined> | User | undefined;
}

/** A person who has signed in, as the host's `authenticateUser` hook tells it. */
export interface SignedInUser extends User {
  /** Seconds since 1970 at which the person proved who they are: the ID token's `auth_time`. */
  readonly authTime?: number;
}
