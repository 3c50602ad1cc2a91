import { OAuthError } from '../errors.js';
import type { Claim, Store } from './store.js';

/**
 * A view of `store` whose verbs reject with OAuthError `store_unavailable` when they cannot do their work, with what
 * the store said as its cause: whoever asks is answered 503 and may try again (RFC 9110 15.6.4). `ping` and `close` are
 * the operator's and reject as the store does.
 */
export function failingClosed(store: Store): Store {
  return new FailingClosed(store);
}

class FailingClosed implements Store {
  readonly volatile: boolean;
  readonly #store: Store;

  constructor(store: Store) {
    this.volatile = store.volatile;
    this.#store = store;
  }

  async get(key: string): Promise<string | undefined> {
    try {
      return await this.#store.get(key);
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  async set(key: string, value: string, ttl: number): Promise<void> {
    try {
      await this.#store.set(key, value, ttl);
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  async delete(key: string): Promise<void> {
    try {
      await this.#store.delete(key);
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  async claim(key: string, value: string, ttl: number): Promise<Claim> {
    try {
      return await this.#store.claim(key, value, ttl);
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  async increment(key: string, ttl: number): Promise<number> {
    try {
      return await this.#store.increment(key, ttl);
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  async *scan(prefix: string): AsyncGenerator<{ key: string; value: string }> {
    try {
      yield* this.#store.scan(prefix);
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  ping(): Promise<void> {
    return this.#store.ping();
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

function unavailable(cause: unknown): OAuthError {
  return cause instanceof OAuthError ? cause : new OAuthError('store_unavailable', { cause });
}
