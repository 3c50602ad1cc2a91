import { type Mail, MailError, type Mailer } from './mail.js';

/** Milliseconds between one attempt and the next: about five minutes in all, less than a code lives. */
const pauses: readonly number[] = [1_000, 3_000, 10_000, 30_000, 60_000, 180_000];
const waitingAtMost = 1000;

/** Called when a mail is given up. */
export type OnLost = (thrown: unknown) => void;

/** Sends mails without letting anybody wait, and tries again while the mail server is away. */
export class Delivery {
  readonly #mailer: Mailer;
  readonly #onLost: OnLost;
  readonly #waiting = new Set<NodeJS.Timeout>();

  constructor(mailer: Mailer, onLost: OnLost) {
    this.#mailer = mailer;
    this.#onLost = onLost;
  }

  /** Resolves when mail could be sent now. Rejects with MailError. */
  ready(): Promise<void> {
    return this.#mailer.ready();
  }

  /** Sends once, for whoever can wait. Rejects with MailError. */
  send(mail: Mail): Promise<void> {
    return this.#mailer.send(mail);
  }

  /** Takes the mail over. Never rejects: what cannot be sent is told to `onLost`. */
  async post(mail: Mail, attempt = 0): Promise<void> {
    try {
      await this.#mailer.send(mail);
    } catch (thrown) {
      const pause = pauses[attempt];
      const hopeless = !(thrown instanceof MailError) || thrown.permanent || this.#waiting.size >= waitingAtMost;
      if (hopeless || pause === undefined) return this.#onLost(thrown);
      this.#later(pause, () => void this.post(mail, attempt + 1));
    }
  }

  /** Ends the waiting. */
  close(): void {
    for (const timer of this.#waiting) clearTimeout(timer);
    this.#waiting.clear();
    this.#mailer.close();
  }

  #later(milliseconds: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#waiting.delete(timer);
      act();
    }, milliseconds);
    timer.unref();
    this.#waiting.add(timer);
  }
}
