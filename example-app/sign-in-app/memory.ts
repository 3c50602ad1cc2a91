import type { Sealing } from '../sealing.js';
import { visitSeconds } from './visit.js';

/** Where the application keeps what it must remember: any database with these. Times are seconds. */
export interface Keep {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttl: number): Promise<void>;
  delete(key: string): Promise<void>;
  claim(key: string, value: string, ttl: number): Promise<{ readonly first: boolean }>;
  increment(key: string, ttl: number): Promise<number>;
}

/** Somebody who has signed in. */
export interface Session {
  readonly accessToken: string;
  readonly idToken: string;
  readonly scope: string;
  /** The ID token's. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Seconds between two mails to one address, and mails within `budgetSeconds`. */
const coolDownSeconds = 30;
const budget = 5;
const budgetSeconds = 600;

/** How long a session lasts, in seconds. */
export const sessionSeconds = 3600;

/**
 * What the application keeps for all browsers, sealed. Nobody can make it grow without end: there is one entry per
 * person the server knows, one per sign-in for an hour, and a fixed number of counters. Keys are tags: who reads the
 * database finds no addresses.
 */
export class Memory {
  readonly #keep: Keep;
  readonly #sealing: Sealing;
  readonly #somebody: string;

  constructor(keep: Keep, sealing: Sealing) {
    this.#keep = keep;
    this.#sealing = sealing;
    this.#somebody = sealing.seal('');
  }

  /** Whether another mail may go to this address now. Known or not, each address is counted, whoever asks. */
  async maySend(address: string): Promise<boolean> {
    // 2^20 counters for all addresses there are. Two that share one wait for each other, which nobody can aim at.
    const counter = Buffer.from(this.#sealing.tag(`counter ${address}`), 'base64url').readUIntBE(0, 3) >>> 4;
    const { first } = await this.#keep.claim(key(`cool-down/${counter}`), '', coolDownSeconds);
    return first && (await this.#keep.increment(key(`mails/${counter}`), budgetSeconds)) <= budget;
  }

  /** Keeps in mind whose address it is. */
  name(address: string, user: string): Promise<void> {
    return this.#save(this.#personKey(address), user, visitSeconds);
  }

  /** The user's id, or one that looks like it for an address that is nobody's: by the same steps. */
  async user(address: string): Promise<string> {
    const nobody = Buffer.from(this.#sealing.tag(`nobody ${address}`), 'base64url')
      .toString('hex')
      .slice(0, 32);
    const kept = await this.#keep.get(key(this.#personKey(address)));
    const user = this.#sealing.open(kept ?? this.#somebody);
    return typeof user === 'string' && user !== '' ? user : nobody;
  }

  /** Whether this is the first time that the answer to `state` comes. */
  async isFirstAnswer(state: string): Promise<boolean> {
    return (await this.#keep.claim(key(`answered/${this.#sealing.tag(state)}`), '', visitSeconds)).first;
  }

  saveSession(tag: string, session: Session): Promise<void> {
    return this.#save(`session/${tag}`, session, sessionSeconds);
  }

  async session(tag: string | undefined): Promise<Session | undefined> {
    const sealed = tag === undefined ? undefined : await this.#keep.get(key(`session/${tag}`));
    return sealed === undefined ? undefined : (this.#sealing.open(sealed) as Session | undefined);
  }

  endSession(tag: string): Promise<void> {
    return this.#keep.delete(key(`session/${tag}`));
  }

  #personKey(address: string): string {
    return `person/${this.#sealing.tag(`person ${address}`)}`;
  }

  #save(name: string, value: unknown, seconds: number): Promise<void> {
    return this.#keep.set(key(name), this.#sealing.seal(value), seconds);
  }
}

/** Our part of the database. */
function key(name: string): string {
  return `@sign-in/${name}`;
}
