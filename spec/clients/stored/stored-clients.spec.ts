import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ClientDirectoryError } from '../../../index.js';
import { memoryStore } from '../../../lib/stores/memory.js';
import type { Store } from '../../../lib/stores/store.js';
import { newSecret } from '../../support/methods.js';
import { specServer } from '../../support/spec-server.js';
import { noteSecret } from '../../support/suite-log.js';

const secretKeys = [noteSecret(randomBytes(32).toString('base64'))];
const machine = {
  grant_types: ['client_credentials'],
  token_endpoint_auth_method: 'client_secret_post' as const,
  scope: 'read',
};

/** One machine of a cluster. */
function node(store: Store, options: NonNullable<Parameters<typeof specServer>[0]> = {}) {
  const spec = specServer({ store, secret_keys: secretKeys, ...options });
  const [workspace] = spec.router.workspaces;
  if (!workspace) throw new Error('there is a workspace');
  const token = async (client_id: string, client_secret: string) => {
    const { status } = await spec.token({ grant_type: 'client_credentials', client_id, client_secret });
    return status === 200 ? 'ok' : spec.last().reason;
  };
  return { spec, directory: workspace.directory, clients: workspace.clients, token };
}

/** The same store, counting what is asked of it. */
function counting(store: Store) {
  const counts = { get: 0, scan: 0 };
  const counted = new Proxy(store, {
    get(target, verb: keyof Store) {
      const method = target[verb];
      if (verb === 'get' || verb === 'scan') counts[verb] += 1;
      return typeof method === 'function' ? method.bind(target) : method;
    },
  });
  return { store: counted, counts };
}

async function within(milliseconds: number, what: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!(await what())) {
    if (performance.now() > deadline) throw new Error(`it did not happen within ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const codeOf = (pending: Promise<unknown>) =>
  pending.then(
    () => undefined,
    (thrown) => (thrown instanceof ClientDirectoryError ? thrown.code : String(thrown)),
  );

describe('clients in the store', () => {
  it('stand beside those of the configuration, which come first', async () => {
    const { directory, token } = node(memoryStore());
    const { parsed, secret } = await directory.add(machine);
    expect(await token(parsed.client_id, noteSecret(secret?.value ?? ''))).toBe('ok');
    expect(await token(parsed.client_id, newSecret())).toBe('secret_mismatch');
    expect(await token('nobody', newSecret())).toBe('unknown_client');
    expect(await codeOf(directory.add({ ...machine, client_id: 'basic-client' }))).toBe('client_exists');
    expect(await codeOf(directory.add({ ...machine, client_id: parsed.client_id }))).toBe('client_exists');
    expect(await codeOf(directory.setStatus('basic-client', 'inactive'))).toBe('client_configured');
    expect(await codeOf(directory.setStatus('nobody', 'inactive'))).toBe('unknown_client');
    const list = await directory.list();
    expect(list).toContainEqual(expect.objectContaining({ client_id: parsed.client_id, origin: 'operator' }));
    expect(list).toContainEqual(expect.objectContaining({ client_id: 'basic-client', origin: 'configured' }));
  });

  it('have the schema of the configuration: every mistake names its member, and nothing is added', async () => {
    const { directory } = node(memoryStore(), { clients: [] });
    const wrong = {
      ...machine,
      grant_types: ['implicit'],
      colour: 'red',
      token_endpoint_auth_method: 'private_key_jwt',
    };
    await expect(directory.add(wrong as never)).rejects.toMatchObject({
      name: 'OptionsError',
      mistakes: expect.arrayContaining([
        expect.objectContaining({ path: 'colour' }),
        expect.objectContaining({ path: 'jwks' }),
        expect.objectContaining({ path: 'grant_types' }),
      ]),
    });
    await expect(directory.add({ ...machine, app_roles: ['Reader'] })).rejects.toThrow('app_roles[0]');
    await expect(directory.add({ ...machine, id_token_signed_response_alg: 'Ed25519' })).rejects.toThrow(
      'signing_keys',
    );
    expect(await directory.list()).toEqual([]);
  });

  it('GEN-18 what is stored opens no door: neither secret is there in the clear', async () => {
    const store = memoryStore();
    const { directory } = node(store);
    const [post, jwt] = [newSecret(), newSecret(64)];
    await directory.add({ ...machine, client_id: 'p', client_secret: post });
    await directory.add({
      ...machine,
      client_id: 'j',
      client_secret: jwt,
      token_endpoint_auth_method: 'client_secret_jwt',
    });
    const values: string[] = [];
    for await (const { value } of store.scan('')) values.push(value);
    expect(values.join('\n')).toContain('hmac-sha256:');
    expect(values.join('\n')).toContain('aes-256-gcm:');
    for (const secret of [post, jwt]) expect(values.join('\n')).not.toContain(secret);
  });

  it('a client disabled on one machine is refused on every machine within a second, and enabled again', async () => {
    const store = memoryStore();
    const [one, other] = [node(store), node(store)];
    const { parsed, secret } = await one.directory.add(machine);
    const token = () => other.token(parsed.client_id, noteSecret(secret?.value ?? ''));
    expect(await token()).toBe('ok');
    await one.directory.setStatus(parsed.client_id, 'inactive');
    expect(await one.token(parsed.client_id, secret?.value ?? '')).toBe('client_inactive');
    await within(1000, async () => (await token()) === 'client_inactive');
    await one.directory.setStatus(parsed.client_id, 'active');
    await within(1000, async () => (await token()) === 'ok');
    await one.directory.remove(parsed.client_id);
    expect(await one.token(parsed.client_id, secret?.value ?? '')).toBe('unknown_client');
    await within(1000, async () => (await token()) === 'unknown_client');
  });

  it('one that was not there is found on every machine within a second', async () => {
    const store = memoryStore();
    const [one, other] = [node(store), node(store)];
    expect(await other.token('late', newSecret())).toBe('unknown_client');
    const { secret } = await one.directory.add({ ...machine, client_id: 'late' });
    await within(1000, async () => (await other.token('late', noteSecret(secret?.value ?? ''))) === 'ok');
  });

  it('cost one read per half second, however many requests come, and no scan', async () => {
    const { store, counts } = counting(memoryStore());
    const { directory, clients } = node(store);
    const { parsed } = await directory.add(machine);
    await clients.find(parsed.client_id);
    counts.get = 0;
    for (let request = 0; request < 1000; request += 1) await clients.find(parsed.client_id);
    const after = counts.get;
    expect(after).toBeLessThanOrEqual(3);
    await new Promise((resolve) => setTimeout(resolve, 510));
    await Promise.all(Array.from({ length: 100 }, () => clients.find(parsed.client_id)));
    expect(counts.get).toBeLessThanOrEqual(after + 1);
    expect(counts.scan).toBe(0);
  });

  it('those of the configuration cost no read at all', () => {
    const { store, counts } = counting(memoryStore());
    const { clients } = node(store);
    expect(clients.find('basic-client')).toMatchObject({ id: 'basic-client' });
    expect(counts.get).toBe(0);
  });

  it('a later client of the same id has nothing of the former one', async () => {
    const { directory, token } = node(memoryStore());
    const first = await directory.add({ ...machine, client_id: 'again' });
    await directory.remove('again');
    const second = await directory.add({ ...machine, client_id: 'again' });
    expect(await token('again', noteSecret(first.secret?.value ?? ''))).toBe('secret_mismatch');
    expect(await token('again', noteSecret(second.secret?.value ?? ''))).toBe('ok');
  });

  it('of fifty who add the same id at once, one has', async () => {
    const store = memoryStore();
    const nodes = [node(store), node(store)];
    const codes = await Promise.all(
      Array.from({ length: 50 }, (_each, index) =>
        codeOf(nodes[index % 2]!.directory.add({ ...machine, client_id: 'one' })),
      ),
    );
    expect(codes.filter((code) => code === undefined)).toHaveLength(1);
    expect(codes.filter((code) => code === 'client_exists')).toHaveLength(49);
  });

  it('a store that is down refuses them with 503, and lets those of the configuration be', async () => {
    const store = memoryStore();
    const { spec, directory, clients } = node(store);
    const { parsed } = await directory.add(machine);
    await new Promise((resolve) => setTimeout(resolve, 510));
    await store.close();
    const client_secret = newSecret();
    const reply = await spec.token({ grant_type: 'client_credentials', client_id: parsed.client_id, client_secret });
    expect([reply.status, spec.last().reason]).toEqual([503, 'store_unavailable']);
    expect(clients.find('post-client')).toMatchObject({ active: true });
  });
});
