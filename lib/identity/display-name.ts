import type { User } from './users.js';

/** What a page calls a person. */
export function displayName({ name, username, email, id }: User): string {
  return name ?? username ?? email ?? id;
}
