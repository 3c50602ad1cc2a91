import type { Soon } from '../soon.js';
import type { Claim, Store } from './store.js';

/** A view that hands on what a store below answers at once: the verbs that most requests need. */
export interface SoonStore extends Store {
  getSoon(key: string): Soon<string | undefined>;
  setSoon(key: string, value: string, ttl: number): Soon<void>;
  claimSoon(key: string, value: string, ttl: number): Soon<Claim>;
  incrementSoon(key: string, ttl: number): Soon<number>;
}

/** As `get`, without a promise where the store needs none. Rejects as `get` does, and never throws. */
export function getSoon(store: Store, key: string): Soon<string | undefined> {
  return isSoon(store) ? store.getSoon(key) : store.get(key);
}

/** As `set`, without a promise where the store needs none. Rejects as `set` does, and never throws. */
export function setSoon(store: Store, key: string, value: string, ttl: number): Soon<void> {
  return isSoon(store) ? store.setSoon(key, value, ttl) : store.set(key, value, ttl);
}

/** As `claim`, without a promise where the store needs none. Rejects as `claim` does, and never throws. */
export function claimSoon(store: Store, key: string, value: string, ttl: number): Soon<Claim> {
  return isSoon(store) ? store.claimSoon(key, value, ttl) : store.claim(key, value, ttl);
}

/** As `increment`, without a promise where the store needs none. Rejects as `increment` does, and never throws. */
export function incrementSoon(store: Store, key: string, ttl: number): Soon<number> {
  return isSoon(store) ? store.incrementSoon(key, ttl) : store.increment(key, ttl);
}

function isSoon(store: Store): store is SoonStore {
  return 'getSoon' in store;
}
