import type { EventListener, FailureExplanations, OutcomeEvent, Store } from '../../index.js';
import type { Outcome } from './facts.js';

const prefix = 'playground/';
const keptSeconds = 600;
const correlationIds = /^[\w-]{20}$/;
/** The store is written after the reply is sent, by whichever process answered. */
const looks = 20;
const lookMilliseconds = 50;
/** A flood fills no store. */
const mostPerSecond = 50;

/** Remembers what the events said of each request, in the store: any process may be asked. */
export class Outcomes {
  readonly #store: Store;
  readonly #explanations: FailureExplanations;
  #second = 0;
  #keptThisSecond = 0;

  constructor(store: Store, explanations: FailureExplanations) {
    this.#store = store;
    this.#explanations = explanations;
  }

  readonly listen: EventListener = (event) => {
    if (event.event === 'warning' || !this.#mayKeep()) return;
    const { cause: _, ...told } = event;
    this.#store.set(prefix + event.correlation_id, JSON.stringify(told), keptSeconds).catch(() => undefined);
  };

  /** What happened to a request, or undefined when nothing is known of it after a second. Rejects as the store does. */
  async find(correlationId: string): Promise<Outcome | undefined> {
    if (!correlationIds.test(correlationId)) return undefined;
    let found: Outcome | undefined;
    for (let look = 0; look < looks; look += 1) {
      found = await this.#look(correlationId);
      if (found && (found.event.outcome === 'success' || found.explanation)) return found;
      await new Promise((resolve) => setTimeout(resolve, lookMilliseconds));
    }
    return found;
  }

  async #look(correlationId: string): Promise<Outcome | undefined> {
    const kept = await this.#store.get(prefix + correlationId);
    if (kept === undefined) return undefined;
    const event: OutcomeEvent = JSON.parse(kept);
    const explanation = await this.#explanations.find(correlationId);
    return { event: { ...event }, ...(explanation && { explanation }) };
  }

  #mayKeep(): boolean {
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#second) this.#keptThisSecond = 0;
    this.#second = second;
    this.#keptThisSecond += 1;
    return this.#keptThisSecond <= mostPerSecond;
  }
}
