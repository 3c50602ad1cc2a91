import { randomBytes } from 'node:crypto';
import type { Store } from '../../index.js';
import { SecretKeys } from '../../lib/secret-keys.js';
import { memoryStore } from '../../lib/stores/memory.js';
import type { KeySchedule } from '../../lib/tokens/key-upkeep.js';
import { type SigningAlgorithm, SigningKeys } from '../../lib/tokens/signing-keys.js';
import { noteSecret } from './suite-log.js';

export const newSecretKey = () => noteSecret(randomBytes(32).toString('base64'));

/** Processes that share a store and a clock, each with the same signing keys. */
export class KeyWorld {
  /** Seconds since 1970. */
  now = 1_800_000_000;
  readonly start = this.now;
  readonly warnings: { readonly process: number; readonly name: string; readonly kid?: unknown }[] = [];
  readonly secret = newSecretKey();
  readonly #started: SigningKeys[] = [];

  readonly store: Store;
  readonly #algorithms: readonly SigningAlgorithm[];

  constructor(store: Store = memoryStore(), algorithms: readonly SigningAlgorithm[] = ['ES256']) {
    this.store = store;
    this.#algorithms = algorithms;
  }

  /** One more process. */
  process(schedule: Partial<KeySchedule> = {}, secrets: readonly string[] = [this.secret]): SigningKeys {
    const number = this.#started.length;
    const keys = new SigningKeys(this.#algorithms, this.store, new SecretKeys(secrets), {
      now: () => this.now * 1000,
      warn: (name, { kid }) => void this.warnings.push({ process: number, name, kid }),
      ...schedule,
    });
    this.#started.push(keys);
    return keys;
  }

  told(name: string) {
    return this.warnings.filter((warning) => warning.name === name);
  }

  /** What the store has of keys. */
  async stored(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for await (const { key, value } of this.store.scan('signing-key/')) found.set(key, value);
    return found;
  }

  async close(): Promise<void> {
    await Promise.all(this.#started.map((keys) => keys.close()));
    await this.store.close();
  }
}

/** The kid of the key that signs access tokens. */
export const signing = async (keys: SigningKeys) => (await keys.forAccessTokens()).kid;
export const published = async (keys: SigningKeys) => (await keys.all()).map(({ kid }) => kid);
export const states = async (keys: SigningKeys) => (await keys.list()).map(({ state }) => state);
/** The id by which error messages name a secret key. */
export const secretKeyIdOf = (secret: string) => new SecretKeys([secret]).currentId;
