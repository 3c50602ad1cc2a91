import { z } from 'zod';
import { OptionsError, parseOptions } from '../options.js';
import { normalizeAddress } from './addresses.js';
import type { User, UserDirectory, UserKey } from './users.js';

/** One person of a list. */
export const userSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[\x21-\x7E]{1,255}$/, 'must be 1 to 255 printable ASCII characters')
    .describe("The `sub` of the person's tokens: printable ASCII (OpenID Connect Core 2)."),
  username: z.string().min(1).optional().describe('What the person may type instead of the address.'),
  email: z
    .string()
    .refine((text) => normalizeAddress(text) !== undefined, 'is not one plain e-mail address')
    .optional()
    .describe('Where codes and links go.'),
  name: z.string().min(1).optional().describe('What pages and ID tokens call the person.'),
  status: z.enum(['active', 'inactive']).optional().describe('`inactive`: refused everywhere.'),
});

const usersSchema = z.array(userSchema);

/**
 * A directory over an array. Ids, usernames and e-mail addresses belong to one person each, and nobody's username is
 * another's address: a person who types it must be nobody else. Throws OptionsError; `at` stands before each path.
 */
export function userList(users: readonly User[], at = ''): UserDirectory {
  const list = parseOptions(usersSchema, users, at);
  const ids = new Map<string, User>();
  const usernames = new Map<string, User>();
  const emails = new Map<string, User>();
  const mistakes: { path: string; message: string }[] = [];
  const enter = (index: ReadonlyMap<string, User> & Map<string, User>, key: string, user: User, path: string) => {
    if (index.has(key)) mistakes.push({ path, message: 'is taken' });
    else index.set(key, user);
  };
  list.forEach((user, position) => {
    const path = `${at}[${position}]`;
    enter(ids, user.id, user, `${path}.id`);
    if (user.username !== undefined) enter(usernames, user.username, user, `${path}.username`);
    const email = user.email === undefined ? undefined : normalizeAddress(user.email);
    if (email !== undefined) enter(emails, email, user, `${path}.email`);
  });
  list.forEach(({ id, username }, position) => {
    const address = username === undefined ? undefined : normalizeAddress(username);
    const owner = address === undefined ? undefined : emails.get(address);
    if (owner && owner.id !== id)
      mistakes.push({ path: `${at}[${position}].username`, message: "is another person's e-mail address" });
  });
  if (mistakes.length > 0) throw new OptionsError(mistakes);
  return { find: (key) => lookUp(key) };

  function lookUp(key: UserKey): User | undefined {
    if ('id' in key) return ids.get(key.id);
    return 'username' in key ? usernames.get(key.username) : emails.get(key.email);
  }
}
