import { randomBytes } from 'node:crypto';
import type { Sealing } from '../sealing.js';
import type { Mail, Mailer } from './mail.js';

/** A mail that was "sent". `date`: ISO 8601. */
export interface OutboxMail extends Mail {
  readonly date: string;
}

/** What the outbox needs of a store. */
export interface OutboxStore {
  set(key: string, value: string, ttl: number): Promise<void>;
  delete(key: string): Promise<void>;
  scan(prefix: string): AsyncIterable<{ readonly key: string; readonly value: string }>;
}

// No tenant's name holds an @, so no tenant's keys are here.
const prefix = '@outbox/';
const lifetimeSeconds = 3600;
const kept = 200;

/**
 * Mails for trying things out: they go nowhere and can be read for an hour, the newest 200 of them. They stand in the
 * store, so that a restart keeps them and all processes show the same; sealed, because each holds a code.
 */
export class Outbox implements Mailer {
  readonly #store: OutboxStore;
  readonly #sealing: Sealing;
  #last = 0;

  constructor(store: OutboxStore, sealing: Sealing) {
    this.#store = store;
    this.#sealing = sealing;
  }

  async send({ to, subject, text, html }: Mail): Promise<void> {
    // Two mails of one millisecond still have an order.
    this.#last = Math.max(Date.now(), this.#last + 1);
    const mail: OutboxMail = { to, subject, text, html, date: new Date(this.#last).toISOString() };
    const key = `${prefix}${mail.date}-${randomBytes(6).toString('hex')}`;
    await this.#store.set(key, this.#sealing.seal(mail), lifetimeSeconds);
    const keys = (await this.#entries()).map((entry) => entry.key);
    await Promise.all(keys.slice(0, -kept).map((old) => this.#store.delete(old)));
  }

  async ready(): Promise<void> {}

  close(): void {}

  /** Oldest first. */
  async list(): Promise<OutboxMail[]> {
    const mails = (await this.#entries()).map(({ value }) => this.#sealing.open(value));
    return mails.filter((mail): mail is OutboxMail => mail !== undefined);
  }

  async #entries(): Promise<{ readonly key: string; readonly value: string }[]> {
    const entries: { readonly key: string; readonly value: string }[] = [];
    for await (const entry of this.#store.scan(prefix)) entries.push(entry);
    return entries.sort((one, other) => (one.key < other.key ? -1 : 1));
  }
}
