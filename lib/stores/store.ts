/** What `claim` found: you were first, or somebody was before you and left `value`. */
export type Claim = { readonly first: true } | { readonly first: false; readonly value: string };

/** What a scan answers. */
export interface StoreEntry {
  readonly key: string;
  readonly value: string;
  /** Seconds it lives on, above 0; `Infinity` for as long as the store lives. */
  readonly ttl: number;
}

/**
 * The verbs every store offers. Each touches one key and is atomic on its own: there is no transaction, and nothing
 * here needs one. Keys and values are strings of any content; a value may be several megabytes.
 *
 * A verb that cannot do its work rejects, and soon: requests give it up after five seconds, whether or not it is done
 * later. It never answers as if it had. Entries whose time is over are never
 * returned, whether or not the store has removed them yet.
 */
export interface Store {
  /** True when everything is lost with this process. Such a store needs no keys that outlive it. */
  readonly volatile: boolean;

  /** The value under `key`, or undefined. */
  get(key: string): Promise<string | undefined>;

  /** Puts `value` under `key` for `ttl` seconds (> 0; `Infinity` for as long as the store lives), replacing any other. */
  set(key: string, value: string, ttl: number): Promise<void>;

  /** Removes `key`; one that is not there is no error. */
  delete(key: string): Promise<void>;

  /**
   * Puts `value` under `key` for `ttl` seconds if nothing stands there, and says whether you were first.
   * Of any number of calls at once, in any number of processes, exactly one is first: the gate for all single use.
   */
  claim(key: string, value: string, ttl: number): Promise<Claim>;

  /**
   * Adds one to the number under `key` and answers the sum; an absent key counts as 0. `ttl` seconds run from the
   * first increment and later ones do not extend them.
   */
  increment(key: string, ttl: number): Promise<number>;

  /** Every live entry whose key begins with `prefix`, in no particular order. For operators; not for request paths. */
  scan(prefix: string): AsyncIterable<StoreEntry>;

  /** Removes every expired entry and answers how many. Absent where the store itself leaves none standing. */
  prune?(): Promise<number>;

  /** Resolves when the store can do its work now, rejects with the reason when it cannot. */
  ping(): Promise<void>;

  /** Ends the work in hand, then lets go of files and connections. Later calls reject. */
  close(): Promise<void>;
}
