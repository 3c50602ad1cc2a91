import { describe, expect, it } from '@jest/globals';
import { findNamedUser } from '../../lib/identity/named-user.js';
import { userList } from '../../lib/identity/user-list.js';
import type { User } from '../../lib/identity/users.js';
import { OptionsError } from '../../lib/options.js';

const john: User = { id: 'u-1', username: 'johndoe', email: 'John.Doe@Example.com', name: 'John Doe' };
const jane: User = { id: 'u-2', username: 'jane', email: 'jane@example.com', status: 'inactive' };

const paths = (users: readonly User[]) => {
  try {
    userList(users, 'users');
  } catch (thrown) {
    if (thrown instanceof OptionsError) return thrown.mistakes.map(({ path, message }) => `${path}: ${message}`);
    throw thrown;
  }
  return [];
};

describe('a list of users', () => {
  const list = userList([john, jane]);

  it('finds by id, username and normal address, and nothing else', () => {
    expect(list.find({ id: 'u-1' })).toEqual(john);
    expect(list.find({ username: 'johndoe' })).toEqual(john);
    expect(list.find({ email: 'john.doe@example.com' })).toEqual(john);
    for (const key of [{ id: 'johndoe' }, { username: 'u-1' }, { username: 'JOHNDOE' }, { email: 'johndoe' }]) {
      expect(list.find(key)).toBeUndefined();
    }
    for (const name of ['__proto__', 'constructor', '']) expect(list.find({ id: name })).toBeUndefined();
  });

  it('shows inactive people as they are: who asks decides', () => {
    expect(list.find({ id: 'u-2' })).toEqual(jane);
  });

  it.each<[string, readonly User[], string[]]>([
    ['an id twice', [john, { id: 'u-1' }], ['users[1].id: is taken']],
    ['a username twice', [john, { id: 'x', username: 'johndoe' }], ['users[1].username: is taken']],
    ['twin addresses', [john, { id: 'x', email: ' JOHN.DOE@example.COM' }], ['users[1].email: is taken']],
    [
      'a username that is the address of another',
      [john, { id: 'x', username: 'John.Doe@example.com' }],
      ["users[1].username: is another person's e-mail address"],
    ],
    [
      'an address that is a list',
      [{ id: 'x', email: 'a@b.example,c@d.example' }],
      ['users[0].email: is not one plain e-mail address'],
    ],
    ['an id that no token can carry', [{ id: 'é' }], ['users[0].id: must be 1 to 255 printable ASCII characters']],
    ['an unknown member', [{ id: 'x', colour: 1 } as User], ['users[0].colour: is not a known member']],
  ])('refuses %s and says where', (_what, users, mistakes) => {
    expect(paths(users)).toEqual(mistakes);
  });

  it('takes an address as the username of the same person', () => {
    expect(paths([{ ...john, username: 'john.doe@example.com' }])).toEqual([]);
  });
});

describe('people as requests name them', () => {
  const list = userList([john, jane]);

  it('takes what somebody types for a username or an address', async () => {
    expect(await findNamedUser(list, { login: 'johndoe' })).toEqual(john);
    expect(await findNamedUser(list, { login: ' JOHN.doe@example.com ' })).toEqual(john);
    expect(await findNamedUser(list, { email: 'JANE@EXAMPLE.COM' })).toEqual(jane);
    expect(await findNamedUser(list, { id: 'u-2' })).toEqual(jane);
  });

  it('finds nobody for a trick', async () => {
    expect(await findNamedUser(list, { login: 'jane@example.com,evil@attacker.example' })).toBeUndefined();
    expect(await findNamedUser(list, { email: '"jane"@example.com' })).toBeUndefined();
    expect(await findNamedUser(list, { login: 'u-1' })).toBeUndefined();
  });

  it('asks no directory for what is nobody’s name and some databases fail at', async () => {
    const asked: unknown[] = [];
    const directory = { find: (key: unknown) => void asked.push(key) };
    for (const name of ['jane\0', 'ja\nne', '\u007F', 'x'.repeat(321), 'x'.repeat(1e6)]) {
      for (const named of [{ login: name }, { id: name }, { username: name }]) {
        expect(await findNamedUser(directory, named)).toBeUndefined();
      }
    }
    expect(asked).toEqual([]);
    await findNamedUser(directory, { login: 'x'.repeat(320) });
    expect(asked).toEqual([{ username: 'x'.repeat(320) }]);
  });

  it('asks a directory of your own for both meanings at once, and never with an address as it was typed', async () => {
    const asked: unknown[] = [];
    const directory = { find: (key: unknown) => void asked.push(key) };
    await findNamedUser(directory, { login: 'Jane@Example.com' });
    await findNamedUser(directory, { login: 'jane' });
    expect(asked).toEqual([{ username: 'Jane@Example.com' }, { email: 'jane@example.com' }, { username: 'jane' }]);
  });
});
