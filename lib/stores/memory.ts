import type { Claim, Store, StoreEntry } from './store.js';

interface Entry {
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const FIRST: Claim = Object.freeze({ first: true });

/**
 * How many entries each write looks at for expiry. Two keep the map below about twice what lives in it while
 * writes go on, at a constant cost per write, and need no timer that would outlive its store.
 */
const SWEPT_PER_WRITE = 2;

/** The verbs that requests use most, answered at once. */
export interface PromptVerbs {
  getNow(key: string): string | undefined;
  setNow(key: string, value: string, ttl: number): void;
  claimNow(key: string, value: string, ttl: number): Claim;
  incrementNow(key: string, ttl: number): number;
}

/** Those of a memory store; undefined for every other, and for one that somebody changed or wrapped. */
export function promptVerbs(store: Store): PromptVerbs | undefined {
  return MemoryStore.isUntouched(store) ? store : undefined;
}

/**
 * A store inside this process, for specs and demonstrations. Everything in it is lost with the process, and a second
 * process would not see a claim made here, so under `NODE_ENV=production` it must be acknowledged.
 *
 * @throws Error under `NODE_ENV=production` without `acknowledgeSingleProcess`.
 */
export function memoryStore(options: { acknowledgeSingleProcess?: boolean } = {}): Store {
  if (process.env.NODE_ENV === 'production' && options.acknowledgeSingleProcess !== true) {
    throw new Error(
      'The memory: store forgets codes and tokens on restart and is not shared between processes. ' +
        'In production use another store URL, such as lmdb:./data, or accept that with memory:?acknowledge=single-process',
    );
  }
  return new MemoryStore();
}

class MemoryStore implements Store, PromptVerbs {
  readonly volatile = true;
  readonly #entries = new Map<string, Entry>();
  #sweep = this.#entries.entries();
  #closed = false;

  static isUntouched(store: Store): store is MemoryStore {
    const { get, set, claim, increment } = MemoryStore.prototype;
    const isOwn = #entries in store && store.get === get && store.set === set;
    return isOwn && store.claim === claim && store.increment === increment;
  }

  getNow(key: string): string | undefined {
    this.#assertOpen();
    return this.#live(key)?.value;
  }

  setNow(key: string, value: string, ttl: number): void {
    this.#write(key, value, expiryAfter(ttl));
  }

  async get(key: string): Promise<string | undefined> {
    return this.getNow(key);
  }

  async set(key: string, value: string, ttl: number): Promise<void> {
    this.setNow(key, value, ttl);
  }

  async claim(key: string, value: string, ttl: number): Promise<Claim> {
    return this.claimNow(key, value, ttl);
  }

  async increment(key: string, ttl: number): Promise<number> {
    return this.incrementNow(key, ttl);
  }

  async delete(key: string): Promise<void> {
    this.#assertOpen();
    this.#entries.delete(key);
  }

  claimNow(key: string, value: string, ttl: number): Claim {
    const expiresAt = expiryAfter(ttl);
    const standing = this.#live(key);
    if (standing) return { first: false, value: standing.value };
    this.#write(key, value, expiresAt);
    return FIRST;
  }

  incrementNow(key: string, ttl: number): number {
    const expiresAt = expiryAfter(ttl);
    const standing = this.#live(key);
    const sum = standing ? numberIn(standing.value) + 1 : 1;
    this.#write(key, String(sum), standing?.expiresAt ?? expiresAt);
    return sum;
  }

  async *scan(prefix: string): AsyncGenerator<StoreEntry> {
    this.#assertOpen();
    // The keys are taken at once: a reader who writes while reading would otherwise never reach the end.
    const keys = [...this.#entries.keys()].filter((key) => key.startsWith(prefix));
    for (const key of keys) {
      this.#assertOpen();
      const entry = this.#live(key);
      if (entry) yield { key, value: entry.value, ttl: (entry.expiresAt - Date.now()) / 1000 };
    }
  }

  async ping(): Promise<void> {
    this.#assertOpen();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#entries.clear();
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error('The memory: store is closed');
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || Date.now() < entry.expiresAt) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  #write(key: string, value: string, expiresAt: number): void {
    this.#assertOpen();
    this.#sweepSome();
    this.#entries.set(key, { value, expiresAt });
  }

  /** A Map may be changed under its iterator, so one iterator walks the whole map over many writes. */
  #sweepSome(): void {
    const now = Date.now();
    for (let looked = 0; looked < SWEPT_PER_WRITE; looked += 1) {
      const step = this.#sweep.next();
      if (step.done) {
        this.#sweep = this.#entries.entries();
        return;
      }
      const [key, entry] = step.value;
      if (entry.expiresAt <= now) this.#entries.delete(key);
    }
  }
}

function expiryAfter(ttl: number): number {
  if (!(ttl > 0)) throw new RangeError('ttl must be a number of seconds above 0');
  return Date.now() + ttl * 1000;
}

function numberIn(value: string): number {
  if (!/^-?\d{1,15}$/.test(value)) throw new TypeError('increment met a value that is not a number');
  return Number(value);
}
