import type { SecretKeys } from '../secret-keys.js';
import type { Store } from '../stores/store.js';

/** Seconds between two mails to one address. */
const coolDown = 30;
/** Mails to one address within so many seconds. */
const most = 5;
const period = 600;

/**
 * How many mails the login pages of a pool send to one address, whichever workspace and browser asks. Known here or
 * not, each address is counted: it is the mailbox that must not be flooded, and the answer that must not tell.
 */
export class MailLimit {
  readonly #store: Store;
  readonly #secretKeys: SecretKeys;

  constructor(store: Store, secretKeys: SecretKeys) {
    this.#store = store;
    this.#secretKeys = secretKeys;
  }

  /** Whether one more may be sent now; it then counts as sent. `address` as `normalizeAddress` writes it. */
  async take(address: string): Promise<boolean> {
    // Keyed: whoever reads the store must not learn whose addresses were typed here.
    const digest = this.#secretKeys.mac('login address', address).toString('base64url');
    const { first } = await this.#store.claim(`login-mail-sent/${digest}`, '1', coolDown);
    return first && (await this.#store.increment(`login-mails/${digest}`, period)) <= most;
  }
}
