import type { Soon } from '../soon.js';
import { claimSoon, getSoon, incrementSoon, type SoonStore, setSoon } from './soon-store.js';
import type { Claim, Store, StoreEntry } from './store.js';

/**
 * A view of `store` in which every key begins with `prefix`, such as `acme/demo/`: what one namespace writes no other
 * can read, claim or scan. End the prefix with a character that cannot occur inside it, so that none begins another.
 *
 * `close` ends this view alone: its later calls reject, and the store below stays open for whoever opened it.
 *
 * @throws TypeError when `prefix` is empty, which would separate nothing.
 */
export function namespaced(store: Store, prefix: string): Store {
  if (prefix === '') throw new TypeError('A store namespace needs a prefix');
  return new Namespace(store, prefix);
}

class Namespace implements SoonStore {
  readonly volatile: boolean;
  readonly #prefix: string;
  #store: Store;

  constructor(store: Store, prefix: string) {
    this.volatile = store.volatile;
    this.#store = store;
    this.#prefix = prefix;
  }

  getSoon(key: string): Soon<string | undefined> {
    return getSoon(this.#store, this.#prefix + key);
  }

  setSoon(key: string, value: string, ttl: number): Soon<void> {
    return setSoon(this.#store, this.#prefix + key, value, ttl);
  }

  claimSoon(key: string, value: string, ttl: number): Soon<Claim> {
    return claimSoon(this.#store, this.#prefix + key, value, ttl);
  }

  incrementSoon(key: string, ttl: number): Soon<number> {
    return incrementSoon(this.#store, this.#prefix + key, ttl);
  }

  // Not async, as the store below answers with promises already: each one more would cost every request.
  get(key: string): Promise<string | undefined> {
    return this.#store.get(this.#prefix + key);
  }

  set(key: string, value: string, ttl: number): Promise<void> {
    return this.#store.set(this.#prefix + key, value, ttl);
  }

  delete(key: string): Promise<void> {
    return this.#store.delete(this.#prefix + key);
  }

  claim(key: string, value: string, ttl: number): Promise<Claim> {
    return this.#store.claim(this.#prefix + key, value, ttl);
  }

  increment(key: string, ttl: number): Promise<number> {
    return this.#store.increment(this.#prefix + key, ttl);
  }

  async *scan(prefix: string): AsyncGenerator<StoreEntry> {
    for await (const entry of this.#store.scan(this.#prefix + prefix)) {
      yield { ...entry, key: entry.key.slice(this.#prefix.length) };
    }
  }

  ping(): Promise<void> {
    return this.#store.ping();
  }

  async close(): Promise<void> {
    this.#store = closedStore;
  }
}

async function refuse(): Promise<never> {
  throw new Error('This store namespace is closed');
}

/** What a view that has ended asks. */
const closedStore: Store = {
  volatile: true,
  get: refuse,
  set: refuse,
  delete: refuse,
  claim: refuse,
  increment: refuse,
  scan: () => ({ [Symbol.asyncIterator]: () => ({ next: refuse }) }),
  ping: refuse,
  close: async () => undefined,
};
