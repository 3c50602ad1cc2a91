import { OAuthError } from '../errors.js';
import type { Store } from '../stores/store.js';

/** Seconds. */
const day = 86_400;

/** How often codes for a person may be guessed wrong within 24 hours from the first wrong guess, whatever the code. */
export class GuessBudget {
  readonly #store: Store;
  readonly #now: () => number;

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Wrong guesses so far. */
  async spent(userId: string): Promise<number> {
    return Number((await this.#store.get(countKey(userId))) ?? 0);
  }

  /** One more wrong guess. */
  async charge(userId: string): Promise<void> {
    const now = String(this.#now());
    await Promise.all([this.#store.claim(sinceKey(userId), now, day), this.#store.increment(countKey(userId), day)]);
  }

  /** The failure of asking for a code when nothing is left. `retry_after` is in seconds. */
  async refusal(userId: string): Promise<OAuthError> {
    const now = this.#now();
    const since = Number((await this.#store.get(sinceKey(userId))) ?? now);
    const seconds = Math.min(Math.max(Math.ceil((since - now) / 1000) + day, 1), day);
    return new OAuthError('otc_budget_spent', { detail: { subject: userId, retry_after: seconds } });
  }
}

function countKey(userId: string): string {
  return `otc-wrong/${userId}`;
}

function sinceKey(userId: string): string {
  return `otc-wrong-since/${userId}`;
}
