import { randomUUID } from 'node:crypto';
import type { Store } from './store.js';

const entry = 'changes';
/** Seconds: longer than anything is remembered by it. That it is gone is only one more notice. */
const life = 86_400;
/** Milliseconds between two readings, at least. */
const interval = 500;
/** Milliseconds that a reading counts. Those who ask often are never kept waiting: the next one comes before. */
const validity = 750;

/**
 * How processes that share a store learn that something they remember has changed. `announce` replaces one entry, which
 * each process reads every half second while it is asked, for all its workspaces and all it remembers. The entry tells
 * that something changed, not what: a memory notes the notice that was known before it read, and as long as that is the
 * last one, what it read is true. After another it compares a version of its own.
 */
export class ChangeNotices {
  readonly #store: Store;
  #last: string | undefined;
  /** When the reading of the last one began, in milliseconds of a clock that nobody sets. */
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  /** `store`: the whole one, not a workspace's part of it. */
  constructor(store: Store) {
    this.#store = store;
  }

  /** The last notice; undefined where it was read too long ago. */
  heard(): string | undefined {
    const age = performance.now() - this.#readAt;
    // Who needs an answer that did not come calls `listen`, and is told why.
    if (age >= interval) this.#read().catch(() => undefined);
    return age < validity ? this.#last : undefined;
  }

  /** The last notice, read now where it must be. Rejects when the store does. */
  async listen(): Promise<string> {
    const asked = performance.now();
    for (;;) {
      if (this.#last !== undefined && asked < this.#readAt + validity) return this.#last;
      // The reading that is under way may have begun long before we were asked.
      await this.#read();
    }
  }

  /** Tells every process. To be called once what has changed, and its version, stand in the store. */
  async announce(): Promise<void> {
    await this.#store.set(entry, randomUUID(), life);
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readNow(): Promise<void> {
    const start = performance.now();
    this.#last = (await this.#store.get(entry)) ?? '';
    this.#readAt = start;
  }
}
