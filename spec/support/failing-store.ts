import type { Store } from '../../index.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { storeFailure } from './breakable-store.js';

/** What is lost of a call that fails: the call itself, or only the answer to a write, so that it had its effect. */
export type Loss = 'call' | 'answer';

const writes = ['set', 'delete', 'claim', 'increment'];
const verbs = [...writes, 'get', 'scan'];

/** A store in memory that fails at one call, once, or at all of them. */
export class FailingStore {
  readonly store: Store;
  /** Verb and key of the call that failed last. */
  failed: string | undefined;
  #remaining = Number.POSITIVE_INFINITY;
  #loss: Loss = 'call';
  #away = false;

  constructor() {
    this.store = new Proxy(memoryStore(), {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        const verb = String(name);
        if (!verbs.includes(verb)) return (...given: unknown[]) => member.apply(target, given);
        return (...given: unknown[]) => {
          const fails = this.#takes(verb);
          if (fails) this.failed = `${verb} ${given[0]}`;
          if (verb === 'scan') return fails ? failingScan() : member.apply(target, given);
          if (!fails) return member.apply(target, given);
          const failure = () => Promise.reject(storeFailure());
          return this.#loss === 'call' ? failure() : (member.apply(target, given) as Promise<unknown>).then(failure);
        };
      },
    });
  }

  /** Fails at the call with this number, or at the write where the answer is lost, and at no other. */
  failAt(call: number, loss: Loss): void {
    this.failed = undefined;
    this.#remaining = call;
    this.#loss = loss;
  }

  /** Fails at every call until `mend`. */
  goAway(): void {
    this.#away = true;
    this.#loss = 'call';
  }

  mend(): void {
    this.#away = false;
    this.#remaining = Number.POSITIVE_INFINITY;
  }

  #takes(verb: string): boolean {
    if (this.#loss === 'call' || writes.includes(verb)) this.#remaining -= 1;
    else return this.#away;
    return this.#away || this.#remaining === 0;
  }
}

// biome-ignore lint/correctness/useYield: it fails before there is anything to yield
async function* failingScan(): AsyncGenerator<never> {
  throw storeFailure();
}
