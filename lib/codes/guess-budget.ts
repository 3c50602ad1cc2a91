import { OAuthError } from '../errors.js';
import { randomToken } from '../http/random-token.js';
import type { Store } from '../stores/store.js';

/** Seconds. */
const day = 86_400;

/**
 * How often codes for a person may be guessed wrong within 24 hours, whatever the code. The hours run from the first
 * guess; each such time has counters of its own, so that what is given back is always given to the count it came from.
 */
export class GuessBudget {
  readonly #store: Store;
  readonly #now: () => number;

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Wrong guesses so far. */
  async spent(userId: string): Promise<number> {
    // Without a time there is nothing under these keys: asked for all the same, as it costs for everybody.
    const time = (await this.#store.get(timeKey(userId))) ?? '';
    const [returned, taken] = await Promise.all([
      this.#store.get(returnedKey(userId, time)),
      this.#store.get(takenKey(userId, time)),
    ]);
    return Number(taken ?? 0) - Number(returned ?? 0);
  }

  /**
   * Takes one guess, before anything is compared: of any number at once, for however many codes, no more than `most`
   * are told true. What was given back is read before the count goes up, as it then stems from earlier guesses alone.
   */
  async take(userId: string, most: number): Promise<{ readonly granted: boolean; giveBack(): Promise<void> }> {
    const begun = `${this.#now()}.${randomToken()}`;
    const claim = await this.#store.claim(timeKey(userId), begun, day);
    const time = claim.first ? begun : claim.value;
    const returned = await this.#store.get(returnedKey(userId, time));
    const taken = await this.#store.increment(takenKey(userId, time), 2 * day);
    const giveBack = async () => void (await this.#store.increment(returnedKey(userId, time), 2 * day));
    const granted = taken - Number(returned ?? 0) <= most;
    if (!granted) await giveBack();
    return { granted, giveBack };
  }

  /** The failure of asking for a code when nothing is left. `retry_after` is in seconds. */
  async refusal(userId: string): Promise<OAuthError> {
    const now = this.#now();
    const since = Number.parseInt((await this.#store.get(timeKey(userId))) ?? String(now), 10);
    const seconds = Math.min(Math.max(Math.ceil((since - now) / 1000) + day, 1), day);
    return new OAuthError('otc_budget_spent', { detail: { subject: userId, retry_after: seconds } });
  }
}

function timeKey(userId: string): string {
  return `otc-guess-time/${userId}`;
}

function takenKey(userId: string, time: string): string {
  return `otc-guesses/${time}/${userId}`;
}

function returnedKey(userId: string, time: string): string {
  return `otc-guesses-returned/${time}/${userId}`;
}
