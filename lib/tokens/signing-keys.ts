import { randomUUID } from 'node:crypto';
import { OAuthError } from '../errors.js';
import type { SecretKeys } from '../secret-keys.js';
import type { Soon } from '../soon.js';
import { ChangeNotices } from '../stores/change-notices.js';
import type { Store } from '../stores/store.js';
import { nextChange } from './key-states.js';
import {
  type KeySchedule,
  KeyUpkeep,
  type RotationOrder,
  type SigningKeyStatus,
  unknownAlgorithm,
} from './key-upkeep.js';
import type { SigningAlgorithm, SigningKey } from './signing-key.js';

export type { SigningAlgorithm, SigningKey } from './signing-key.js';

/** All that requests need, ready for use. */
interface Snapshot {
  readonly signing: ReadonlyMap<SigningAlgorithm, SigningKey>;
  /** Next, active and retired ones. */
  readonly published: readonly SigningKey[];
  /** Milliseconds since 1970. */
  readonly changesAt: number;
}

/** Milliseconds. */
const longestReadInterval = 60_000;
const searchInterval = 10_000;
/** A store that takes longer to tell of changes is heard by later requests. */
const longestWait = 150;
/** Seconds. */
const longestCaching = 300;
/** Replaced after each rotation by hand. */
const versionKey = 'signing-key-version';
/** Seconds: longer than keys go unread. */
const versionLife = 86_400;

/**
 * A workspace's signing keys: made on first use, kept in the store, encrypted under `secret_keys`, replaced by schedule
 * or by hand. Requests use a snapshot in memory; the store is read again once a minute, or more often with a short lead,
 * and within a second after a rotation by hand in any process.
 */
export class SigningKeys {
  readonly #first: SigningAlgorithm;
  readonly #upkeep: KeyUpkeep;
  readonly #store: Store;
  readonly #notices: ChangeNotices;
  readonly #schedule: KeySchedule;
  readonly #readInterval: number;
  #snapshot: Snapshot | undefined;
  #loading: Promise<void> | undefined;
  #lastTurn: Promise<unknown> = Promise.resolve();
  #readAt = 0;
  #dueAt = 0;
  #searchAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** What was last announced when the keys were read, and their version. */
  #heard: { readonly notice?: string; readonly version?: string | undefined } = {};
  #hearing: Promise<void> | undefined;

  /** `algorithms`: one active key each, the first for access tokens. `store`: the workspace's own part. */
  constructor(
    algorithms: readonly SigningAlgorithm[],
    store: Store,
    secretKeys: SecretKeys,
    schedule: Partial<KeySchedule> = {},
    notices: ChangeNotices = new ChangeNotices(store),
  ) {
    this.#store = store;
    this.#notices = notices;
    this.#first = algorithms[0] as SigningAlgorithm;
    this.#schedule = { interval: 0, lead: 3600, now: Date.now, warn: () => undefined, ...schedule };
    this.#readInterval = Math.min(longestReadInterval, this.#schedule.lead * 250);
    this.#upkeep = new KeyUpkeep(algorithms, store, secretKeys, this.#schedule);
  }

  /**
   * Seconds for which caches may keep the JWKS. With the time until every process has read a new key this is less than
   * the lead: what caches hold never lacks a key that signs.
   */
  get cacheSeconds(): number {
    return Math.min(longestCaching, Math.floor(this.#schedule.lead / 2));
  }

  /** The key that signs access tokens. */
  forAccessTokens(): Promise<SigningKey> {
    return this.forAlgorithm(this.#first);
  }

  /** The key that signs by one algorithm; rejects when the workspace has none. */
  async forAlgorithm(alg: SigningAlgorithm): Promise<SigningKey> {
    const { signing } = await this.#present();
    const key = signing.get(alg);
    if (!key) throw unknownAlgorithm(alg);
    return key;
  }

  /** Every published key: what one of them has signed is ours. */
  async all(): Promise<readonly SigningKey[]> {
    const { published } = await this.#present();
    return published;
  }

  /** The published key of this id and algorithm. An unknown id makes us read the store again, every ten seconds at most. */
  async find(kid: string | undefined, alg: string): Promise<SigningKey | undefined> {
    const search = async () => (await this.all()).find((key) => key.kid === kid && key.alg === alg);
    const found = await search();
    if (found || kid === undefined || this.#closed) return found;
    const now = this.#schedule.now();
    if (!this.#loading && now < this.#searchAt) return undefined;
    this.#searchAt = now + searchInterval;
    await this.#readQuietly();
    return search();
  }

  /**
   * Reads the keys, makes those that are missing or due, and goes on doing so in the background. Rejects when a stored
   * key cannot be opened with the present `secret_keys`.
   */
  load(): Promise<void> {
    this.#loading ??= this.#inTurn(() => this.#maintain()).finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /**
   * Publishes new keys, which take over after `lead`. Where one waits already there is no second one, so that any number
   * of calls at once, in any number of processes, end with one new key. Answers the new keys. With `now`, see
   * RotationOrder.
   */
  rotate(order: RotationOrder = {}): Promise<SigningKeyStatus[]> {
    return this.#inTurn(async () => {
      await this.#maintain();
      const fresh = await this.#upkeep.rotate(order);
      this.#show();
      await this.#store.set(versionKey, randomUUID(), versionLife);
      await this.#notices.announce();
      return fresh;
    });
  }

  /** Every key that is not over, as the store has it now. Makes none. */
  list(): Promise<SigningKeyStatus[]> {
    return this.#inTurn(async () => {
      await this.#upkeep.read();
      return this.#upkeep.statuses;
    });
  }

  /** Keys stay until tokens that live this many seconds are over. To be called before such a token is signed. */
  outlast(seconds: number): Soon<void> {
    return this.#upkeep.outlast(seconds);
  }

  /** Ends the work in the background. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#lastTurn;
  }

  async #present(): Promise<Snapshot> {
    if (this.#snapshot && !this.#closed && this.#notices.heard() !== this.#heard.notice) await this.#hearSoon();
    return this.#fresh() ?? (await this.#read());
  }

  /** Resolves when what other processes announced is known, or the store takes too long to tell. */
  async #hearSoon(): Promise<void> {
    this.#hearing ??= this.#hear().finally(() => {
      this.#hearing = undefined;
    });
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, longestWait);
    });
    await Promise.race([this.#hearing, limit]);
    clearTimeout(timer);
  }

  async #hear(): Promise<void> {
    try {
      const notice = await this.#notices.listen();
      if (notice === this.#heard.notice) return;
      const version = await this.#store.get(versionKey);
      if (version !== this.#heard.version) return await this.#readQuietly();
      this.#heard = { notice, version };
    } catch {
      // A store that is down does not keep us from signing, and is told of by the reading in the background.
    }
  }

  /** The snapshot, unless it is too old to be used; starts reading in the background when it is time to. */
  #fresh(): Snapshot | undefined {
    if (!this.#snapshot) return undefined;
    const now = this.#schedule.now();
    if (now >= this.#dueAt && !this.#closed) {
      this.#dueAt = now + this.#readInterval;
      // After a long sleep: meanwhile another process may have replaced what we know.
      if (now >= this.#readAt + this.#schedule.lead * 1000) return undefined;
      void this.#readQuietly();
    }
    return now < this.#snapshot.changesAt ? this.#snapshot : this.#show();
  }

  async #read(): Promise<Snapshot> {
    await (this.#snapshot ? this.#readQuietly() : this.load());
    return this.#show();
  }

  /** A store that is down for a while does not keep us from signing with what we know. */
  async #readQuietly(): Promise<void> {
    try {
      await this.load();
    } catch (thrown) {
      if (this.#closed) return;
      const reason = thrown instanceof OAuthError ? thrown.reason : String(thrown);
      this.#schedule.warn('signing_keys_unreadable', { reason });
    }
  }

  /** One reading or writing at a time. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(work);
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }

  async #maintain(): Promise<void> {
    const now = this.#schedule.now();
    // Before the keys: what is read later is at least as new.
    const notice = this.#notices.heard() ?? (await this.#notices.listen());
    const version = await this.#store.get(versionKey);
    await this.#upkeep.maintain();
    this.#heard = { notice, version };
    this.#readAt = now;
    this.#dueAt = now + this.#readInterval;
    this.#show();
    if (this.#timer || this.#closed) return;
    this.#timer = setInterval(() => void this.#readQuietly(), this.#readInterval);
    this.#timer.unref();
  }

  #show(): Snapshot {
    const states = this.#upkeep.states;
    const active = states.filter(({ state }) => state === 'active');
    this.#snapshot = {
      signing: new Map(active.map(({ key: { key } }) => [key.alg, key])),
      published: states.map(({ key: { key } }) => key),
      changesAt: nextChange(states, Math.floor(this.#schedule.now() / 1000)) * 1000,
    };
    return this.#snapshot;
  }
}
