import { createHash } from 'node:crypto';
import type { Store } from '../../stores/store.js';

/** A secret or a public key of a stored client. Times are seconds since 1970. */
export type Credential = StoredSecret | StoredKey;

interface Dated {
  readonly id: string;
  readonly created: number;
  /** Absent: never. */
  readonly expires_at?: number;
  /** Older credentials that end when this one has taken over. */
  readonly retires?: { readonly ids: readonly string[]; readonly at: number };
  /** When somebody ended it. What it was is gone then. */
  readonly revoked?: number;
}

/** A secret, in one of the two forms that `hashSecret` and `sealSecret` give; neither once it is revoked. */
export interface StoredSecret extends Dated {
  readonly kind: 'secret';
  readonly hash?: string;
  readonly encrypted?: string;
}

/** An entry of `jwks.keys`; none once it is revoked. */
export interface StoredKey extends Dated {
  readonly kind: 'key';
  readonly jwk?: object;
}

interface Numbered {
  readonly number: number;
  readonly credential: Credential;
}

const forEver = Infinity;
const readAtOnce = 8;

/**
 * The credentials of one client in the store, numbered from 0. `claim` on the next number is the only way in, and what
 * stands there is never changed but once, when it is revoked: of operators who add and end at the same moment, nobody
 * undoes what another did.
 */
export class Credentials {
  readonly #store: Store;
  readonly #prefix: string;

  /** `incarnation` tells a client from an earlier one of the same id. */
  constructor(store: Store, incarnation: string) {
    this.#store = store;
    this.#prefix = `stored-client-credential/${incarnation}/`;
  }

  /** All of them, oldest first, the revoked among them. */
  async read(): Promise<Credential[]> {
    return (await this.#numbered()).map(({ credential }) => credential);
  }

  /** Adds them behind all others. */
  async add(...credentials: readonly Credential[]): Promise<void> {
    if (credentials.length === 0) return;
    let number = (await this.#numbered()).length;
    for (const credential of credentials) {
      const text = JSON.stringify(credential);
      while (!(await this.#store.claim(this.#name(number), text, forEver)).first) number += 1;
      number += 1;
    }
  }

  /** Ends every credential of this kind and these ids for good. `at`: seconds since 1970. */
  async revoke(ended: readonly Pick<Credential, 'kind' | 'id'>[], at: number): Promise<void> {
    if (ended.length === 0) return;
    const names = new Set(ended.map(({ kind, id }) => `${kind} ${id}`));
    const found = (await this.#numbered()).filter(
      ({ credential }) => names.has(`${credential.kind} ${credential.id}`) && credential.revoked === undefined,
    );
    for (const { number, credential } of found) {
      const { kind, id, created, retires } = credential;
      // What it retires stays retired.
      const left = { kind, id, created, revoked: at, ...(retires && { retires }) };
      await this.#store.set(this.#name(number), JSON.stringify(left), forEver);
    }
  }

  /** Takes all of them out of the store. */
  async clear(): Promise<void> {
    for (const { number } of (await this.#numbered()).reverse()) await this.#store.delete(this.#name(number));
  }

  async #numbered(): Promise<Numbered[]> {
    const found: Numbered[] = [];
    for (;;) {
      const first = found.length;
      const numbers = Array.from({ length: readAtOnce }, (_each, index) => first + index);
      const texts = await Promise.all(numbers.map((number) => this.#store.get(this.#name(number))));
      for (const [index, text] of texts.entries()) {
        if (text === undefined) return found;
        found.push({ number: first + index, credential: JSON.parse(text) });
      }
    }
  }

  #name(number: number): string {
    return `${this.#prefix}${number}`;
  }
}

/** The credentials that nobody revoked, each with the time at which it really ends. */
export function standingCredentials(all: readonly Credential[]): Credential[] {
  const ends = new Map<string, number>();
  for (const { retires } of all) {
    for (const id of retires?.ids ?? []) ends.set(id, Math.min(retires?.at ?? Infinity, ends.get(id) ?? Infinity));
  }
  return all
    .filter(({ revoked }) => revoked === undefined)
    .map((credential) => {
      const end = Math.min(credential.expires_at ?? Infinity, ends.get(credential.id) ?? Infinity);
      return end === Infinity ? credential : { ...credential, expires_at: end };
    });
}

/** Whether it may still be used. `now` is in milliseconds since 1970. */
export function isLive({ expires_at }: Pick<Credential, 'expires_at'>, now: number): boolean {
  return expires_at === undefined || now < expires_at * 1000;
}

/** The id of a key: the same for the same members, whatever their order. */
export function keyId(jwk: object): string {
  const members = Object.entries(jwk).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url').slice(0, 16);
}
