/** A one-time code and a link on their way to a person. */
export interface CodeDelivery {
  /** The person's own address as their directory has it, never one that was typed in. One plain address, no list. */
  readonly to: string;
  /**
   * Digits, to be typed in the browser that asked. Undefined while nobody can type a code for this person: the mail then
   * has the link alone, and says until when (`typingPausedUntil`).
   */
  readonly code: string | undefined;
  /** Seconds since 1970. With a `code` it is undefined. */
  readonly typingPausedUntil: number | undefined;
  /** An https URL that signs in by a click, in any browser. Fetching it alone uses nothing up. */
  readonly link: string;
  /** Seconds that both are good for. */
  readonly expiresIn: number;
  readonly issuer: string;
  readonly tenant: string | undefined;
  readonly workspace: string | undefined;
  /** The application the person is on the way to, where there is one. */
  readonly clientName?: string | undefined;
}

/**
 * The host's mailer. It is called after the page has been answered, so that nobody learns from our time or words who is
 * known here. What it rejects with becomes a warning `code_delivery_failed`; so does what takes longer than 30 seconds,
 * when `signal` tells it to give up.
 */
export type DeliverCode = (delivery: CodeDelivery, options: { readonly signal: AbortSignal }) => Promise<void>;
