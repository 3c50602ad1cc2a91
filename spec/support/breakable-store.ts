import type { Store } from '../../index.js';
import { memoryStore } from '../../lib/stores/memory.js';

export type Verb = 'get' | 'set' | 'delete' | 'claim' | 'increment' | 'scan' | 'ping';

/** What the store says of itself: nothing that a caller may read. */
export const storeFailure = () => new Error('connect ECONNREFUSED 10.1.2.3:6379, password hunter2');

/** A store in memory whose verbs fail for as long as they stand in `broken`. `throws`: at the call, not by promise. */
export function breakableStore({ throws = false } = {}): { readonly store: Store; readonly broken: Set<Verb> } {
  const broken = new Set<Verb>();
  const store = new Proxy(memoryStore(), {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) => {
        if (!broken.has(name as Verb)) return member.apply(target, given);
        if (throws) throw storeFailure();
        return name === 'scan' ? failingScan() : Promise.reject(storeFailure());
      };
    },
  });
  return { store, broken };
}

// biome-ignore lint/correctness/useYield: it fails before there is anything to yield
async function* failingScan(): AsyncGenerator<never> {
  throw storeFailure();
}
