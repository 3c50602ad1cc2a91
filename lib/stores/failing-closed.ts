import { OAuthError } from '../errors.js';
import type { Claim, Store, StoreEntry } from './store.js';

/**
 * Milliseconds after which nobody waits for a verb any more. The stores of this package give up earlier, most of them
 * within two seconds: this is for those of hosts, whose clients may queue commands for ever while a server is away.
 */
const longestWait = 5000;

/**
 * A view of `store` whose verbs reject with OAuthError `store_unavailable` when they cannot do their work, or have not
 * done it in `patience` milliseconds, with what the store said as its cause: whoever asks is answered 503 and may try
 * again (RFC 9110 15.6.4). A verb that was late may have been done. `scan`, `ping` and `close` are the operator's: they
 * take their time, and the latter two reject as the store does.
 */
export function failingClosed(store: Store, patience = longestWait): Store {
  return new FailingClosed(store, patience);
}

class FailingClosed implements Store {
  readonly volatile: boolean;
  readonly #store: Store;
  readonly #patience: number;

  constructor(store: Store, patience: number) {
    this.volatile = store.volatile;
    this.#store = store;
    this.#patience = patience;
  }

  get(key: string): Promise<string | undefined> {
    return this.#answer(() => this.#store.get(key));
  }

  set(key: string, value: string, ttl: number): Promise<void> {
    return this.#answer(() => this.#store.set(key, value, ttl));
  }

  delete(key: string): Promise<void> {
    return this.#answer(() => this.#store.delete(key));
  }

  claim(key: string, value: string, ttl: number): Promise<Claim> {
    return this.#answer(() => this.#store.claim(key, value, ttl));
  }

  increment(key: string, ttl: number): Promise<number> {
    return this.#answer(() => this.#store.increment(key, ttl));
  }

  async *scan(prefix: string): AsyncGenerator<StoreEntry> {
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

  #answer<T>(verb: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown) => {
        clearTimeout(timer);
        reject(unavailable(cause));
      };
      const late = () => fail(new Error(`The store did not answer within ${this.#patience / 1000} seconds`));
      const timer = setTimeout(late, this.#patience);
      const succeed = (answer: T) => {
        clearTimeout(timer);
        resolve(answer);
      };
      try {
        // A store that breaks its contract may answer without a promise, or throw.
        Promise.resolve(verb()).then(succeed, fail);
      } catch (cause) {
        fail(cause);
      }
    });
  }
}

function unavailable(cause: unknown): OAuthError {
  return cause instanceof OAuthError ? cause : new OAuthError('store_unavailable', { cause });
}
