import { describe, expect, it } from '@jest/globals';
import { failingClosed } from '../../lib/stores/failing-closed.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { namespaced } from '../../lib/stores/namespace.js';
import { claimSoon, getSoon, incrementSoon, setSoon } from '../../lib/stores/soon-store.js';
import type { Store } from '../../lib/stores/store.js';

const view = (store: Store) => namespaced(failingClosed(store, 20), 'acme/');

describe('verbs that answer soon', () => {
  it('answer at once from the memory of this process', async () => {
    const below = memoryStore();
    expect(setSoon(view(below), 'a', '1', 60)).toBeUndefined();
    expect(getSoon(view(below), 'a')).toBe('1');
    expect(getSoon(view(below), 'b')).toBeUndefined();
    expect(claimSoon(view(below), 'c', '2', 60)).toEqual({ first: true });
    expect(claimSoon(view(below), 'c', '3', 60)).toEqual({ first: false, value: '2' });
    expect(incrementSoon(view(below), 'n', 60)).toBe(1);
    expect(incrementSoon(view(below), 'n', 60)).toBe(2);
    expect(await Promise.all(['a', 'c', 'n'].map((key) => below.get(`acme/${key}`)))).toEqual(['1', '2', '2']);
  });

  it('answer what another store promises', async () => {
    const memory = memoryStore();
    const { volatile, delete: remove, scan, ping, close } = memory;
    const own = {
      ...{ volatile, delete: remove, scan, ping, close },
      claim: (key: string, value: string, ttl: number) => memory.claim(key, value, ttl),
      increment: (key: string, ttl: number) => memory.increment(key, ttl),
      get: (key: string) => memory.get(key),
      set: (key: string, value: string, ttl: number) => memory.set(key, value, ttl),
    };
    await setSoon(view(own), 'a', '1', 60);
    expect(getSoon(view(own), 'a')).toBeInstanceOf(Promise);
    expect(await getSoon(view(own), 'a')).toBe('1');
    const [claimed, summed] = [claimSoon(view(own), 'c', '2', 60), incrementSoon(view(own), 'n', 60)];
    expect([claimed, summed]).toEqual([expect.any(Promise), expect.any(Promise)]);
    expect([await claimed, await summed]).toEqual([{ first: true }, 1]);
  });

  it.each(['get', 'set', 'claim', 'increment'] as const)(
    'go through a %s in the place of the memory store’s',
    async (verb) => {
      const asked: string[] = [];
      const below = memoryStore();
      const usual = below[verb].bind(below) as (...given: unknown[]) => Promise<never>;
      Object.assign(below, {
        [verb]: (...given: [string]) => {
          asked.push(given[0]);
          return usual(...given);
        },
      });
      const guarded = view(below);
      await setSoon(guarded, 'set', '1', 60);
      await getSoon(guarded, 'get');
      await claimSoon(guarded, 'claim', '1', 60);
      await incrementSoon(guarded, 'increment', 60);
      expect(asked).toEqual([`acme/${verb}`]);
    },
  );

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
    await expect(claimSoon(view(below), 'a', '1', 60)).rejects.toMatchObject(unavailable);
    await expect(incrementSoon(view(below), 'a', 60)).rejects.toMatchObject(unavailable);
    await expect(setSoon(view(memoryStore()), 'a', '1', 0)).rejects.toMatchObject(unavailable);
    const ended = view(memoryStore());
    await ended.close();
    await expect(getSoon(ended, 'a')).rejects.toThrow('closed');
    const hanging = Object.assign(memoryStore(), { get: () => new Promise<undefined>(() => undefined) });
    await expect(getSoon(view(hanging), 'a')).rejects.toMatchObject(unavailable);
  });
});
