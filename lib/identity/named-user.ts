import { normalizeAddress } from './addresses.js';
import type { User, UserDirectory, UserKey } from './users.js';

/** How a request names a person: a key, or `login`, what a person types: a username or an e-mail address. */
export type NamedUser = UserKey | { readonly login: string };

/** What is nobody's name, and what some databases fail at. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is control characters that are looked for.
const control = /[\0-\x1F\x7F]/;
/** Characters: an address has 254 at most. */
const longest = 320;

/**
 * The person so named, or undefined. A `login` is looked up as a username and, where it is an address, as one: both at
 * once, so that the time does not tell which of them somebody has. The username wins.
 */
export async function findNamedUser(directory: UserDirectory, named: NamedUser): Promise<User | undefined> {
  if (Object.values(named).some((name) => name.length > longest || control.test(name))) return undefined;
  if ('login' in named) {
    const email = normalizeAddress(named.login);
    const [byName, byAddress] = await Promise.all([
      directory.find({ username: named.login }),
      email === undefined ? undefined : directory.find({ email }),
    ]);
    return byName ?? byAddress;
  }
  if (!('email' in named)) return directory.find(named);
  const email = normalizeAddress(named.email);
  return email === undefined ? undefined : directory.find({ email });
}
