import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { ClientEntry } from '../../../index.js';
import { memoryStore } from '../../../lib/stores/memory.js';
import type { Store } from '../../../lib/stores/store.js';
import { clientKey } from '../../support/client-keys.js';
import { newSecret } from '../../support/methods.js';
import { specServer } from '../../support/spec-server.js';
import { noteSecret } from '../../support/suite-log.js';
import { unhurried } from '../../support/unhurried-store.js';

const secretKeys = [noteSecret(randomBytes(32).toString('base64'))];
const machine = {
  client_id: 'reports',
  grant_types: ['client_credentials'],
  token_endpoint_auth_method: 'client_secret_post' as const,
  scope: 'read',
};
const keyed = {
  client_id: 'keyed',
  grant_types: ['client_credentials'],
  token_endpoint_auth_method: 'private_key_jwt',
};
const [first, second] = ['one', 'two'].map((kid) => clientKey('P-256', { kid, alg: 'ES256' }).jwk);

/** One machine of a cluster. */
function node(store: Store = memoryStore(), secret_keys: string[] = secretKeys) {
  const spec = specServer({ store, secret_keys });
  const [workspace] = spec.router.workspaces;
  if (!workspace) throw new Error('there is a workspace');
  const { directory } = workspace;
  const token = async (client_id: string, client_secret: string) =>
    (await spec.token({ grant_type: 'client_credentials', client_id, client_secret })).status;
  return { directory, entries: directory.entries, token };
}

async function entryOf({ entries }: ReturnType<typeof node>, id: string, hashes = false): Promise<ClientEntry> {
  const entry = (await entries.all({ hashes })).find(({ client_id }) => client_id === id);
  if (!entry) throw new Error(`there is a client ${id}`);
  return JSON.parse(JSON.stringify(entry));
}

describe('entries of stored clients', () => {
  it('have what was registered, no defaults, and of secrets the ids', async () => {
    const here = node();
    const { secret } = await here.directory.add(machine);
    await here.directory.add({ ...keyed, jwks: { keys: [first ?? {}] } });
    expect(await entryOf(here, 'reports')).toEqual({
      ...machine,
      client_secrets: [{ id: secret?.id }],
    });
    expect(await entryOf(here, 'keyed')).toEqual({ ...keyed, jwks: { keys: [first] } });
    expect(JSON.stringify(await here.entries.all())).not.toContain(noteSecret(secret?.value ?? ''));
    expect(await entryOf(here, 'reports', true)).toMatchObject({
      client_secrets: [{ hash: expect.stringMatching(/^hmac-sha256:/) }],
    });
  });

  it('leave out clients that registered themselves, and those of the configuration', async () => {
    const here = node();
    await here.directory.add(machine, { origin: 'registered' });
    expect(await here.entries.all()).toEqual([]);
  });

  it('put back, change nothing', async () => {
    const here = node();
    await here.directory.add(machine);
    await here.directory.add({ ...keyed, jwks: { keys: [first ?? {}] } });
    for (const entry of await here.entries.all()) {
      expect(await here.entries.compare(entry)).toBeUndefined();
      expect(await here.entries.put(entry)).toBeUndefined();
    }
  });

  it('add, change and take away members and keys; secrets stay', async () => {
    const here = node();
    const { secret } = await here.directory.add({ ...machine, client_name: 'Reports' });
    const value = noteSecret(secret?.value ?? '');
    const changed = { ...machine, scope: 'read write', contacts: ['ops@example.com'] };
    expect(await here.entries.compare(changed)).toEqual({
      client_id: 'reports',
      change: 'changed',
      members: [
        { member: 'client_name', from: 'Reports' },
        { member: 'contacts', to: ['ops@example.com'] },
        { member: 'scope', from: 'read', to: 'read write' },
      ],
    });
    expect((await entryOf(here, 'reports')).scope).toBe('read');
    expect(await here.entries.put(changed)).toMatchObject({ change: 'changed' });
    expect(await here.entries.compare(changed)).toBeUndefined();
    expect(await here.token('reports', value)).toBe(200);

    await here.directory.add({ ...keyed, jwks: { keys: [first ?? {}] } });
    const rotated = await here.entries.put({ ...keyed, jwks: { keys: [second ?? {}] } });
    expect(rotated?.members).toEqual([
      expect.objectContaining({ member: expect.stringMatching(/^jwks\.keys\[/) }),
      expect.objectContaining({ member: expect.stringMatching(/^jwks\.keys\[/) }),
    ]);
    expect((await entryOf(here, 'keyed')).jwks).toEqual({ keys: [second] });
  });

  it('a new one gets a secret, told once; the second time changes nothing', async () => {
    const here = node();
    expect(await here.entries.compare(machine)).toMatchObject({
      change: 'added',
      members: expect.arrayContaining([{ member: 'client_secrets', to: 'one is made' }]),
    });
    expect(await here.directory.describe('reports')).toBeUndefined();
    // What a file from elsewhere lists is there for people.
    const made = await here.entries.put({ ...machine, client_secrets: [{ id: 'elsewhere' }] });
    expect(await here.token('reports', noteSecret(made?.secret?.value ?? ''))).toBe(200);
    expect(await here.entries.put(machine)).toBeUndefined();
  });

  it('with hashes move a client to another store: its secret works there, where secret_keys are the same', async () => {
    const [here, there, stranger] = [node(), node(), node(memoryStore(), [randomBytes(32).toString('base64')])];
    const { secret } = await here.directory.add(machine);
    const entry = await entryOf(here, 'reports', true);
    expect((await there.entries.put(entry))?.secret).toBeUndefined();
    expect(await there.token('reports', noteSecret(secret?.value ?? ''))).toBe(200);
    expect(await there.entries.compare(entry)).toBeUndefined();
    await expect(stranger.entries.put(entry)).rejects.toThrow('client_secrets[0]');
    expect(await stranger.entries.all()).toEqual([]);
  });

  it('do not bring back a secret that was revoked', async () => {
    const here = node();
    const { secret } = await here.directory.add(machine);
    const old = await entryOf(here, 'reports', true);
    await here.directory.secrets.rotate('reports');
    await here.directory.secrets.revoke('reports', secret?.id ?? '');
    expect(await here.entries.compare(old)).toBeUndefined();
    await here.entries.put({ ...old, scope: 'read write' });
    expect(await here.token('reports', noteSecret(secret?.value ?? ''))).toBe(401);
  });

  it('say which secrets end with a method that has none', async () => {
    const here = node();
    const { secret } = await here.directory.add(machine);
    const { client_id } = machine;
    const change = await here.entries.put({ ...keyed, client_id, scope: 'read', jwks: { keys: [first ?? {}] } });
    expect(change?.members).toContainEqual({ member: `client_secrets[${secret?.id}]`, from: 'a secret' });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['an unknown member', { ...machine, colour: 'red' }, 'colour: is not a known member'],
    ['a grant that is none', { ...machine, grant_types: ['implicit'] }, 'grant_types'],
    ['an id that is none', { ...machine, client_id: '\ud800' }, 'client_id: must be 1 to 255'],
    ['a plain secret', { ...machine, client_secret: newSecret() }, 'client_secret: is never imported'],
    [
      'a plain secret in the list',
      { ...machine, client_secrets: [{ id: 'a', value: newSecret() }] },
      'client_secrets[0].value',
    ],
    [
      'a secret without id',
      { ...machine, client_secrets: [{ hash: `sha256:${'0'.repeat(64)}` }] },
      'client_secrets[0].id',
    ],
    ['secrets that are no list', { ...machine, client_secrets: 'x' }, 'client_secrets: must be an array'],
    ['nothing for a secret', { ...machine, client_secrets: [null] }, 'client_secrets[0].id'],
    [
      'an algorithm the workspace has no key for',
      { ...machine, id_token_signed_response_alg: 'Ed25519' },
      'signing_keys',
    ],
    ['a client of the configuration', { ...machine, client_id: 'basic-client' }, 'stands in the configuration'],
  ])('with %s: refused, and nothing is written', async (_what, entry, message) => {
    const here = node();
    await expect(here.entries.compare(entry as never)).rejects.toThrow(message);
    await expect(here.entries.put(entry as never)).rejects.toThrow(message);
    expect(await here.entries.all()).toEqual([]);
  });

  it('fifty at once leave one whole client, of one of them', async () => {
    const store = memoryStore();
    const nodes = [node(unhurried(store)), node(unhurried(store))];
    const contact = (index: number) => [`${index}@example.com`];
    const made = await Promise.all(
      Array.from({ length: 50 }, (_each, index) =>
        nodes[index % 2]?.entries.put({ ...machine, client_name: `N ${index}`, contacts: contact(index) }),
      ),
    );
    expect(made.filter((each) => each?.change === 'added')).toHaveLength(1);
    expect(made.filter((each) => each?.secret)).toHaveLength(1);
    const { client_name = '', contacts, client_secrets } = await entryOf(node(store), 'reports');
    expect(contacts).toEqual(contact(Number(client_name.slice(2))));
    expect(client_secrets).toHaveLength(1);
  });
});
