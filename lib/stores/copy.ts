import type { Store, StoreEntry } from './store.js';

/** What a copy did, in entries. */
export interface StoreCopy {
  readonly copied: number;
  /** Left as they were: the target had something under the same key. */
  readonly kept: number;
}

/** Writes at once. A store has fewer connections, and a value may have megabytes. */
const AT_ONCE = 32;

/**
 * Copies every live entry of `from` to `to`, each with what is left of its ttl. What stands in `to` is never replaced,
 * so that a copy that was broken off can be taken up again with `merge`.
 *
 * There is no moment at which the whole of `from` is seen: what is written meanwhile may be missing in `to`, and a code
 * that is used there could then be used again here. Nobody may use either store until this is done.
 *
 * Rejects with an Error when `to` holds anything, unless `merge`; and when a verb rejects, with part of it done.
 */
export async function copyStore(from: Store, to: Store, { merge = false } = {}): Promise<StoreCopy> {
  if (!merge && !(await isEmpty(to))) throw new Error('The target holds entries already');
  const done = { copied: 0, kept: 0 };
  const put = async ({ key, value, ttl }: StoreEntry) => {
    // Over since it was read.
    if (ttl <= 0) return;
    const { first } = await to.claim(key, value, ttl);
    done[first ? 'copied' : 'kept'] += 1;
  };
  let batch: StoreEntry[] = [];
  for await (const entry of from.scan('')) {
    batch.push(entry);
    if (batch.length < AT_ONCE) continue;
    await Promise.all(batch.map(put));
    batch = [];
  }
  await Promise.all(batch.map(put));
  return done;
}

async function isEmpty(store: Store): Promise<boolean> {
  for await (const _ of store.scan('')) return false;
  return true;
}
