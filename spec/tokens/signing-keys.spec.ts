import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { SecretKeys } from '../../lib/secret-keys.js';
import { lmdbStore } from '../../lib/stores/lmdb.js';
import { memoryStore } from '../../lib/stores/memory.js';
import type { Store } from '../../lib/stores/store.js';
import { type SigningAlgorithm, SigningKeys } from '../../lib/tokens/signing-keys.js';
import { noteSecret } from '../support/suite-log.js';

const secretKey = () => noteSecret(randomBytes(32).toString('base64'));
const everyAlgorithm: SigningAlgorithm[] = ['ES256', 'RS256', 'PS256', 'Ed25519'];

let directory: string | undefined;
afterEach(async () => {
  if (directory) await rm(directory, { recursive: true, force: true });
  directory = undefined;
});

const kids = async (keys: SigningKeys) => (await keys.all()).map(({ kid }) => kid);

async function stored(store: Store): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { key, value } of store.scan('')) found.set(key, value);
  return found;
}

describe('SigningKeys', () => {
  it.each(everyAlgorithm)(
    'JWK-01 %s: the published key has public members alone, and signs for one algorithm',
    async (alg) => {
      const keys = new SigningKeys([alg], memoryStore(), SecretKeys.ephemeral());
      const key = await keys.forAlgorithm(alg);
      expect(key.publicJwk).toMatchObject({ alg, use: 'sig', kid: key.kid });
      for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(key.publicJwk).not.toHaveProperty(member);
      expect(key.kid).toBe(await calculateJwkThumbprint(key.publicJwk as JWK));
      expect([key.privateKey.type, key.publicKey.type]).toEqual(['private', 'public']);
    },
  );

  it('JWK-02 one key per algorithm, each with its own kid, and the first signs access tokens', async () => {
    const keys = new SigningKeys(everyAlgorithm, memoryStore(), SecretKeys.ephemeral());
    const all = await keys.all();
    expect(all.map(({ alg }) => alg)).toEqual(everyAlgorithm);
    expect(new Set(all.map(({ kid }) => kid)).size).toBe(4);
    expect((await keys.forAccessTokens()).alg).toBe('ES256');
    expect(
      (await new SigningKeys(['Ed25519', 'ES256'], memoryStore(), SecretKeys.ephemeral()).forAccessTokens()).alg,
    ).toBe('Ed25519');
  });

  it('rejects for an algorithm it has no key for', async () => {
    const keys = new SigningKeys(['ES256'], memoryStore(), SecretKeys.ephemeral());
    await expect(keys.forAlgorithm('RS256')).rejects.toThrow('no RS256 key; add it to signing_keys');
    expect((await keys.forAlgorithm('ES256')).alg).toBe('ES256');
  });

  it('two instances that start at once on one store end with one key', async () => {
    const [store, secret] = [memoryStore(), SecretKeys.ephemeral()];
    const instances = Array.from({ length: 8 }, () => new SigningKeys(['ES256', 'RS256'], store, secret));
    const found = await Promise.all(instances.map(kids));
    expect(new Set(found.map((each) => each.join())).size).toBe(1);
    expect(found[0]).toHaveLength(2);
    const other = new SigningKeys(['ES256'], memoryStore(), secret);
    expect(found[0]).not.toContain((await kids(other))[0]);
  });

  it('the same instance loads once, however many ask', async () => {
    const keys = new SigningKeys(['ES256'], memoryStore(), SecretKeys.ephemeral());
    const [one, two] = await Promise.all([keys.forAccessTokens(), keys.forAlgorithm('ES256')]);
    expect(one).toBe(two);
    expect(await keys.forAccessTokens()).toBe(one);
  });

  it('a store that fails once does not spoil the next try', async () => {
    const memory = memoryStore();
    let fails = true;
    const get = (key: string) => (fails ? Promise.reject(new Error('down')) : memory.get(key));
    const keys = new SigningKeys(['ES256'], { get, claim: memory.claim.bind(memory) } as never, SecretKeys.ephemeral());
    await expect(keys.all()).rejects.toThrow('down');
    fails = false;
    expect(await keys.all()).toHaveLength(1);
  });

  it('GEN-18 the store never holds a key in the clear', async () => {
    const store = memoryStore();
    const key = await new SigningKeys(['ES256'], store, SecretKeys.ephemeral()).forAccessTokens();
    const [value = ''] = [...(await stored(store)).values()];
    expect(value).toMatch(/^aes-256-gcm:/);
    const pem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(value).not.toContain('PRIVATE KEY');
    expect(value).not.toContain(pem.split('\n')[1]);
    expect(value).not.toContain(key.privateKey.export({ format: 'jwk' }).d);
  });

  it('survives in lmdb, and under a secret key that was put before the old one', async () => {
    directory = await mkdtemp(join(tmpdir(), 'signing-keys-'));
    const [old, fresh] = [secretKey(), secretKey()];
    const open = async (...secrets: string[]) => {
      const store = await lmdbStore(join(directory as string, 'store'));
      try {
        return await kids(new SigningKeys(['ES256', 'Ed25519'], store, new SecretKeys(secrets)));
      } finally {
        await store.close();
      }
    };
    const first = await open(old);
    expect(await open(old)).toEqual(first);
    await expect(open(fresh)).rejects.toThrow('not in secret_keys');
    expect(await open(fresh, old)).toEqual(first);
    expect(await open(fresh)).toEqual(first);
    await expect(open(old)).rejects.toThrow('not in secret_keys');
  });

  it('names the secret key that is missing, and not its value', async () => {
    const [store, old, fresh] = [memoryStore(), secretKey(), secretKey()];
    await new SigningKeys(['ES256'], store, new SecretKeys([old])).load();
    const wrong = new SigningKeys(['ES256'], store, new SecretKeys([fresh]));
    const { currentId } = new SecretKeys([old]);
    const message = `The stored ES256 signing key was encrypted under secret key ${currentId}, which is not in secret_keys.`;
    await expect(wrong.load()).rejects.toThrow(message);
    expect(message).not.toContain(old);
    expect(await new SigningKeys(['ES256'], store, new SecretKeys([fresh, old])).all()).toHaveLength(1);
  });

  it('a stored key that was changed, or moved to another algorithm, is not used', async () => {
    const [store, secret] = [memoryStore(), SecretKeys.ephemeral()];
    await new SigningKeys(['ES256', 'Ed25519'], store, secret).load();
    const values = await stored(store);
    await store.set('signing-key/ES256', values.get('signing-key/Ed25519') ?? '', Infinity);
    await expect(new SigningKeys(['ES256'], store, secret).load()).rejects.toThrow('ES256 signing key is damaged');
    await store.set('signing-key/ES256', `${values.get('signing-key/ES256')?.slice(0, -4)}AAAA`, Infinity);
    await expect(new SigningKeys(['ES256'], store, secret).load()).rejects.toThrow('ES256 signing key is damaged');
    await store.set('signing-key/ES256', values.get('signing-key/ES256') ?? '', Infinity);
    expect(await new SigningKeys(['ES256'], store, secret).all()).toHaveLength(1);
  });
});
