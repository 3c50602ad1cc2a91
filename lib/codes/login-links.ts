import type { FailureReason } from '../errors.js';
import { randomToken } from '../http/random-token.js';
import { findActiveUser } from '../identity/active-user.js';
import { sameAddress } from '../identity/addresses.js';
import type { User, UserDirectory } from '../identity/users.js';
import type { SecretKeys } from '../secret-keys.js';
import type { Store } from '../stores/store.js';
import { memoryOfExpired, memoryOfUse, usedKey } from './code-records.js';

/** A link to be made. */
export interface LinkOrder {
  readonly user: User;
  /** The workspace whose login page asks: the link is good there alone. */
  readonly issuer: string;
  /** The browser that asks. */
  readonly browser: string;
  /** What the page behind the link has to know. Kept sealed. */
  readonly contents: string;
  /** The id of the code in the same mail: whichever of the two is used first ends the other. */
  readonly codeId: string | undefined;
  /** Seconds. */
  readonly expiresIn: number;
}

/** A link as it stands in the store. */
interface LinkRecord {
  readonly id: string;
  readonly userId: string;
  readonly issuer: string;
  readonly browser: string;
  /** What was ordered, and the address it goes to, sealed. */
  readonly contents: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What is sealed in a link's record. */
interface SealedContents {
  readonly contents: string;
  /** Whoever reads the mails of this address holds the link, and nobody else. */
  readonly address: string | undefined;
}

/** A link of ours that somebody opens: with the person, as they are now, or why it is no longer good. */
export type FoundLink = Pick<LinkRecord, 'id' | 'browser' | 'contents'> &
  ({ readonly user: User } | { readonly user: undefined; readonly refusal: FailureReason });

/** What the links of a pool are made of. */
export interface LoginLinkParts {
  readonly users: UserDirectory;
  /** The pool's own part of the store. */
  readonly store: Store;
  readonly secretKeys: SecretKeys;
  now(): number;
}

const purpose = 'login link';

/**
 * The secrets in the links of our own login's mails: 256 random bits each, which nobody guesses. So a wrong one is
 * charged to nobody, and the links of a person stay good when their budget of wrong codes is spent.
 */
export class LoginLinks {
  readonly #parts: LoginLinkParts;

  constructor(parts: LoginLinkParts) {
    this.#parts = parts;
  }

  /** A new secret, base64url. Those before it stay good. */
  async issue({ user, issuer, browser, contents, codeId, expiresIn }: LinkOrder): Promise<string> {
    const { store, secretKeys, now } = this.#parts;
    const secret = randomToken();
    const sealed: SealedContents = { contents, address: user.email };
    const record: LinkRecord = {
      id: codeId ?? randomToken(),
      userId: user.id,
      issuer,
      browser,
      contents: secretKeys.seal(purpose, JSON.stringify(sealed), issuer),
      expiresAt: now() + expiresIn * 1000,
    };
    const key = this.#key(secret, secretKeys.currentId);
    await store.set(key, JSON.stringify(record), expiresIn + memoryOfExpired);
    return secret;
  }

  /** What a secret stands for at this issuer, without using it up; a reason when that is nothing. */
  async find(secret: string, issuer: string): Promise<FoundLink | FailureReason> {
    const { store, secretKeys, users, now } = this.#parts;
    const stored = await this.#stored(secret);
    if (stored === undefined) return 'login_link_unknown';
    const record = JSON.parse(stored) as LinkRecord;
    if (record.issuer !== issuer) return 'login_link_elsewhere';
    const opened = secretKeys.open(purpose, record.contents, issuer);
    if (opened === undefined) return 'login_link_unknown';
    const { contents, address } = JSON.parse(opened) as SealedContents;
    const { id, browser, userId, expiresAt } = record;
    const found = { id, browser, contents };
    const refused = (refusal: FailureReason) => ({ ...found, user: undefined, refusal });
    if (expiresAt <= now()) return refused('login_link_expired');
    if ((await store.get(usedKey(id))) !== undefined) return refused('login_link_used');
    const user = await findActiveUser(users, { id: userId });
    if (!user) return refused('user_inactive');
    return sameAddress(user.email, address) ? { ...found, user } : refused('login_link_address_changed');
  }

  /** Uses a link up that was found good. Of any number of calls at once exactly one is told true. */
  async claim({ id }: Pick<FoundLink, 'id'>, expiresIn: number): Promise<boolean> {
    return (await this.#parts.store.claim(usedKey(id), '1', expiresIn + memoryOfUse)).first;
  }

  async #stored(secret: string): Promise<string | undefined> {
    for (const keyId of this.#parts.secretKeys.ids) {
      const stored = await this.#parts.store.get(this.#key(secret, keyId));
      if (stored !== undefined) return stored;
    }
    return undefined;
  }

  #key(secret: string, keyId: string): string {
    const mac = this.#parts.secretKeys.mac(purpose, secret, keyId);
    return `login-link/${keyId}:${mac?.toString('base64url')}`;
  }
}
