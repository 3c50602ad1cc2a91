/** One mail to one person. */
export interface Mail {
  /** One bare address. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Somewhere a mail can be handed in. */
export interface Mailer {
  /** Resolves once the mail is somebody else's care. Rejects with MailError. */
  send(mail: Mail): Promise<void>;
  /** Resolves when mail could be sent now, whoever it is for. Rejects with MailError. */
  ready(): Promise<void>;
  close(): void;
}

/** A mail that could not be handed in. The message holds no address and no content. */
export class MailError extends Error {
  override readonly name = 'MailError';
  /** The mail server refused this very mail: trying again is of no use (RFC 5321 4.2.1, 5yz). */
  readonly permanent: boolean;

  constructor(message: string, permanent: boolean, options?: ErrorOptions) {
    super(message, options);
    this.permanent = permanent;
  }
}
