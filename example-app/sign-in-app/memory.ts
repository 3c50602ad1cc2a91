import type { Sealing } from '../sealing.js';

/** Where the application keeps what it must remember: any database with these. Times are seconds. */
export interface Keep {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttl: number): Promise<void>;
  delete(key: string): Promise<void>;
  claim(key: string, value: string, ttl: number): Promise<{ readonly first: boolean }>;
  increment(key: string, ttl: number): Promise<number>;
}

/** A person who asked for a code in some browser. */
export interface CodeRequest {
  readonly address: string;
  /** The user's id, once the server has said it. */
  readonly user?: string;
}

/** An authorization request under way. */
export interface Transaction {
  readonly browser: string;
  readonly verifier: string;
  readonly nonce: string;
}

/** Somebody who has signed in. */
export interface Session {
  readonly accessToken: string;
  readonly idToken: string;
  readonly scope: string;
  /** The ID token's. */
  readonly claims: Readonly<Record<string, unknown>>;
}

const requestSeconds = 3600;
const transactionSeconds = 3600;
const coolDownSeconds = 15;
const budgetSeconds = 600;
const budget = 50;

/** How long a session lasts, in seconds. */
export const sessionSeconds = 3600;

/** What the application remembers, sealed. Keys are tags: who reads the database finds neither cookies nor addresses. */
export class Memory {
  readonly #keep: Keep;
  readonly #sealing: Sealing;

  constructor(keep: Keep, sealing: Sealing) {
    this.#keep = keep;
    this.#sealing = sealing;
  }

  /** The name of what a browser asked for an address: the same each time. */
  requestId(browser: string, address: string): string {
    return this.#sealing.tag(`request ${browser} ${address}`).slice(0, 22);
  }

  /** Keeps in mind that a browser asked for an address, with what is known of that already. */
  async remember(browser: string, address: string): Promise<void> {
    const known = await this.request(browser, this.requestId(browser, address));
    await this.#saveRequest(browser, known ?? { address });
    await this.#keep.set(key(`asked/${browser}`), '', requestSeconds);
  }

  /** Keeps in mind whose address it is. */
  name(browser: string, address: string, user: string): Promise<void> {
    return this.#saveRequest(browser, { address, user });
  }

  /** Whether this browser asked for a code within the hour. */
  async hasAsked(browser: string | undefined): Promise<boolean> {
    return browser !== undefined && (await this.#keep.get(key(`asked/${browser}`))) !== undefined;
  }

  async request(browser: string, id: string): Promise<CodeRequest | undefined> {
    return this.#read<CodeRequest>(`request/${browser}/${id}`);
  }

  /** An id that looks like a user's, for an address that is nobody's: the same each time. */
  nobody(address: string): string {
    return Buffer.from(this.#sealing.tag(`nobody ${address}`), 'base64url')
      .toString('hex')
      .slice(0, 32);
  }

  /** Whether another mail may go to this address now: some seconds apart in one browser, and some in ten minutes. */
  async maySend(browser: string, address: string): Promise<boolean> {
    const tag = this.#sealing.tag(`address ${address}`);
    const { first } = await this.#keep.claim(key(`cool-down/${browser}/${tag}`), '', coolDownSeconds);
    return first && (await this.#keep.increment(key(`budget/${tag}`), budgetSeconds)) <= budget;
  }

  saveTransaction(state: string, transaction: Transaction): Promise<void> {
    return this.#save(`transaction/${this.#sealing.tag(state)}`, transaction, transactionSeconds);
  }

  /** The transaction that `state` names, once, and only in the browser that began it. */
  async takeTransaction(state: string, browser: string | undefined): Promise<Transaction | undefined> {
    const tag = this.#sealing.tag(state);
    const transaction = await this.#read<Transaction>(`transaction/${tag}`);
    if (!transaction || transaction.browser !== browser) return undefined;
    const { first } = await this.#keep.claim(key(`taken/${tag}`), '', transactionSeconds);
    return first ? transaction : undefined;
  }

  saveSession(tag: string, session: Session): Promise<void> {
    return this.#save(`session/${tag}`, session, sessionSeconds);
  }

  async session(tag: string | undefined): Promise<Session | undefined> {
    return tag === undefined ? undefined : this.#read<Session>(`session/${tag}`);
  }

  endSession(tag: string): Promise<void> {
    return this.#keep.delete(key(`session/${tag}`));
  }

  #saveRequest(browser: string, request: CodeRequest): Promise<void> {
    return this.#save(`request/${browser}/${this.requestId(browser, request.address)}`, request, requestSeconds);
  }

  #save(name: string, value: unknown, seconds: number): Promise<void> {
    return this.#keep.set(key(name), this.#sealing.seal(value), seconds);
  }

  async #read<T>(name: string): Promise<T | undefined> {
    const sealed = await this.#keep.get(key(name));
    return sealed === undefined ? undefined : (this.#sealing.open(sealed) as T | undefined);
  }
}

/** Our part of the database. */
function key(name: string): string {
  return `@sign-in/${name}`;
}
