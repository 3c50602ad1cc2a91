import { createHash } from 'node:crypto';
import { toUSVString } from 'node:util';
import { PostgresConnections } from './postgres-connections.js';
import { checkVersion } from './postgres-migrations.js';
import { loadPg } from './postgres-package.js';
import { type PostgresStatements, postgresStatements } from './postgres-statements.js';
import { readPostgresUrl } from './postgres-url.js';
import type { Claim, Store, StoreEntry } from './store.js';

/** What `postgresStore` opens: a store that can also be asked to remove all expired entries now. */
export interface PostgresStore extends Store {
  /** Removes every expired entry and answers how many. The store does this by itself, every few seconds. */
  prune(): Promise<number>;
}

const FIRST: Claim = Object.freeze({ first: true });

/** An index takes 2704 bytes. Keys longer than this keep so many, then a digest, and stand whole beside. */
const LONGEST_PLAIN_KEY = 1024;
const DIGEST_BYTES = 32;
const JUST_AFTER = Buffer.from([0]);
/** Above every key with the same beginning, and above every digest. */
const AFTER_ALL = Buffer.alloc(DIGEST_BYTES + 1, 0xff);
/** No UTF-8, so no key. */
const PING_ID = Buffer.from([0xff]);

const SWEEP_INTERVAL = 5000;
const SWEEP_BATCH = 1000;
/** Of one sweep: others need the connection too. */
const SWEEP_BATCHES = 50;

/**
 * A store in a PostgreSQL server, which any number of machines may share. Each verb is one statement, that is one round
 * trip and one transaction, and resolves when it is committed. Time is the server's.
 *
 * Keys and values must be well-formed strings: one with a lone surrogate has no UTF-8 and is rejected with a TypeError.
 *
 * Rejects with an Error when the URL is wrong, the `pg` package is missing, the server does not answer, or the tables
 * are not those of this version. The message names host, database and schema, and no password.
 */
export async function postgresStore(url: string): Promise<PostgresStore> {
  const address = readPostgresUrl(url);
  const connections = new PostgresConnections(address, await loadPg());
  const store = new OpenPostgresStore(connections, postgresStatements(address.schema));
  try {
    await checkVersion(connections, address.schema);
    await store.ping();
    return store;
  } catch (thrown) {
    await store.close();
    throw thrown;
  }
}

interface Entry {
  readonly id: Buffer;
  readonly long_key: Buffer | null;
  readonly value: Buffer;
  /** null is without end. */
  readonly ttl: number | null;
}

class OpenPostgresStore implements PostgresStore {
  readonly volatile = false;
  readonly #connections: PostgresConnections;
  readonly #statements: PostgresStatements;
  readonly #timer: NodeJS.Timeout;

  constructor(connections: PostgresConnections, statements: PostgresStatements) {
    this.#connections = connections;
    this.#statements = statements;
    this.#timer = setInterval(() => this.#sweep().catch(() => undefined), SWEEP_INTERVAL).unref();
  }

  async get(key: string): Promise<string | undefined> {
    const [found] = await this.#connections.run<Pick<Entry, 'value'>>(this.#statements.get, [idOf(key)]);
    return found?.value.toString();
  }

  async set(key: string, value: string, ttl: number): Promise<void> {
    await this.#connections.run(this.#statements.set, [...stored(key, value), seconds(ttl)]);
  }

  async delete(key: string): Promise<void> {
    await this.#connections.run(this.#statements.delete, [idOf(key)]);
  }

  async claim(key: string, value: string, ttl: number): Promise<Claim> {
    const values = [...stored(key, value), seconds(ttl)];
    const [outcome] = await this.#connections.run<{ standing: Buffer | null }>(this.#statements.claim, values);
    const standing = outcome?.standing;
    return standing ? { first: false, value: standing.toString() } : FIRST;
  }

  async increment(key: string, ttl: number): Promise<number> {
    const values = [...stored(key, '1'), seconds(ttl)];
    const [outcome] = await this.#connections.run<{ sum: string }>(this.#statements.increment, values);
    if (outcome === undefined) throw new TypeError('increment met a value that is not a number');
    return Number(outcome.sum);
  }

  async *scan(prefix: string): AsyncGenerator<StoreEntry> {
    let from = bytesOf(prefix).subarray(0, LONGEST_PLAIN_KEY);
    const end = Buffer.concat([from, AFTER_ALL]);
    // Page by page: an open cursor would hold its connection, and vacuum back, for as long as the reader takes.
    for (;;) {
      const page = await this.#connections.run<Entry>(this.#statements.scan, [from, end]);
      const last = page.at(-1);
      if (last === undefined) return;
      from = Buffer.concat([last.id, JUST_AFTER]);
      for (const { id, long_key, value, ttl } of page) {
        const key = (long_key ?? id).toString();
        if (key.startsWith(prefix)) yield { key, value: value.toString(), ttl: ttl ?? Number.POSITIVE_INFINITY };
      }
    }
  }

  /** Writes: a full disk or a server that is read-only must not look well. */
  async ping(): Promise<void> {
    await this.#connections.run(this.#statements.ping, [PING_ID]);
  }

  async prune(): Promise<number> {
    let removed = 0;
    for (;;) {
      const batch = await this.#connections.run(this.#statements.prune, [SWEEP_BATCH]);
      removed += batch.length;
      if (batch.length < SWEEP_BATCH) return removed;
    }
  }

  close(): Promise<void> {
    clearInterval(this.#timer);
    return this.#connections.close();
  }

  async #sweep(): Promise<void> {
    for (let batch = 0; batch < SWEEP_BATCHES; batch += 1) {
      const removed = await this.#connections.run(this.#statements.sweep, [SWEEP_BATCH]);
      if (removed.length < SWEEP_BATCH) return;
    }
  }
}

function bytesOf(text: string): Buffer {
  if (toUSVString(text) !== text) throw new TypeError('The postgres: store takes no text with a lone surrogate');
  return Buffer.from(text);
}

function idOf(key: string): Buffer {
  const bytes = bytesOf(key);
  if (bytes.length <= LONGEST_PLAIN_KEY) return bytes;
  const digest = createHash('sha256').update(bytes).digest();
  return Buffer.concat([bytes.subarray(0, LONGEST_PLAIN_KEY), digest], LONGEST_PLAIN_KEY + DIGEST_BYTES);
}

/** The columns id, long_key and value. */
function stored(key: string, value: string): [Buffer, Buffer | null, Buffer] {
  const id = idOf(key);
  return [id, id.length > LONGEST_PLAIN_KEY ? bytesOf(key) : null, bytesOf(value)];
}

/** null is without end: neither is an interval, nor a time beyond what PostgreSQL knows. */
function seconds(ttl: number): number | null {
  if (!(ttl > 0)) throw new RangeError('ttl must be a number of seconds above 0');
  return ttl < 1e11 ? ttl : null;
}
