import type { WarningName } from '../events.js';
import type { SecretKeys } from '../secret-keys.js';
import type { Soon } from '../soon.js';
import type { Store } from '../stores/store.js';
import { type KeyGeneration, KeyGenerations, secretKeyId } from './key-generations.js';
import { type KeyInState, type KeyState, type KeyTimes, keysInState } from './key-states.js';
import type { SigningAlgorithm } from './signing-key.js';

/** How keys follow each other. */
export interface KeySchedule {
  /** Seconds a key signs before the next one takes over. 0: until somebody rotates. */
  readonly interval: number;
  /** Seconds a key is published before it signs. */
  readonly lead: number;
  /** Milliseconds since 1970. */
  now(): number;
  warn(name: WarningName, detail: Readonly<Record<string, unknown>>): void;
}

/** A key as operators see it. Times are seconds since 1970. */
export interface SigningKeyStatus {
  readonly alg: SigningAlgorithm;
  /** The thumbprint of RFC 7638, base64url. */
  readonly kid: string;
  readonly state: KeyState;
  readonly created: number;
  readonly activates_at: number;
  /** When it stops signing; absent while no other key is going to take over. */
  readonly retires_at?: number;
  /** When the schedule has another key sign in its place; absent where one waits already, and where nothing is scheduled. */
  readonly rotates_at?: number;
  /** When the last token it can have signed is over, and it leaves the JWKS and the store. */
  readonly removed_at?: number;
  /** The id of the secret key that protects it in the store. */
  readonly secret_key: string;
}

/** Which keys to rotate. */
export interface RotationOrder {
  /** One algorithm of `signing_keys`. Absent: each. */
  readonly alg?: SigningAlgorithm;
  /** The present keys must not be trusted any more: the new ones sign at once, and all tokens of the old ones die. */
  readonly now?: boolean;
}

const lifeKey = 'signing-key-life';
/** Seconds that a key stays beyond the last token it signed: clocks differ, and so do the times of reading. */
const skew = 300;
/** Seconds beyond the lead: what is to sign later than that was dated by a clock that was wrong. */
const farAhead = 86_400;
/** Seconds within which the second of two operators finds the work done. */
const sameEmergency = 10;
/** Seconds. */
const day = 86_400;
/** Seconds after which a key that signs should have been replaced. */
const oldAge = 365 * day;

/**
 * The writing side of a workspace's signing keys: makes, replaces, encrypts anew and ends them. Every process does the
 * same by what the store says; calls on one object must not overlap, except `outlast`.
 */
export class KeyUpkeep {
  readonly #chains: ReadonlyMap<SigningAlgorithm, KeyGenerations>;
  readonly #store: Store;
  readonly #schedule: KeySchedule;
  /** The longest life of a token, in seconds, that some process has told. */
  #life = 0;
  /** The day of the last notice of an old key. */
  readonly #toldOld = new Map<KeyGenerations, number>();

  constructor(algorithms: readonly SigningAlgorithm[], store: Store, secretKeys: SecretKeys, schedule: KeySchedule) {
    this.#store = store;
    this.#schedule = schedule;
    this.#chains = new Map(
      algorithms.map((alg) => [alg, new KeyGenerations(alg, store, secretKeys, () => this.#seconds())]),
    );
  }

  /** The keys as they were last read, those of each algorithm oldest first. */
  get states(): readonly KeyInState<KeyGeneration>[] {
    return [...this.#chains.values()].flatMap((chain) => this.#inState(chain));
  }

  get statuses(): SigningKeyStatus[] {
    return this.states.map(({ key: { key, created, activates_at, sealed }, ...state }) => ({
      alg: key.alg,
      kid: key.kid,
      created,
      activates_at,
      ...state,
      ...this.#scheduled(activates_at, state),
      secret_key: secretKeyId(sealed),
    }));
  }

  /** Reads, and changes nothing. */
  async read(): Promise<void> {
    this.#life = Math.max(this.#life, await this.#storedLife());
    for (const chain of this.#chains.values()) await chain.read();
  }

  /** Reads, makes what is missing or due, and ends what is over. */
  async maintain(): Promise<void> {
    const stored = await this.#storedLife();
    // Two processes may have raised it at once, and the smaller number came last.
    if (stored < this.#life) await this.#store.set(lifeKey, String(this.#life), Infinity);
    this.#life = Math.max(this.#life, stored);
    await Promise.all([...this.#chains.values()].map((chain) => this.#maintainOne(chain)));
  }

  /** See SigningKeys. `maintain` must have been called. */
  async rotate({ alg, now = false }: RotationOrder): Promise<SigningKeyStatus[]> {
    const chains = alg === undefined ? [...this.#chains.values()] : [this.#chains.get(alg)];
    if (!chains.every((chain) => chain !== undefined)) throw unknownAlgorithm(String(alg));
    const fresh = await Promise.all(chains.map((chain) => this.#replace(chain, now, { byHand: true })));
    return this.statuses.filter(({ kid }) => fresh.some(({ key }) => key.kid === kid));
  }

  /** Keys stay until tokens that live this many seconds are over. */
  outlast(seconds: number): Soon<void> {
    if (seconds > this.#life) return this.#raiseLife(seconds);
  }

  async #raiseLife(seconds: number): Promise<void> {
    const stored = await this.#storedLife();
    if (stored < seconds) await this.#store.set(lifeKey, String(seconds), Infinity);
    this.#life = Math.max(this.#life, stored, seconds);
  }

  async #maintainOne(chain: KeyGenerations): Promise<void> {
    const { interval, lead } = this.#schedule;
    const before = new Set(chain.known.map(({ key }) => key.kid));
    const known = await chain.read();
    const learned = known.filter(({ key }) => before.size > 0 && !before.has(key.kid));
    this.#tell('signing_key_learned', learned);
    const newest = known.at(-1);
    const now = this.#seconds();
    if (!newest) await chain.add(() => this.#startingIn(0, false));
    else if (interval > 0 && now >= newest.activates_at + interval - lead) await this.#replace(chain, false);
    this.#tell('signing_key_resealed', await chain.reseal());
    await this.#endWhatIsOver(chain);
    if (interval === 0) this.#noteAge(chain);
  }

  async #replace(chain: KeyGenerations, atOnce: boolean, { byHand = false } = {}): Promise<KeyGeneration> {
    const now = this.#seconds();
    const newest = chain.known.at(-1);
    if (newest && !atOnce && newest.activates_at > now) {
      // The schedule waits for it all the same: on a machine whose clock is behind, every key looks so.
      const isWrong = newest.activates_at > now + this.#schedule.lead + farAhead;
      if (!(byHand && isWrong)) return newest;
    }
    if (newest && atOnce && newest.replaces_all && now - newest.created < sameEmergency) return newest;
    const times = () => this.#startingIn(atOnce ? 0 : this.#schedule.lead, atOnce);
    let added = await this.#add(chain, times);
    // A key that came by schedule at the same moment does not end the one that was stolen.
    while (!added.first && atOnce && !added.generation.replaces_all) added = await this.#add(chain, times);
    if (atOnce) await this.#endWhatIsOver(chain);
    return added.generation;
  }

  async #add(chain: KeyGenerations, times: () => KeyTimes) {
    const added = await chain.add(times);
    this.#tell(added.first ? 'signing_key_rotated' : 'signing_key_learned', [added.generation]);
    return added;
  }

  #scheduled(
    activates_at: number,
    { state, retires_at }: Pick<SigningKeyStatus, 'state' | 'retires_at'>,
  ): Pick<SigningKeyStatus, 'rotates_at'> {
    const { interval } = this.#schedule;
    const isDue = state === 'active' && retires_at === undefined && interval > 0;
    return isDue ? { rotates_at: activates_at + interval } : {};
  }

  /** A key that no schedule replaces is easily forgotten. */
  #noteAge(chain: KeyGenerations): void {
    const now = this.#seconds();
    const active = this.#inState(chain).find(({ state }) => state === 'active');
    if (!active || active.retires_at !== undefined || now - active.key.activates_at < oldAge) return;
    const today = Math.floor(now / day);
    if (this.#toldOld.get(chain) === today) return;
    this.#toldOld.set(chain, today);
    this.#tell('signing_key_old', [active.key]);
  }

  #startingIn(lead: number, replaces_all: boolean): KeyTimes {
    const created = this.#seconds();
    return { created, activates_at: created + lead, replaces_all };
  }

  async #endWhatIsOver(chain: KeyGenerations): Promise<void> {
    const alive = new Set(this.#inState(chain).map(({ key }) => key));
    const over = chain.known.filter((generation) => !alive.has(generation));
    for (const generation of over) await chain.end(generation);
    this.#tell('signing_key_removed', over);
  }

  #inState(chain: KeyGenerations): KeyInState<KeyGeneration>[] {
    return keysInState(chain.known, this.#life + skew, this.#seconds());
  }

  async #storedLife(): Promise<number> {
    return Number((await this.#store.get(lifeKey)) ?? 0);
  }

  #tell(name: WarningName, generations: readonly KeyGeneration[]): void {
    for (const { key, activates_at, replaces_all } of generations) {
      this.#schedule.warn(name, { alg: key.alg, kid: key.kid, activates_at, replaces_all });
    }
  }

  #seconds(): number {
    return Math.floor(this.#schedule.now() / 1000);
  }
}

export function unknownAlgorithm(alg: string): Error {
  return new Error(`This workspace has no ${alg} key; add it to signing_keys.`);
}
