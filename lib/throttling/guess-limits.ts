import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type FailureReason, OAuthError } from '../errors.js';
import type { WarningName } from '../events.js';
import { following, rescued, type Soon, together } from '../soon.js';
import { getSoon, incrementSoon } from '../stores/soon-store.js';
import type { Store } from '../stores/store.js';
import { type GuessKind, guessRules, type RateLimits } from './rate-limits.js';

const mostBlocked = 10_000;
/** The part of the other limits that is left while the failures of everybody are too many. */
const widespreadPart = 1 / 20;

/** Where something secret comes from. */
export interface Guess {
  readonly kind: GuessKind;
  /** The address, as `sourceOf` tells it. Undefined: nobody knows, and nothing is counted. */
  readonly source: string | undefined;
  /** The client that is named, where guesses at it are counted apart. */
  readonly clientId?: string | undefined;
}

export interface GuessLimitParts {
  /** The issuer's own part of the store. */
  readonly store: Store;
  /** The part that the workspaces of a tenant share. Absent: there is no tenant. */
  readonly tenantStore: Store | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  warn(name: WarningName, detail: Readonly<Record<string, unknown>>): void;
}

/** Somebody whose failures are counted. */
interface Scope {
  readonly reason: FailureReason;
  readonly max: number;
  readonly period: number;
  readonly blockDuration: number | undefined;
  /** Stands for the address, and for the client where there is one. */
  readonly digest: string;
}

/** The failures of a scope in this period, and the end of a block that stands already. */
interface Count {
  readonly scope: Scope;
  readonly sum: number;
  /** Milliseconds since 1970. */
  readonly blockedUntil: number | undefined;
}

interface Block {
  /** Milliseconds since 1970. */
  readonly until: number;
  /** The guesses that were allowed. */
  readonly max: number;
}

/**
 * Counts wrong guesses by address and client, in the store that all processes share. A client's own failures elsewhere
 * never count against it: whoever guesses blocks only the own address. The failures of everybody together block nobody
 * either; when they are too many, an address may be wrong less often. Success costs no look at the store, as what is
 * blocked is remembered here; a process that has not heard of a block compares one more guess.
 */
export class GuessLimits {
  readonly #limits: RateLimits;
  readonly #parts: GuessLimitParts;
  /** By the digest of what is blocked. */
  readonly #blocked = new LRUCache<string, Block>({ maxSize: mostBlocked, sizeCalculation: () => 1 });
  /** The end of the period whose total is known to be exceeded: one key of the store must not hear every failure. */
  readonly #exceeded = new Map<string, number>();

  constructor(limits: RateLimits, parts: GuessLimitParts) {
    this.#limits = limits;
    this.#parts = parts;
  }

  /**
   * Does work that compares something secret, and answers as it does. Throws or rejects with an OAuthError whose reason
   * ends in `_guesses_exceeded` while the address is blocked, and in place of a failure that was one guess too many:
   * what was guessed stays open.
   */
  guard<T>(guess: Guess, work: () => Soon<T>): Soon<T> {
    this.#admit(guess);
    return rescued(work, async (thrown) => {
      await this.#count(guess, thrown);
      throw thrown;
    });
  }

  #admit(guess: Guess): void {
    if (this.#blocked.size === 0) return;
    for (const scope of this.#scopes(guess)) {
      const block = this.#blocked.get(scope.digest);
      if (block && block.until > this.#parts.now()) throw this.#refusal(scope.reason, block, guess);
    }
  }

  async #count(guess: Guess, thrown: unknown): Promise<void> {
    if (guess.source === undefined || !(thrown instanceof OAuthError)) return;
    if (!guessRules[guess.kind].guesses.has(thrown.reason)) return;
    const scopes = this.#scopes(guess);
    const isWidespread = this.#isWidespread();
    const counted = together(scopes.map((scope) => this.#sum(scope)));
    const [widespread, counts] = await Promise.all([isWidespread, counted]);
    for (const { scope, sum, blockedUntil } of counts) {
      const max = widespread ? Math.ceil(scope.max * widespreadPart) : scope.max;
      if (sum < max && blockedUntil === undefined) continue;
      const block = { until: blockedUntil ?? (await this.#block(scope)), max };
      this.#blocked.set(scope.digest, block);
      if (sum > max || blockedUntil !== undefined) throw this.#refusal(scope.reason, block, guess);
    }
  }

  #sum(scope: Scope): Soon<Count> {
    const { digest, period, blockDuration } = scope;
    const { store, now } = this.#parts;
    const sum = incrementSoon(store, `guesses/${slotAt(now(), period)}/${digest}`, period);
    // A block that outlives its period cannot be told from the sum.
    const end = blockDuration === undefined ? undefined : getSoon(store, blockKey(digest));
    return following(together<number | string | undefined>([sum, end]), ([total, until]) => ({
      scope,
      sum: Number(total),
      blockedUntil: Number(until ?? 0) > now() ? Number(until) : undefined,
    }));
  }

  /** Tells the end of a new block to the other processes where they could not find it, and to the caller. */
  async #block({ digest, period, blockDuration }: Scope): Promise<number> {
    const { store, now } = this.#parts;
    if (blockDuration === undefined) return endOfSlot(now(), period);
    const until = now() + blockDuration * 1000;
    await store.set(blockKey(digest), String(until), blockDuration);
    return until;
  }

  /** Whether failures of the workspace or the tenant are too many. Counts this one. */
  #isWidespread(): Soon<boolean> {
    const { store, tenantStore } = this.#parts;
    const { workspace, tenant } = this.#limits;
    const exceeded = together([
      this.#exceeds('workspace', workspace, store),
      tenantStore !== undefined && this.#exceeds('tenant', tenant, tenantStore),
    ]);
    return following(exceeded, (each) => each.includes(true));
  }

  #exceeds(of: 'workspace' | 'tenant', total: RateLimits['workspace'], store: Store): Soon<boolean> {
    const { max_attempts: max, period } = total;
    const now = this.#parts.now();
    if (max === 0) return false;
    if ((this.#exceeded.get(of) ?? 0) > now) return true;
    return following(incrementSoon(store, `guesses/${slotAt(now, period)}/all`, period), (sum) => {
      if (sum <= max) return false;
      this.#exceeded.set(of, endOfSlot(now, period));
      // Of all processes one counts this one.
      if (sum === max + 1) this.#parts.warn('guessing_widespread', { of, max_attempts: max, period });
      return true;
    });
  }

  /** A guess at nobody in particular counts for the address alone. */
  #scopes({ kind, source, clientId }: Guess): readonly Scope[] {
    if (source === undefined) return [];
    const subject = clientId === undefined ? source : `${source}\n${clientId}`;
    return [
      scopeOf(guessRules[kind].reason, this.#limits[kind], subject),
      scopeOf('source_guesses_exceeded', this.#limits.source, source),
    ].filter(({ max }) => max > 0);
  }

  #refusal(reason: FailureReason, { until, max }: Block, { clientId }: Guess): OAuthError {
    const retry_after = Math.max(1, Math.ceil((until - this.#parts.now()) / 1000));
    const named = clientId !== undefined && { client_id: clientId };
    return new OAuthError(reason, { detail: { ...named, retry_after, max_attempts: max } });
  }
}

function scopeOf(reason: FailureReason, limit: RateLimits['client'], subject: string): Scope {
  const { max_attempts: max, period, block_duration: blockDuration } = limit;
  // Addresses are hashed: a store outlives a log.
  const digest = hash('sha256', `${reason}\n${subject}`, 'base64url');
  return { reason, max, period, blockDuration, digest };
}

function slotAt(now: number, period: number): number {
  return Math.floor(now / (period * 1000));
}

function endOfSlot(now: number, period: number): number {
  return (slotAt(now, period) + 1) * period * 1000;
}

function blockKey(digest: string): string {
  return `guesses-blocked/${digest}`;
}
