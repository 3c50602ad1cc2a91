import type { Store } from '../../index.js';

/** What was asked of a store, leaving out the notices of changes, which belong to no request. */
export interface Asked {
  /** Such as `claim jti`: the verb, and the first word of the key within its workspace. In the order of asking. */
  readonly verbs: readonly string[];
  /** How often somebody had to wait: verbs that are asked at once are waited for together. */
  readonly waits: number;
}

/** A store that tells what was asked of it. */
export class CountedStore {
  readonly store: Store;
  #verbs: string[] = [];
  #waits = 0;
  #pending = 0;

  constructor(store: Store) {
    this.store = new Proxy(store, {
      get: (target, verb: keyof Store) => {
        const member = target[verb];
        if (typeof member !== 'function') return member;
        return (...given: unknown[]) => {
          const answer: unknown = (member as (...all: unknown[]) => unknown).apply(target, given);
          const [tenant, , kind] = String(given[0]).split(/[/:]/);
          const isCounted = answer instanceof Promise && tenant !== 'changes' && verb !== 'ping' && verb !== 'close';
          return isCounted ? this.#count(`${verb} ${kind ?? tenant}`, answer) : answer;
        };
      },
    });
  }

  /** All that was asked during some work. */
  async during(work: () => Promise<unknown>): Promise<Asked> {
    [this.#verbs, this.#waits] = [[], 0];
    await work();
    return { verbs: this.#verbs, waits: this.#waits };
  }

  async #count(asked: string, answer: Promise<unknown>): Promise<unknown> {
    this.#verbs.push(asked);
    if (this.#pending === 0) this.#waits += 1;
    this.#pending += 1;
    try {
      return await answer;
    } finally {
      this.#pending -= 1;
    }
  }
}
