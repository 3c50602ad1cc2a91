import { tracingChannel } from 'node:diagnostics_channel';
import type { TraceMessage } from '../../index.js';

type Phase = 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error';

/** What one channel told, with the message as it was at that time. */
export interface Told {
  readonly name: string;
  readonly phase: Phase;
  readonly message: TraceMessage;
}

const names = ['request', 'client_authentication', 'grant'];

/** Hears the tracing channels, all or those named, until it is stopped. */
export class TracingSubscriber {
  readonly told: Told[] = [];
  readonly #subscriptions: (() => void)[] = [];

  constructor(only: readonly string[] = names) {
    for (const name of only) this.#subscribe(name);
  }

  /** The messages of a channel at their end. */
  ended(name: string): TraceMessage[] {
    return this.told.filter((each) => each.name === name && each.phase === 'asyncEnd').map(({ message }) => message);
  }

  stop(): void {
    for (const stop of this.#subscriptions) stop();
  }

  #subscribe(name: string): void {
    const channel = tracingChannel<unknown, TraceMessage>(`express-client-auth:${name}`);
    const hear = (phase: Phase) => (message: unknown) => {
      this.told.push({ name, phase, message: message as TraceMessage });
    };
    const subscribers = {
      start: hear('start'),
      end: hear('end'),
      asyncStart: hear('asyncStart'),
      asyncEnd: hear('asyncEnd'),
      error: hear('error'),
    };
    channel.subscribe(subscribers);
    this.#subscriptions.push(() => channel.unsubscribe(subscribers));
  }
}
