import { createHash } from 'node:crypto';
import { toUSVString } from 'node:util';
import type { RootDatabase } from 'lmdb';
import { prepareDirectory } from './lmdb-directory.js';
import type { Claim, Store, StoreEntry } from './store.js';

/** What `lmdbStore` opens: a store that can also be asked to remove all expired entries now. */
export interface LmdbStore extends Store {
  /** Removes every expired entry and answers how many. The store does this by itself, a little every second. */
  prune(): Promise<number>;
}

/** An entry's time of expiry, in milliseconds since the epoch, is its LMDB version; its value is UTF-8. */
type Database = RootDatabase<Buffer, Buffer>;

const FIRST: Claim = Object.freeze({ first: true });

/** Keys of entries begin with this byte, so that an empty key is possible and our own bookkeeping cannot meet one. */
const ENTRY = 'k';
const PING_KEY = Buffer.from('ping');
/** LMDB keys end at 1978 bytes. Longer ones keep this many bytes, then a digest; the true key precedes the value. */
const LONGEST_PLAIN_KEY = 1024;
const DIGEST_BYTES = 32;
/** Above every byte of UTF-8, and above every digest. */
const AFTER_ALL = Buffer.alloc(DIGEST_BYTES + 1, 0xff);
const JUST_AFTER = Buffer.from([0]);

const OPTIONS = {
  noSubdir: false,
  encoding: 'binary',
  keyEncoding: 'binary',
  useVersions: true,
  // Off: a resolved write must survive the loss of power, and not only that of the process.
  overlappingSync: false,
  permissionsMode: 0o600,
} as const;

const SWEEP_INTERVAL = 1000;
/** Entries per sweep; a value's every 4096 bytes count as one more. Bounds one sweep to about a millisecond. */
const SWEEP_BUDGET = 500;
const SCAN_PAGE = 256;

/**
 * A durable store in `directory`, which any number of processes on one machine may open at once. It is made, with mode
 * 0700, when absent. A verb resolves when its transaction is on disk; writes of one turn of the event loop share one.
 *
 * Keys and values must be well-formed strings: one with a lone surrogate has no UTF-8 and is rejected with a TypeError.
 *
 * Rejects with an Error when the `lmdb` package is missing, the directory cannot be used, or its data file is damaged or
 * foreign. The message names the path; the files stay as they were.
 */
export async function lmdbStore(directory: string): Promise<LmdbStore> {
  const { open } = await loadLmdb();
  const path = await prepareDirectory(directory);
  try {
    const database = open<Buffer, Buffer>({ path, ...OPTIONS });
    return new OpenLmdbStore(database);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`The store directory ${path} cannot be opened: ${reason}`, { cause });
  }
}

async function loadLmdb() {
  try {
    return await import('lmdb');
  } catch (cause) {
    throw new Error('The lmdb: store needs the package lmdb, which cannot be loaded: npm install lmdb', { cause });
  }
}

class OpenLmdbStore implements LmdbStore {
  readonly volatile = false;
  readonly #database: Database;
  readonly #timer: NodeJS.Timeout;
  #sweepFrom = plainKey('');
  #closing: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.#timer = setInterval(() => this.#sweep().catch(() => undefined), SWEEP_INTERVAL).unref();
  }

  async get(key: string): Promise<string | undefined> {
    return this.#read(storedKey(key))?.value;
  }

  async set(key: string, value: string, ttl: number): Promise<void> {
    const expiresAt = expiryAfter(ttl);
    await committed(this.#open().put(storedKey(key), storedValue(key, value), expiresAt));
  }

  async delete(key: string): Promise<void> {
    await committed(this.#open().remove(storedKey(key)));
  }

  async claim(key: string, value: string, ttl: number): Promise<Claim> {
    const database = this.#open();
    const expiresAt = expiryAfter(ttl);
    const stored = storedKey(key);
    const bytes = storedValue(key, value);
    return this.#transaction((): Claim => {
      const standing = live(database, stored);
      if (standing) return { first: false, value: standing.value };
      database.put(stored, bytes, expiresAt);
      return FIRST;
    });
  }

  async increment(key: string, ttl: number): Promise<number> {
    const database = this.#open();
    const expiresAt = expiryAfter(ttl);
    const stored = storedKey(key);
    return this.#transaction(() => {
      const standing = live(database, stored);
      const sum = standing ? numberIn(standing.value) + 1 : 1;
      database.put(stored, storedValue(key, String(sum)), standing?.expiresAt ?? expiresAt);
      return sum;
    });
  }

  async *scan(prefix: string): AsyncGenerator<StoreEntry> {
    const start = plainKey(wellFormed(prefix)).subarray(0, LONGEST_PLAIN_KEY);
    const end = Buffer.concat([start, AFTER_ALL]);
    // Page by page: an open cursor would hold the pages of its snapshot for as long as the reader takes.
    for (let from: Buffer | undefined = start; from !== undefined; ) {
      const page = this.#keys(from, SCAN_PAGE, end);
      from = after(page, SCAN_PAGE);
      for (const stored of page) {
        const entry = this.#read(stored);
        if (!entry?.key.startsWith(prefix)) continue;
        const { key, value, expiresAt } = entry;
        yield { key, value, ttl: (expiresAt - Date.now()) / 1000 };
      }
    }
  }

  /** Writes: a full disk or one mounted read-only must not look well. */
  async ping(): Promise<void> {
    await committed(this.#open().put(PING_KEY, Buffer.alloc(0), 0));
  }

  async prune(): Promise<number> {
    let removed = 0;
    for (let from: Buffer | undefined = plainKey(''); from !== undefined; ) {
      const step = await this.#removeExpired(from);
      removed += step.removed;
      from = step.next;
    }
    return removed;
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish(this.#database);
    return this.#closing;
  }

  async #finish(database: Database): Promise<void> {
    clearInterval(this.#timer);
    // Transactions run in order and after single writes, so this one ends the work in hand.
    await committed(database.transaction(() => undefined)).finally(() => database.close());
  }

  #open(): Database {
    if (this.#closing) throw new Error('The lmdb: store is closed');
    return this.#database;
  }

  /** Reads what is committed now, by any process: the library's own snapshot may be as old as this turn of the loop. */
  #read(stored: Buffer): LiveEntry | undefined {
    const database = this.#open();
    database.resetReadTxn();
    return live(database, stored);
  }

  #transaction<T>(action: () => T): Promise<T> {
    return committed(this.#open().transaction(action));
  }

  #keys(start: Buffer, limit: number, end: Buffer): Buffer[] {
    const keys: Iterable<Uint8Array> = this.#open().getKeys({ start, end, limit });
    return Array.from(keys, (key) => Buffer.from(key));
  }

  async #sweep(): Promise<void> {
    const { next } = await this.#removeExpired(this.#sweepFrom);
    this.#sweepFrom = next ?? plainKey('');
  }

  /** Looks at a bounded number of entries and removes the expired, each only if it still has the expiry seen here. */
  async #removeExpired(from: Buffer): Promise<{ removed: number; next: Buffer | undefined }> {
    const database = this.#open();
    database.resetReadTxn();
    const now = Date.now();
    const removals: PromiseLike<boolean>[] = [];
    const page = this.#keys(from, SWEEP_BUDGET, Buffer.concat([plainKey(''), AFTER_ALL]));
    let next = after(page, SWEEP_BUDGET);
    let budget = SWEEP_BUDGET;
    for (const stored of page) {
      const { value, version = Number.POSITIVE_INFINITY } = database.getEntry(stored) ?? {};
      if (version <= now) removals.push(database.remove(stored, version));
      budget -= 1 + (value?.length ?? 0) / 4096;
      if (budget < 0) {
        next = Buffer.concat([stored, JUST_AFTER]);
        break;
      }
    }
    const outcomes = await committed(Promise.all(removals));
    return { removed: outcomes.filter(Boolean).length, next };
  }
}

interface LiveEntry {
  readonly key: string;
  readonly value: string;
  readonly expiresAt: number;
}

function live(database: Database, stored: Buffer): LiveEntry | undefined {
  const entry = database.getEntry(stored);
  if (entry === undefined) return undefined;
  const { value: bytes, version: expiresAt = 0 } = entry;
  if (expiresAt <= Date.now()) return undefined;
  if (stored.length <= LONGEST_PLAIN_KEY) {
    return { key: stored.toString('utf8', ENTRY.length), value: bytes.toString(), expiresAt };
  }
  const keyEnd = 4 + bytes.readUInt32BE(0);
  return { key: bytes.toString('utf8', 4, keyEnd), value: bytes.toString('utf8', keyEnd), expiresAt };
}

function plainKey(key: string): Buffer {
  return Buffer.from(ENTRY + key);
}

function storedKey(key: string): Buffer {
  const plain = plainKey(wellFormed(key));
  if (plain.length <= LONGEST_PLAIN_KEY) return plain;
  const digest = createHash('sha256').update(plain).digest();
  return Buffer.concat([plain.subarray(0, LONGEST_PLAIN_KEY), digest], LONGEST_PLAIN_KEY + DIGEST_BYTES);
}

function storedValue(key: string, value: string): Buffer {
  const bytes = Buffer.from(wellFormed(value));
  // A key of a third of the limit cannot pass it in UTF-8: the common case counts no bytes.
  if (key.length * 3 < LONGEST_PLAIN_KEY || Buffer.byteLength(key) + ENTRY.length <= LONGEST_PLAIN_KEY) return bytes;
  const keyBytes = Buffer.from(key);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(keyBytes.length);
  return Buffer.concat([length, keyBytes, bytes]);
}

function wellFormed(text: string): string {
  if (toUSVString(text) !== text) throw new TypeError('The lmdb: store takes no text with a lone surrogate');
  return text;
}

function after(page: readonly Buffer[], limit: number): Buffer | undefined {
  const last = page.at(-1);
  return last === undefined || page.length < limit ? undefined : Buffer.concat([last, JUST_AFTER]);
}

/** The library rejects with "Commit failed" and puts the reason into a second promise, which somebody must take. */
async function committed<T>(work: PromiseLike<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'commitError' in error) {
      const cause = await Promise.resolve(error.commitError).catch((reason: unknown) => reason);
      throw new Error(`The lmdb: store could not write: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
    throw error;
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
