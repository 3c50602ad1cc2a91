/** A one-time code on its way to a person. */
export interface CodeDelivery {
  /** The person's own address as their directory has it, never one that was typed in. One plain address, no list. */
  readonly to: string;
  /** Digits, to be typed in. */
  readonly code: string;
  /** An https URL that does the same by a click. Fetching it alone uses nothing up. */
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
 * known here. What it rejects with becomes a warning `code_delivery_failed`.
 */
export type DeliverCode = (delivery: CodeDelivery) => Promise<void>;
