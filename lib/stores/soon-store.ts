import type { Soon } from '../soon.js';
import type { Store } from './store.js';

/** A view that hands on what a store below answers at once. */
export interface SoonStore extends Store {
  getSoon(key: string): Soon<string | undefined>;
  setSoon(key: string, value: string, ttl: number): Soon<void>;
}

/** As `get`, without a promise where the store needs none. Rejects as `get` does, and never throws. */
export function getSoon(store: Store, key: string): Soon<string | undefined> {
  return isSoon(store) ? store.getSoon(key) : store.get(key);
}

/** As `set`, without a promise where the store needs none. Rejects as `set` does, and never throws. */
export function setSoon(store: Store, key: string, value: string, ttl: number): Soon<void> {
  return isSoon(store) ? store.setSoon(key, value, ttl) : store.set(key, value, ttl);
}

function isSoon(store: Store): store is SoonStore {
  return 'getSoon' in store;
}
