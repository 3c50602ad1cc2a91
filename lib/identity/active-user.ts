import type { User, UserDirectory } from './users.js';

/**
 * The person as they are now, or undefined when they may not be let in: gone from the directory, or inactive. Without
 * a directory the host's own word, `known`, is all there is.
 */
export async function findActiveUser(directory: UserDirectory | undefined, known: User): Promise<User | undefined> {
  if (isInactive(known)) return undefined;
  if (!directory) return known;
  const user = await directory.find({ id: known.id });
  // A database that ignores case may find another person, whose subject must not slip into the token.
  return user?.id === known.id && !isInactive(user) ? user : undefined;
}

/** Whether the person must be refused. */
export function isInactive({ status = 'active' }: User): boolean {
  return status !== 'active';
}
