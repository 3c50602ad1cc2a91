import { type Mail, MailError, type Mailer } from './mail.js';

/** Milliseconds between one attempt and the next: about five minutes in all, less than a code lives. */
const pauses: readonly number[] = [1_000, 3_000, 10_000, 30_000, 60_000, 180_000];
const waitingAtMost = 1000;

/** Called when a mail is given up. */
export type OnLost = (thrown: unknown) => void;

/** A mail that somebody handed over, until it is sent or given up. */
interface Posted {
  readonly mail: Mail;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Sends mails without letting anybody wait, and tries again while the mail server is away. */
export class Delivery {
  readonly #mailer: Mailer;
  readonly #onLost: OnLost;
  readonly #waiting = new Set<NodeJS.Timeout>();
  /** The newest mail of each address that has one under way. */
  readonly #newest = new Map<string, Posted>();

  constructor(mailer: Mailer, onLost: OnLost) {
    this.#mailer = mailer;
    this.#onLost = onLost;
  }

  /** Resolves when mail could be sent now. Rejects with MailError. */
  ready(): Promise<void> {
    return this.#mailer.ready();
  }

  /**
   * Takes a mail over that is of use for `lifetime` seconds. Never rejects: what cannot be sent in that time is told to
   * `onLost`. A mail to the same address takes its place: a code that a newer one has ended must not arrive after it.
   */
  async post(mail: Mail, lifetime: number): Promise<void> {
    const posted = { mail, expiresAt: Date.now() + lifetime * 1000 };
    this.#newest.set(mailbox(posted), posted);
    await this.#send(posted, 0);
  }

  /** Ends the waiting. */
  close(): void {
    for (const timer of this.#waiting) clearTimeout(timer);
    this.#waiting.clear();
    this.#newest.clear();
    this.#mailer.close();
  }

  async #send(posted: Posted, attempt: number): Promise<void> {
    try {
      await this.#mailer.send(posted.mail);
      this.#forget(posted);
    } catch (thrown) {
      if (!this.#isNewest(posted)) return;
      const pause = pauses[attempt];
      const hopeless = !(thrown instanceof MailError) || thrown.permanent || this.#waiting.size >= waitingAtMost;
      if (hopeless || pause === undefined || Date.now() + pause >= posted.expiresAt) this.#lose(posted, thrown);
      else this.#later(pause, () => this.#sendAgain(posted, attempt + 1));
    }
  }

  #sendAgain(posted: Posted, attempt: number): void {
    if (!this.#isNewest(posted)) return;
    // A timer may be late, such as after the machine has slept.
    if (Date.now() >= posted.expiresAt) this.#lose(posted, new MailError('The code is too old by now', true));
    else void this.#send(posted, attempt);
  }

  #lose(posted: Posted, thrown: unknown): void {
    this.#forget(posted);
    this.#onLost(thrown);
  }

  #isNewest(posted: Posted): boolean {
    return this.#newest.get(mailbox(posted)) === posted;
  }

  #forget(posted: Posted): void {
    if (this.#isNewest(posted)) this.#newest.delete(mailbox(posted));
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

/** One name however the address is written. */
function mailbox({ mail }: Posted): string {
  return mail.to.toLowerCase();
}
