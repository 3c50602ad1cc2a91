import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { WarningEvent } from '../../../index.js';
import { ClientDirectoryError } from '../../../index.js';
import { memoryStore } from '../../../lib/stores/memory.js';
import type { Store } from '../../../lib/stores/store.js';
import { certificateJwk, clientKey } from '../../support/client-keys.js';
import { newSecret, ownCertificate } from '../../support/methods.js';
import { selfSigned } from '../../support/pki.js';
import { specServer } from '../../support/spec-server.js';
import { noteSecret } from '../../support/suite-log.js';
import { unhurried } from '../../support/unhurried-store.js';

const secretKeys = [noteSecret(randomBytes(32).toString('base64'))];
const machine = {
  client_id: 'service',
  grant_types: ['client_credentials'],
  token_endpoint_auth_method: 'client_secret_post' as const,
  scope: 'read',
};
const day = 86_400_000;

function world(store: Store = memoryStore()) {
  const clock = { now: Date.now() };
  const spec = specServer({ store, secret_keys: secretKeys, now: () => clock.now });
  const [workspace] = spec.router.workspaces;
  if (!workspace) throw new Error('there is a workspace');
  const { directory, clients } = workspace;
  const token = async (client_secret: string) => {
    const { status } = await spec.token({ grant_type: 'client_credentials', client_id: 'service', client_secret });
    return status === 200 ? spec.last().secret_id : spec.last().reason;
  };
  const warnings = (name: string) =>
    spec.events.filter((event): event is WarningEvent => event.event === 'warning' && event.name === name);
  return { clock, spec, directory, clients, token, warnings };
}

async function withSecret(store?: Store) {
  const made = world(store);
  const { secret } = await made.directory.add(machine);
  if (!secret) throw new Error('there is a secret');
  noteSecret(secret.value);
  return { ...made, first: secret };
}

const codeOf = (pending: Promise<unknown>) =>
  pending.then(
    () => undefined,
    (thrown) => (thrown instanceof ClientDirectoryError ? thrown.code : String(thrown)),
  );

describe('the secrets of a stored client', () => {
  it('rotate: the new one works at once, the old one until the overlap is over; the event tells which', async () => {
    const { clock, directory, token, first } = await withSecret();
    const second = await directory.secrets.rotate('service', { overlap: 3600 });
    noteSecret(second.value);
    expect(second.retiring).toEqual([{ id: first.id, expires_at: Math.floor(clock.now / 1000) + 3600 }]);
    expect(await token(first.value)).toBe(first.id);
    expect(await token(second.value)).toBe(second.id);
    expect(first.id).not.toBe(second.id);
    clock.now += 3_600_000;
    expect(await token(first.value)).toBe('secret_expired');
    expect(await token(second.value)).toBe(second.id);
  });

  it('no overlap ends the old one at once; a second rotation does not give it longer', async () => {
    const { directory, token, first } = await withSecret();
    const second = await directory.secrets.rotate('service', { overlap: 0 });
    expect(await token(first.value)).toBe('secret_expired');
    await directory.secrets.rotate('service', { overlap: 86_400 });
    expect(await token(first.value)).toBe('secret_expired');
    expect(await token(noteSecret(second.value))).toBe(second.id);
  });

  it('two operators rotate at once, from two machines: both secrets live, none is lost', async () => {
    const store = unhurried(memoryStore());
    const [one, other] = [await withSecret(store), world(store)];
    const rotated = await Promise.all(
      Array.from({ length: 6 }, (_each, index) =>
        (index % 2 === 0 ? one : other).directory.secrets.rotate('service', { overlap: 600 }),
      ),
    );
    expect(new Set(rotated.map(({ id }) => id)).size).toBe(6);
    for (const { id, value } of rotated) expect(await one.token(noteSecret(value))).toBe(id);
    expect(await one.token(one.first.value)).toBe(one.first.id);
    const { secrets } = (await one.directory.describe('service')) ?? { secrets: [] };
    expect(secrets.map(({ id }) => id).sort()).toEqual([one.first.id, ...rotated.map(({ id }) => id)].sort());
  });

  it('revoke ends one for good, also while another operator rotates; the last one stays', async () => {
    const store = unhurried(memoryStore());
    const { directory, token, first } = await withSecret(store);
    expect(await codeOf(directory.secrets.revoke('service', first.id))).toBe('last_secret');
    const second = await directory.secrets.rotate('service', { overlap: 600 });
    const [third] = await Promise.all([
      directory.secrets.rotate('service', { overlap: 600 }),
      directory.secrets.revoke('service', first.id),
    ]);
    expect(await token(first.value)).toBe('secret_mismatch');
    for (const { id, value } of [second, third]) expect(await token(noteSecret(value))).toBe(id);
    expect(await codeOf(directory.secrets.revoke('service', first.id))).toBe('unknown_secret');
  });

  it('of two operators who revoke the last two at once, one is refused', async () => {
    const { directory, first } = await withSecret(unhurried(memoryStore()));
    const second = await directory.secrets.rotate('service');
    const codes = await Promise.all([first, second].map(({ id }) => codeOf(directory.secrets.revoke('service', id))));
    expect(codes.sort()).toEqual(['last_secret', undefined]);
  });

  it('an expired one is not the last that lives', async () => {
    const { clock, directory } = await withSecret();
    const end = Math.floor(clock.now / 1000) + 60;
    const ending = await directory.secrets.rotate('service', { overlap: 10, expires_at: end });
    clock.now += 61_000;
    const fresh = await directory.secrets.rotate('service');
    expect(fresh.retiring).toEqual([]);
    expect(await codeOf(directory.secrets.revoke('service', fresh.id))).toBe('last_secret');
    expect(await codeOf(directory.secrets.revoke('service', ending.id))).toBeUndefined();
  });

  it('one may be brought along, if it is long enough for its method', async () => {
    const { directory, token } = await withSecret();
    const own = newSecret();
    const { id } = await directory.secrets.rotate('service', { value: own });
    expect(await token(own)).toBe(id);
    await directory.add({ ...machine, client_id: 'jwt', token_endpoint_auth_method: 'client_secret_jwt' });
    await expect(directory.secrets.rotate('jwt', { value: 'short' })).rejects.toThrow('at least 32 octets');
    await directory.add({
      ...machine,
      client_id: 'key',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [clientKey().jwk] },
    });
    expect(await codeOf(directory.secrets.rotate('key'))).toBe('not_for_method');
  });

  it('ten live ones are enough', async () => {
    const { directory } = await withSecret();
    for (let count = 1; count < 10; count += 1) await directory.secrets.rotate('service');
    expect(await codeOf(directory.secrets.rotate('service'))).toBe('too_many');
  });

  it('tells when each was last used, written once a minute at most', async () => {
    const { clock, directory, token, first } = await withSecret();
    const lastUsed = async () => (await directory.describe('service'))?.secrets[0]?.last_used;
    expect(await lastUsed()).toBeUndefined();
    await token(first.value);
    const start = Math.floor(clock.now / 1000);
    expect(await lastUsed()).toBe(start);
    clock.now += 30_000;
    await token(first.value);
    expect(await lastUsed()).toBe(start);
    clock.now += 31_000;
    await token(first.value);
    expect(await lastUsed()).toBe(start + 61);
  });

  it('warns for 30 days before one ends, once a day, by its id', async () => {
    const { clock, directory, token, warnings } = await withSecret();
    const expires_at = Math.floor((clock.now + 40 * day) / 1000);
    const { id, value } = await directory.secrets.rotate('service', { expires_at });
    noteSecret(value);
    await token(value);
    expect(warnings('client_secret_expires_soon')).toEqual([]);
    clock.now += 11 * day;
    await token(value);
    await token(value);
    expect(warnings('client_secret_expires_soon').map(({ detail }) => detail)).toEqual([
      { client_id: 'service', secret_id: id, expires_at: new Date(expires_at * 1000), days_left: 28 },
    ]);
    clock.now += day;
    await token(value);
    expect(warnings('client_secret_expires_soon')).toHaveLength(2);
  });

  it('under a secret key that is gone are a failure of ours that says so, not a wrong secret', async () => {
    const store = memoryStore();
    await withSecret(store);
    const spec = specServer({ store, secret_keys: [noteSecret(randomBytes(32).toString('base64'))] });
    const reply = await spec.token({
      grant_type: 'client_credentials',
      client_id: 'service',
      client_secret: newSecret(),
    });
    expect([reply.status, spec.last().reason]).toEqual([500, 'internal_error']);
    expect(String(spec.last().cause)).toContain('not among the secret_keys');
  });
});

describe('the secrets of a configured client', () => {
  it('have ids of their own, or one made from the hash; hashed ones can stand in client_secrets', async () => {
    const [old, fresh] = [newSecret(), newSecret()];
    const client = {
      ...machine,
      client_secret: old,
      client_secrets: [{ id: 'autumn', value: fresh, expires_at: 4_000_000_000 }],
    };
    const ids = async (): Promise<unknown[]> => {
      const spec = specServer({ clients: [client], secret_keys: secretKeys });
      const id = async (client_secret: string) => {
        await spec.token({ grant_type: 'client_credentials', client_id: 'service', client_secret });
        return spec.last().secret_id;
      };
      return [await id(old), await id(fresh)];
    };
    const [first, second] = await ids();
    expect(first).toMatch(/^[\w-]{8}$/);
    expect(second).toBe('autumn');
    expect(await ids()).toEqual([first, second]);
  });
});

describe('the keys of a stored client', () => {
  const keyed = { ...machine, token_endpoint_auth_method: 'private_key_jwt' as const };

  it('add and remove: both work meanwhile, the last one stays', async () => {
    const { directory, clients } = world();
    const [old, fresh] = [clientKey('P-256', { kid: 'old' }), clientKey('P-256', { kid: 'new' })];
    await directory.add({ ...keyed, jwks: { keys: [old.jwk] } });
    const candidates = async (kid: string) =>
      (await (await clients.find('service'))?.keys.candidates({ alg: 'ES256', kid }))?.length;
    expect(await codeOf(directory.keys.remove('service', 'old'))).toBe('last_key');
    const id = await directory.keys.add('service', fresh.jwk);
    expect(await directory.keys.add('service', { ...fresh.jwk })).toBe(id);
    expect([await candidates('old'), await candidates('new')]).toEqual([1, 1]);
    await directory.keys.remove('service', 'old');
    expect([await candidates('old'), await candidates('new')]).toEqual([0, 1]);
    expect(await codeOf(directory.keys.remove('service', 'old'))).toBe('unknown_key');
    expect(await codeOf(directory.keys.remove('service', id))).toBe('last_key');
  });

  it('operators who add at once lose none', async () => {
    const store = unhurried(memoryStore());
    const { directory } = world(store);
    await directory.add({ ...keyed, jwks: { keys: [clientKey('P-256').jwk] } });
    const keys = Array.from({ length: 8 }, (_each, index) => clientKey('P-256', { kid: `k${index}` }).jwk);
    const ids = await Promise.all(keys.map((jwk) => world(store).directory.keys.add('service', jwk)));
    const described = await directory.describe('service');
    expect(described?.keys.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
  });

  it('a private key, or one for a client that keeps its keys elsewhere, is refused', async () => {
    const { directory } = world();
    await directory.add({ ...keyed, jwks_uri: 'https://keys.example.com/' });
    await expect(directory.keys.add('service', clientKey().privateJwk)).rejects.toThrow('holds private members');
    expect(await codeOf(directory.keys.add('service', clientKey().jwk))).toBe('not_for_method');
  });

  it('a certificate comes in as PEM, beside the one that is there', async () => {
    const { directory, clients } = world();
    const next = selfSigned({ subject: 'CN=next.example.com' });
    await directory.add({
      ...machine,
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [certificateJwk(ownCertificate)] },
    });
    const digest = await directory.keys.importCertificate('service', next.cert);
    const found = await clients.find('service');
    expect(await found?.keys.hasCertificate(digest)).toBe(true);
    expect((await directory.describe('service'))?.keys).toHaveLength(2);
    await directory.keys.remove('service', digest);
    expect(await (await clients.find('service'))?.keys.hasCertificate(digest)).toBe(false);
    await expect(directory.keys.importCertificate('service', 'x')).rejects.toThrow('certificate: ');
  });
});
