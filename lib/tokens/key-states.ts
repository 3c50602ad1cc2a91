/** When a key was made and when it may sign. Seconds since 1970. */
export interface KeyTimes {
  readonly created: number;
  readonly activates_at: number;
  /** The keys before it must not be trusted any more: it signs at once, and they are over. */
  readonly replaces_all: boolean;
}

/** `next`: published, does not sign yet. `active`: signs. `retired`: its tokens may still live. */
export type KeyState = 'next' | 'active' | 'retired';

/** A key with what its place among the others makes of it. Seconds since 1970. */
export interface KeyInState<K> {
  readonly key: K;
  readonly state: KeyState;
  /** When it stops signing; absent while no other key is going to take over. */
  readonly retires_at?: number;
  /** When the last token it can have signed is over, and it leaves the JWKS and the store. */
  readonly removed_at?: number;
}

/**
 * The keys of one algorithm that are not over, given oldest first. Nothing but times decides, so that all processes
 * that read the same keys agree. `life`: seconds a key outlives its last signature. `now`: seconds since 1970.
 */
export function keysInState<K extends KeyTimes>(keys: readonly K[], life: number, now: number): KeyInState<K>[] {
  const trusted = keys.slice(
    Math.max(
      0,
      keys.findLastIndex(({ replaces_all }) => replaces_all),
    ),
  );
  // The first key signs even where the clock is behind that of the machine that made it: there is no other.
  const active = Math.max(
    0,
    trusted.findLastIndex((key) => key.activates_at <= now || key.replaces_all),
  );
  return trusted
    .map((key, index): KeyInState<K> => {
      const state = index === active ? 'active' : index < active ? 'retired' : 'next';
      const later = trusted.slice(index + 1);
      if (later.length === 0) return { key, state };
      // Not always the next one: that may be dated far ahead, by a clock that was.
      const retires_at = Math.min(...later.map(({ activates_at }) => activates_at));
      return { key, state, retires_at, removed_at: retires_at + life };
    })
    .filter(({ state, removed_at = Number.POSITIVE_INFINITY }) => state !== 'retired' || removed_at > now);
}

/** When the answer of `keysInState` changes next; seconds since 1970, `Infinity` for never. */
export function nextChange(states: readonly KeyInState<KeyTimes>[], now: number): number {
  const times = states.flatMap(({ retires_at = 0, removed_at = 0 }) => [retires_at, removed_at]);
  return Math.min(Number.POSITIVE_INFINITY, ...times.filter((time) => time > now));
}
