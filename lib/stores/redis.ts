import { createHash } from 'node:crypto';
import { toUSVString } from 'node:util';
import { redisAddress } from './redis-address.js';
import { connectRedis } from './redis-connection.js';
import type { RedisWire } from './redis-wire.js';
import type { Claim, Store, StoreEntry } from './store.js';

const FIRST: Claim = Object.freeze({ first: true });

/** Keys a server looks at for one page of a scan. */
const SCAN_PAGE = 250;

/** INCR keeps the time of expiry and rejects what is no number; only the first sets one. ARGV[1] is empty for no end. */
const INCREMENT = `
if ARGV[1] ~= '' and redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
  return 1
end
return redis.call('INCR', KEYS[1])`;
const INCREMENT_SHA1 = createHash('sha1').update(INCREMENT).digest('hex');

/**
 * A store on the Redis server or cluster (7 or newer, or Valkey) that a `redis:` or `rediss:` URL names. Every verb is one
 * command on one key. The server's clock alone decides expiry.
 *
 * Keys and values must be well-formed strings: one with a lone surrogate has no UTF-8 and is rejected with a TypeError.
 * While the server is away verbs reject within two seconds, and work again when it is back. A verb whose answer was
 * lost rejects and is not repeated: it may have been done.
 *
 * Rejects with an Error when the URL is wrong, the `redis` package is missing, the server cannot be reached or refuses us,
 * or it may evict keys. The message holds neither user nor password.
 */
export async function redisStore(url: string): Promise<Store> {
  const address = redisAddress(url);
  return new RedisStore(await connectRedis(address), address.prefix);
}

class RedisStore implements Store {
  readonly volatile = false;
  readonly #wire: RedisWire;
  readonly #prefix: string;
  readonly #inHand = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(wire: RedisWire, prefix: string) {
    this.#wire = wire;
    this.#prefix = prefix;
  }

  async get(key: string): Promise<string | undefined> {
    const value = await this.#send(key, (stored) => ['GET', stored]);
    return typeof value === 'string' ? value : undefined;
  }

  async set(key: string, value: string, ttl: number): Promise<void> {
    await this.#send(key, (stored) => ['SET', stored, wellFormed(value), ...expiry(ttl)]);
  }

  async delete(key: string): Promise<void> {
    await this.#send(key, (stored) => ['DEL', stored]);
  }

  async claim(key: string, value: string, ttl: number): Promise<Claim> {
    const standing = await this.#send(key, (stored) => ['SET', stored, wellFormed(value), 'NX', 'GET', ...expiry(ttl)]);
    return typeof standing === 'string' ? { first: false, value: standing } : FIRST;
  }

  async increment(key: string, ttl: number): Promise<number> {
    const [, milliseconds = ''] = expiry(ttl);
    const stored = this.#stored(key);
    return this.#tracked(this.#incremented(stored, milliseconds));
  }

  async #incremented(stored: string, milliseconds: string): Promise<number> {
    const words = ['1', stored, milliseconds];
    try {
      return Number(await this.#wire.send(stored, ['EVALSHA', INCREMENT_SHA1, ...words]));
    } catch (error) {
      // A server that has not met the script has counted nothing.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return Number(await this.#wire.send(stored, ['EVAL', INCREMENT, ...words]));
    }
  }

  async *scan(prefix: string): AsyncGenerator<StoreEntry> {
    this.#assertOpen();
    const pattern = `${literal(this.#prefix + wellFormed(prefix))}*`;
    // A server may name a key twice while it grows, and two may while a slot moves.
    const seen = new Set<string>();
    for (const primary of await this.#wire.primaries()) {
      let cursor = '0';
      do {
        this.#assertOpen();
        const command = ['SCAN', cursor, 'MATCH', pattern, 'COUNT', String(SCAN_PAGE), 'TYPE', 'string'];
        const [next, names] = (await this.#tracked(primary(command))) as [string, string[]];
        const keys = names.filter((name) => !seen.has(name) && seen.add(name)).map((name) => this.#key(name));
        const entries = await Promise.all(keys.map((key) => this.#entry(key)));
        for (const entry of entries) if (entry) yield entry;
        cursor = next;
      } while (cursor !== '0');
    }
  }

  async #entry(key: string): Promise<StoreEntry | undefined> {
    const left = this.#send(key, (stored) => ['PTTL', stored]);
    const [value, milliseconds] = await Promise.all([this.get(key), left.then(Number)]);
    // -1: without end. -2: gone meanwhile.
    if (value === undefined || milliseconds === -2 || milliseconds === 0) return undefined;
    return { key, value, ttl: milliseconds === -1 ? Number.POSITIVE_INFINITY : milliseconds / 1000 };
  }

  /** Asks for a write that changes nothing: a server that is full, read-only or in trouble with its disk must not look well. */
  async ping(): Promise<void> {
    await this.#send('', (stored) => ['SETRANGE', `${stored}ping`, '0', '']);
    await Promise.all((await this.#wire.primaries()).map((primary) => this.#tracked(primary(['PING']))));
  }

  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#inHand).then(() => this.#wire.destroy());
    return this.#closing;
  }

  async #send(key: string, command: (stored: string) => string[]): Promise<unknown> {
    const stored = this.#stored(key);
    return this.#tracked(this.#wire.send(stored, command(stored)));
  }

  #stored(key: string): string {
    this.#assertOpen();
    return this.#prefix + wellFormed(key);
  }

  #tracked<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => this.#inHand.delete(tracked));
    this.#inHand.add(tracked);
    return tracked;
  }

  #assertOpen(): void {
    if (this.#closing) throw new Error('The redis: store is closed');
  }

  #key(stored: string): string {
    return stored.slice(this.#prefix.length);
  }
}

/** SET's words for a ttl in seconds: whole milliseconds, at least one, at most what a number holds exactly. */
function expiry(ttl: number): string[] {
  if (!(ttl > 0)) throw new RangeError('ttl must be a number of seconds above 0');
  if (ttl === Number.POSITIVE_INFINITY) return [];
  return ['PX', String(Math.min(Math.ceil(ttl * 1000), Number.MAX_SAFE_INTEGER))];
}

function wellFormed(text: string): string {
  if (toUSVString(text) !== text) throw new TypeError('The redis: store takes no text with a lone surrogate');
  return text;
}

/** A glob that matches `text` alone. */
function literal(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&');
}
