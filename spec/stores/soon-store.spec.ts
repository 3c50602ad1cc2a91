import { describe, expect, it } from '@jest/globals';
import { failingClosed } from '../../lib/stores/failing-closed.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { namespaced } from '../../lib/stores/namespace.js';
import { getSoon, setSoon } from '../../lib/stores/soon-store.js';
import type { Store } from '../../lib/stores/store.js';

const view = (store: Store) => namespaced(failingClosed(store, 20), 'acme/');

describe('getSoon and setSoon', () => {
  it('answer at once from the memory of this process', async () => {
    const below = memoryStore();
    expect(setSoon(view(below), 'a', '1', 60)).toBeUndefined();
    expect(getSoon(view(below), 'a')).toBe('1');
    expect(getSoon(view(below), 'b')).toBeUndefined();
    expect(await below.get('acme/a')).toBe('1');
  });

  it('answer what another store promises', async () => {
    const memory = memoryStore();
    const { volatile, delete: remove, claim, increment, scan, ping, close } = memory;
    const own = {
      ...{ volatile, delete: remove, claim, increment, scan, ping, close },
      get: (key: string) => memory.get(key),
      set: (key: string, value: string, ttl: number) => memory.set(key, value, ttl),
    };
    await setSoon(view(own), 'a', '1', 60);
    expect(getSoon(view(own), 'a')).toBeInstanceOf(Promise);
    expect(await getSoon(view(own), 'a')).toBe('1');
  });

  it('go through verbs that somebody put in the place of the memory store’s', async () => {
    const asked: string[] = [];
    const below = memoryStore();
    const get = below.get.bind(below);
    const changed = Object.assign(below, {
      get: (key: string) => {
        asked.push(key);
        return get(key);
      },
    });
    await setSoon(view(changed), 'a', '1', 60);
    expect(await getSoon(view(changed), 'a')).toBe('1');
    const wrapped = new Proxy(memoryStore(), {
      get(target, verb: keyof Store) {
        const member = verb === 'get' ? changed.get : target[verb];
        return typeof member === 'function' ? member.bind(target as never) : member;
      },
    });
    expect(await getSoon(view(wrapped), 'a')).toBe('1');
    expect(asked).toEqual(['acme/a', 'acme/a']);
  });

  it('GEN-11 reject, and do not throw, when the store fails or has been closed', async () => {
    const below = memoryStore();
    await below.close();
    const unavailable = { reason: 'store_unavailable' };
    await expect(getSoon(view(below), 'a')).rejects.toMatchObject(unavailable);
    await expect(setSoon(view(below), 'a', '1', 60)).rejects.toMatchObject(unavailable);
    await expect(setSoon(view(memoryStore()), 'a', '1', 0)).rejects.toMatchObject(unavailable);
    const ended = view(memoryStore());
    await ended.close();
    await expect(getSoon(ended, 'a')).rejects.toThrow('closed');
    const hanging = Object.assign(memoryStore(), { get: () => new Promise<undefined>(() => undefined) });
    await expect(getSoon(view(hanging), 'a')).rejects.toMatchObject(unavailable);
  });
});
