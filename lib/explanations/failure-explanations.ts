import type { FailureReason } from '../errors.js';
import type { EventListener, OutcomeEvent } from '../events.js';
import type { Store } from '../stores/store.js';
import { failureAdvice } from './advice.js';
import type { FailureAdvice } from './failure-advice.js';

/** What an operator is told of one failed request. */
export interface FailureExplanation extends Partial<FailureAdvice>, Omit<OutcomeEvent, 'cause' | 'outcome'> {
  /** When it failed, ISO 8601. */
  readonly time: string;
  /** What was thrown, when the failure is ours. */
  readonly cause?: string;
}

export interface FailureExplanationsOptions {
  readonly store: Store;
  /** Seconds for which an explanation is kept. Default 3600. */
  readonly ttl?: number;
  /** How many are kept per second and process, after ten times as many at once. Default 20: a flood fills no store. */
  readonly perSecond?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Server-wide: whoever looks one up knows the correlation id of a reply, and not its workspace. */
const prefix = 'explanations/';
const correlationIds = /^[\w-]{20}$/;

/**
 * Remembers why requests failed, for whoever has the reply's `X-Correlation-Id`. Give `listen` to `onEvent`. It keeps
 * what the event tells, so no secret, token or code; it answers operators, never the caller.
 */
export class FailureExplanations {
  readonly #store: Store;
  readonly #ttl: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  #allowance: number;
  #filledAt: number;

  constructor({ store, ttl = 3600, perSecond = 20, now = Date.now }: FailureExplanationsOptions) {
    this.#store = store;
    this.#ttl = ttl;
    this.#perSecond = perSecond;
    this.#now = now;
    this.#allowance = perSecond * 10;
    this.#filledAt = now();
  }

  /** What `docs/failure-reasons.md` says of a reason. Undefined for what is none. */
  static advice(reason: string): FailureAdvice | undefined {
    return Object.hasOwn(failureAdvice, reason) ? failureAdvice[reason as FailureReason] : undefined;
  }

  /** Keeps a failure; anything else passes by. Nobody waits for the store, and one that is away loses the explanation. */
  readonly listen: EventListener = (event) => {
    if (event.event === 'warning' || event.outcome !== 'failure' || !this.#mayKeep()) return;
    const { outcome: _, cause, ...told } = event;
    const kept = { time: new Date(this.#now()).toISOString(), ...told, ...(cause !== undefined && causeOf(cause)) };
    this.#store.set(prefix + event.correlation_id, JSON.stringify(kept), this.#ttl).catch(() => undefined);
  };

  /** The explanation, or undefined when there is none or its time is over. Rejects as the store does. */
  async find(correlationId: string): Promise<FailureExplanation | undefined> {
    if (!correlationIds.test(correlationId)) return undefined;
    const kept = await this.#store.get(prefix + correlationId);
    if (kept === undefined) return undefined;
    const told: FailureExplanation = JSON.parse(kept);
    return { ...told, ...(told.reason !== undefined && failureAdvice[told.reason]) };
  }

  #mayKeep(): boolean {
    const now = this.#now();
    const refill = (Math.max(0, now - this.#filledAt) / 1000) * this.#perSecond;
    this.#allowance = Math.min(this.#perSecond * 10, this.#allowance + refill);
    this.#filledAt = now;
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }
}

function causeOf(cause: unknown): { cause: string } {
  return { cause: cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause) };
}
