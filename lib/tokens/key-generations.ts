import type { SecretKeys } from '../secret-keys.js';
import type { Store } from '../stores/store.js';
import type { KeyTimes } from './key-states.js';
import { importSigningKey, newPrivateKey, type SigningAlgorithm, type SigningKey } from './signing-key.js';

/** One signing key as the store has it. What it says never changes, and its number is never given to another. */
export interface KeyGeneration extends KeyTimes {
  readonly number: number;
  readonly key: SigningKey;
  /** As it stands in the store, encrypted. */
  readonly sealed: string;
}

/** What a stored key is sealed for: it opens nowhere else. */
const purpose = 'signing key';
const forEver = Infinity;
/** Stands in the place of a key that is over, so that its number stays taken. */
const ended = 'ended';

/**
 * The keys of one algorithm in the store, numbered from 0. `claim` on the next number is the only way in: of all
 * processes that add a key at once, one has made it for all.
 */
export class KeyGenerations {
  readonly #alg: SigningAlgorithm;
  readonly #store: Store;
  readonly #secretKeys: SecretKeys;
  readonly #now: () => number;
  #known: readonly KeyGeneration[] = [];
  #nextNumber = 0;

  /** `now` answers seconds since 1970. */
  constructor(alg: SigningAlgorithm, store: Store, secretKeys: SecretKeys, now: () => number) {
    this.#alg = alg;
    this.#store = store;
    this.#secretKeys = secretKeys;
    this.#now = now;
  }

  /** Those that are not over, oldest first, as they were last read. */
  get known(): readonly KeyGeneration[] {
    return this.#known;
  }

  /** Reads what is new. Rejects when the store cannot be read, or a key cannot be opened. */
  async read(): Promise<readonly KeyGeneration[]> {
    const read: KeyGeneration[] = [];
    let number = this.#known[0]?.number ?? 0;
    for (;;) {
      const stored = await this.#store.get(this.#name(number));
      if (stored === undefined) break;
      if (stored !== ended) read.push(await this.#understand(number, stored));
      number += 1;
    }
    this.#known = read;
    this.#nextNumber = number;
    return read;
  }

  /**
   * Adds a key, or finds the newest when another process was faster. `times` is asked once the key is made: an RSA key
   * may take seconds on a busy machine. `read` must have been called.
   */
  async add(times: () => KeyTimes): Promise<{ readonly first: boolean; readonly generation: KeyGeneration }> {
    const number = this.#nextNumber;
    const pem = await newPrivateKey(this.#alg);
    const sealed = this.#seal(number, pem, times());
    const { first } = await this.#store.claim(this.#name(number), sealed, forEver);
    // What stands there may have ended since, so that only reading on finds the key that counts.
    const known = await this.read();
    const own = first ? known.find((each) => each.number === number) : undefined;
    const generation = own ?? known.at(-1);
    if (!generation) throw new Error(`The ${this.#alg} signing keys have vanished from the store.`);
    return { first, generation };
  }

  /** Takes a key out of the store for good. */
  async end(generation: KeyGeneration): Promise<void> {
    await this.#store.set(this.#name(generation.number), ended, forEver);
    this.#known = this.#known.filter(({ number }) => number !== generation.number);
  }

  /**
   * Encrypts under the current secret key what an older one protects. Safe against every other process: each of them
   * writes the same key. Should this put back one that has just ended, its times end it again.
   */
  async reseal(): Promise<readonly KeyGeneration[]> {
    const old = this.#known.filter(({ sealed }) => secretKeyId(sealed) !== this.#secretKeys.currentId);
    for (const generation of old) {
      const { number, sealed } = generation;
      const fresh = this.#seal(number, this.#open(number, sealed).pem, generation);
      await this.#store.set(this.#name(number), fresh, forEver);
      this.#known = this.#known.map((each) => (each === generation ? { ...each, sealed: fresh } : each));
    }
    return old;
  }

  async #understand(number: number, stored: string): Promise<KeyGeneration> {
    const known = this.#known.find((each) => each.number === number);
    if (known?.sealed === stored) return known;
    const { pem, times } = this.#open(number, stored);
    // The imported key objects carry caches of their own: one that is known stays.
    const key = known?.key ?? (await importSigningKey(this.#alg, pem));
    if (times) return { number, key, sealed: stored, ...times };
    // An earlier version left the key alone, without times. Its age counts from now.
    const counted = { created: this.#now(), activates_at: this.#now(), replaces_all: false };
    const sealed = this.#seal(number, pem, counted);
    await this.#store.set(this.#name(number), sealed, forEver);
    return { number, key, sealed, ...counted };
  }

  #seal(number: number, pem: string, { created, activates_at, replaces_all }: KeyTimes): string {
    const plaintext = JSON.stringify({ pem, created, activates_at, replaces_all });
    return this.#secretKeys.seal(purpose, plaintext, this.#name(number));
  }

  #open(number: number, sealed: string): { readonly pem: string; readonly times?: KeyTimes } {
    const plaintext = this.#secretKeys.open(purpose, sealed, this.#name(number));
    if (plaintext === undefined) throw new Error(this.#whyClosed(sealed));
    if (!plaintext.startsWith('{')) return { pem: plaintext };
    const { pem, ...times } = JSON.parse(plaintext) as KeyTimes & { readonly pem: string };
    return { pem, times };
  }

  #whyClosed(sealed: string): string {
    const id = secretKeyId(sealed);
    return this.#secretKeys.ids.includes(id)
      ? `The stored ${this.#alg} signing key is damaged, or was put there from another place.`
      : `The stored ${this.#alg} signing key was encrypted under secret key ${id}, which is not in secret_keys.`;
  }

  // The first one has the name that it had when there was only one.
  #name(number: number): string {
    return number === 0 ? `signing-key/${this.#alg}` : `signing-key/${this.#alg}/${number}`;
  }
}

/** The id of the secret key that protects a sealed text. */
export function secretKeyId(sealed: string): string {
  return sealed.split(':')[1] ?? '';
}
