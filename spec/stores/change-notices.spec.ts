import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ChangeNotices } from '../../lib/stores/change-notices.js';
import { memoryStore } from '../../lib/stores/memory.js';
import type { Store } from '../../lib/stores/store.js';
import { storeFailure } from '../support/breakable-store.js';
import { newSecret } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';

let time: number;
let reads: string[];
let away: boolean;
/** While it is set, a read waits for it, with what it has read. */
let delay: Promise<void> | undefined;
let store: Store;
beforeEach(() => {
  time = 1_000_000;
  jest.spyOn(performance, 'now').mockImplementation(() => time);
  [reads, away, delay] = [[], false, undefined];
  const memory = memoryStore();
  store = new Proxy(memory, {
    get: (target, verb: keyof Store) => {
      const member = target[verb];
      if (typeof member !== 'function') return member;
      if (verb !== 'get') return member.bind(target);
      return async (key: string) => {
        reads.push(key);
        if (away) throw storeFailure();
        const value = await target.get(key);
        await delay;
        return value;
      };
    },
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('notices of changes', () => {
  it('one process announces, another hears of it', async () => {
    const [one, other] = [new ChangeNotices(store), new ChangeNotices(store)];
    const before = await other.listen();
    await one.announce();
    expect(other.heard()).toBe(before);
    time += 751;
    expect(other.heard()).toBeUndefined();
    const after = await other.listen();
    expect(after).not.toBe(before);
    await one.announce();
    time += 751;
    expect(await other.listen()).not.toBe(after);
  });

  it('however many ask, it is one read each half second, and nobody who asks often waits', async () => {
    const notices = new ChangeNotices(store);
    await Promise.all(Array.from({ length: 50 }, () => notices.listen()));
    expect(reads).toHaveLength(1);
    for (let passed = 0; passed < 5000; passed += 10) {
      time += 10;
      expect(notices.heard()).toBeDefined();
      await settled();
    }
    expect(reads.length).toBeGreaterThan(9);
    expect(reads.length).toBeLessThanOrEqual(11);
  });

  it('who asks while an old read is under way does not take its answer', async () => {
    const notices = new ChangeNotices(store);
    await notices.announce();
    let release: () => void = () => undefined;
    delay = new Promise((resolve) => {
      release = resolve;
    });
    const early = notices.listen();
    await settled();
    time += 760;
    await new ChangeNotices(store).announce();
    const late = notices.listen();
    release();
    expect(await late).not.toBe(await early);
  });

  it('a store that is away is an error to those who must know, and to nobody else', async () => {
    const notices = new ChangeNotices(store);
    const before = await notices.listen();
    away = true;
    time += 600;
    // Reads in the background, in vain.
    expect(notices.heard()).toBe(before);
    await settled();
    time += 200;
    expect(notices.heard()).toBeUndefined();
    await expect(notices.listen()).rejects.toThrow('ECONNREFUSED');
    away = false;
    expect(await notices.listen()).toBe(before);
  });
});

describe('what requests remember', () => {
  const form = { grant_type: 'client_credentials' };
  const start = async () => {
    const { router, token, last } = specServer({ store, access_token_format: 'jwt', signing_keys: ['ES256'] });
    const [workspace] = router.workspaces;
    if (!workspace) throw new Error('there is a workspace');
    await router.ready();
    const clients = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const client_secret = newSecret();
        const { parsed } = await workspace.directory.add({
          grant_types: ['client_credentials'],
          token_endpoint_auth_method: 'client_secret_post',
          client_secret,
        });
        return { client_id: parsed.client_id, client_secret };
      }),
    );
    const find = () => Promise.all(clients.map(({ client_id }) => workspace.clients.find(client_id)));
    const keys = () => workspace.signingKeys.all();
    return { router, workspace, clients, find, keys, token, last };
  };

  it('costs one read each half second for all clients and keys together, while nothing changes', async () => {
    const { find, keys, router } = await start();
    await Promise.all([find(), keys()]);
    time += 760;
    await Promise.all([find(), keys()]);
    reads = [];
    for (let passed = 0; passed < 3; passed += 1) {
      time += 510;
      await Promise.all([find(), keys(), find(), keys()]);
      await settled();
    }
    expect(reads).toEqual(['changes', 'changes', 'changes']);
    await router.close();
  });

  it('after a change costs one read for each client that is used, and no record but that of the one that changed', async () => {
    const { workspace, clients, find, keys, router } = await start();
    await find();
    await keys();
    time += 760;
    await Promise.all([find(), keys()]);
    await workspace.directory.setStatus(clients[0]?.client_id ?? '', 'inactive');
    reads = [];
    time += 760;
    await Promise.all([find(), keys()]);
    const kinds = (word: string) => reads.filter((key) => key.split('/').includes(word)).length;
    expect([kinds('changes'), kinds('stored-client-version'), kinds('stored-client')]).toEqual([1, 20, 1]);
    expect([kinds('signing-key-version'), kinds('signing-key')]).toEqual([1, 0]);
    await router.close();
  });

  it('GEN-11 a store that is away refuses stored clients, and lets those of the configuration be', async () => {
    const { clients, router, token, last, find } = await start();
    await find();
    const [stored = { client_id: '', client_secret: '' }] = clients;
    expect((await token({ ...form, ...stored })).status).toBe(200);
    away = true;
    time += 760;
    expect((await token({ ...form, ...stored })).status).toBe(503);
    expect(last()).toMatchObject({ reason: 'store_unavailable' });
    const configured = { client_id: 'post-client', client_secret: newSecret() };
    expect((await token({ ...form, ...configured })).status).toBe(401);
    expect(last()).toMatchObject({ reason: 'secret_mismatch' });
    away = false;
    expect((await token({ ...form, ...stored })).status).toBe(200);
    await router.close();
  });
});
