import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { type FailureReason, OAuthError } from '../errors.js';
import type { Store } from '../stores/store.js';

const limitSchema = (attempts: number) =>
  z
    .strictObject({
      max_attempts: z
        .int()
        .min(0)
        .max(1_000_000)
        .default(attempts)
        .describe('Failures within `period`; 0 switches the limit off.'),
      period: z.int().min(1).max(86_400).default(60).describe('Seconds. They run by the clock, for everybody alike.'),
    })
    .prefault({});

/** How often credentials may be wrong before nothing more is compared (RFC 6749 2.3.1, 10.10). */
export const rateLimitsSchema = z.strictObject({
  enabled: z.boolean().default(true).describe('`false` switches both limits off.'),
  client: limitSchema(100).describe('Failures of one client from one address.'),
  source: limitSchema(1000).describe('Failures from one address, whichever clients it names.'),
});

export type RateLimits = z.output<typeof rateLimitsSchema>;

/** Failures that may have been guesses; the others tell a guesser nothing, and a confused client makes many. */
const guesses: ReadonlySet<FailureReason> = new Set([
  'unknown_client',
  'secret_mismatch',
  'secret_expired',
  'assertion_signature_invalid',
  'initial_token_unknown',
  'registration_token_unknown',
]);

const mostBlocked = 10_000;

/**
 * Counts failures by address and client, in the store that all processes share. A client's own failures elsewhere
 * never count against it: whoever guesses blocks only the own address. Success costs no look at the store, as what is
 * blocked is remembered here; a process that has not heard of a block compares one more guess.
 */
export class GuessLimits {
  readonly #limits: RateLimits;
  readonly #store: Store;
  readonly #now: () => number;
  /** The end of each block, in milliseconds since 1970, by what is blocked. */
  readonly #blocked = new LRUCache<string, number>({ maxSize: mostBlocked, sizeCalculation: () => 1 });

  /** `now` is in milliseconds since 1970. */
  constructor(limits: RateLimits, store: Store, now: () => number) {
    this.#limits = limits;
    this.#store = store;
    this.#now = now;
  }

  /**
   * Does work that compares a credential. Rejects with OAuthError `client_guesses_exceeded` or `source_guesses_exceeded`
   * while one of them is blocked, and in place of a failure that was one guess too many: what was guessed stays open.
   */
  async guard<T>(source: string | undefined, clientId: string | undefined, work: () => Promise<T>): Promise<T> {
    this.#admit(source, clientId);
    try {
      return await work();
    } catch (thrown) {
      await this.#count(source, clientId, thrown);
      throw thrown;
    }
  }

  #admit(source: string | undefined, clientId: string | undefined): void {
    if (this.#blocked.size === 0 || source === undefined) return;
    for (const scope of this.#scopes(source, clientId)) {
      const until = this.#blocked.get(scope.key);
      if (until !== undefined && until > this.#now()) throw refusal(scope.reason, until - this.#now(), clientId);
    }
  }

  async #count(source: string | undefined, clientId: string | undefined, thrown: unknown): Promise<void> {
    if (source === undefined || !(thrown instanceof OAuthError) || !guesses.has(thrown.reason)) return;
    const scopes = this.#scopes(source, clientId);
    const sums = await Promise.all(scopes.map(({ key, period }) => this.#store.increment(key, period)));
    for (const [index, scope] of scopes.entries()) {
      if ((sums[index] ?? 0) < scope.max) continue;
      this.#blocked.set(scope.key, scope.until);
      if ((sums[index] ?? 0) > scope.max) throw refusal(scope.reason, scope.until - this.#now(), clientId);
    }
  }

  /** A credential of nobody in particular counts for the address alone. */
  #scopes(source: string, clientId: string | undefined) {
    const { client, source: any } = this.#limits;
    return [
      ...(clientId === undefined ? [] : [this.#scope('client_guesses_exceeded', client, `${source}\n${clientId}`)]),
      this.#scope('source_guesses_exceeded', any, source),
    ].filter(({ max }) => max > 0);
  }

  /** Addresses are hashed: a store outlives a log. */
  #scope(reason: FailureReason, { max_attempts: max, period }: RateLimits['client'], subject: string) {
    const length = period * 1000;
    const slot = Math.floor(this.#now() / length);
    const digest = createHash('sha256').update(`${reason}\n${subject}`).digest('base64url');
    return { reason, max, period, until: (slot + 1) * length, key: `guesses/${slot}/${digest}` };
  }
}

function refusal(reason: FailureReason, milliseconds: number, clientId: string | undefined): OAuthError {
  const retry_after = Math.max(1, Math.ceil(milliseconds / 1000));
  return new OAuthError(reason, {
    detail: { ...(clientId !== undefined && { client_id: clientId }), retry_after },
  });
}
