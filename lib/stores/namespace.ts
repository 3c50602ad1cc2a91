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

class Namespace implements Store {
  readonly volatile: boolean;
  readonly #store: Store;
  readonly #prefix: string;
  #closed = false;

  constructor(store: Store, prefix: string) {
    this.volatile = store.volatile;
    this.#store = store;
    this.#prefix = prefix;
  }

  async get(key: string): Promise<string | undefined> {
    return this.#open().get(this.#prefix + key);
  }

  async set(key: string, value: string, ttl: number): Promise<void> {
    return this.#open().set(this.#prefix + key, value, ttl);
  }

  async delete(key: string): Promise<void> {
    return this.#open().delete(this.#prefix + key);
  }

  async claim(key: string, value: string, ttl: number): Promise<Claim> {
    return this.#open().claim(this.#prefix + key, value, ttl);
  }

  async increment(key: string, ttl: number): Promise<number> {
    return this.#open().increment(this.#prefix + key, ttl);
  }

  async *scan(prefix: string): AsyncGenerator<StoreEntry> {
    for await (const entry of this.#open().scan(this.#prefix + prefix)) {
      yield { ...entry, key: entry.key.slice(this.#prefix.length) };
    }
  }

  async ping(): Promise<void> {
    return this.#open().ping();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #open(): Store {
    if (this.#closed) throw new Error('This store namespace is closed');
    return this.#store;
  }
}
