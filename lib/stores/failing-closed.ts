import { OAuthError } from '../errors.js';
import type { Soon } from '../soon.js';
import { type PromptVerbs, promptVerbs } from './memory.js';
import type { SoonStore } from './soon-store.js';
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

class FailingClosed implements SoonStore {
  readonly volatile: boolean;
  readonly #store: Store;
  readonly #patience: Patience;

  constructor(store: Store, patience: number) {
    this.volatile = store.volatile;
    this.#store = store;
    this.#patience = new Patience(patience);
  }

  getSoon(key: string): Soon<string | undefined> {
    const prompt = promptVerbs(this.#store);
    return prompt ? atOnce(prompt, (verbs) => verbs.getNow(key)) : this.get(key);
  }

  setSoon(key: string, value: string, ttl: number): Soon<void> {
    const prompt = promptVerbs(this.#store);
    return prompt ? atOnce(prompt, (verbs) => verbs.setNow(key, value, ttl)) : this.set(key, value, ttl);
  }

  claimSoon(key: string, value: string, ttl: number): Soon<Claim> {
    const prompt = promptVerbs(this.#store);
    return prompt ? atOnce(prompt, (verbs) => verbs.claimNow(key, value, ttl)) : this.claim(key, value, ttl);
  }

  incrementSoon(key: string, ttl: number): Soon<number> {
    const prompt = promptVerbs(this.#store);
    return prompt ? atOnce(prompt, (verbs) => verbs.incrementNow(key, ttl)) : this.increment(key, ttl);
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
        this.#patience.end(waiting);
        reject(unavailable(cause));
      };
      const succeed = (answer: T) => {
        this.#patience.end(waiting);
        resolve(answer);
      };
      const waiting = this.#patience.begin(fail);
      try {
        // A store that breaks its contract may answer without a promise, or throw.
        Promise.resolve(verb()).then(succeed, fail);
      } catch (cause) {
        fail(cause);
      }
    });
  }
}

function atOnce<T>(verbs: PromptVerbs, verb: (verbs: PromptVerbs) => T): Soon<T> {
  try {
    return verb(verbs);
  } catch (cause) {
    return Promise.reject(unavailable(cause));
  }
}

interface Waiting {
  /** Milliseconds of a clock that nobody sets. */
  readonly since: number;
  readonly fail: (cause: unknown) => void;
}

/** Gives up verbs that take too long. One timer for all: each request asks several, and hardly any ever waits. */
class Patience {
  readonly #limit: number;
  /** The longest waiting first. */
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  begin(fail: Waiting['fail']): Waiting {
    const waiting = { since: performance.now(), fail };
    // It keeps the process alive as long as somebody waits.
    if (this.#timer === undefined) this.#giveUpAfter(this.#limit);
    else if (this.#waiting.size === 0) this.#timer.ref();
    this.#waiting.add(waiting);
    return waiting;
  }

  end(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    if (this.#waiting.size === 0) this.#timer?.unref();
  }

  #giveUpAfter(milliseconds: number): void {
    this.#timer = setTimeout(() => this.#giveUp(), milliseconds);
  }

  #giveUp(): void {
    this.#timer = undefined;
    for (const { since, fail } of this.#waiting) {
      const left = since + this.#limit - performance.now();
      if (left > 0) {
        this.#giveUpAfter(left);
        return;
      }
      fail(new Error(`The store did not answer within ${this.#limit / 1000} seconds`));
    }
  }
}

function unavailable(cause: unknown): OAuthError {
  return cause instanceof OAuthError ? cause : new OAuthError('store_unavailable', { cause });
}
