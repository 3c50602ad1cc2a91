import type { Store } from '../../index.js';

/** The same store, whose verbs wait a few turns before and after their work, so that calls overlap in other ways each time. */
export function unhurried(store: Store): Store {
  return new Proxy(store, {
    get(target, verb: keyof Store) {
      const method = target[verb];
      if (typeof method !== 'function') return method;
      return async (...parameters: unknown[]) => {
        await pause();
        const answer = await (method as (...all: unknown[]) => unknown).apply(target, parameters);
        await pause();
        return answer;
      };
    },
  });
}

async function pause(): Promise<void> {
  for (let turns = Math.floor(Math.random() * 4); turns > 0; turns -= 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
