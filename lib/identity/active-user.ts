import type { User, UserDirectory } from './users.js';

/**
 * The person as they are now, or undefined when they may not be let in: gone from the directory, or inactive. Without
 * a directory the host's own word, `known`, is all there is.
 */
export async function findActiveUser(directory: UserDirectory | undefined, known: User): Promise<User | undefined> {
  if (isInactive(known)) return undefined;
  if (!directory) return known;
  const user = await directory.find(known.id);
  return user && !isInactive(user) ? user : undefined;
}

function isInactive({ status = 'active' }: User): boolean {
  return status !== 'active';
}
