import type { Store } from '../stores/store.js';
import type { OtpType } from './otp-settings.js';

/** A person's live code of one type. */
export interface CodeRecord {
  readonly id: string;
  /** Key id, colon, base64url. The code itself is never at rest. */
  readonly mac: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Guesses it stands. */
  readonly attempts: number;
  readonly clientId?: string;
  readonly workspace?: string;
  /** Only this browser may type it. */
  readonly browser?: string;
}

/** Browsers that may have a code for one person at the same time. */
const places = [1, 2, 3];

/** Seconds. The record outlives its code so that the log can tell a late one; marks of use outlive the record. */
export const memoryOfExpired = 300;
export const memoryOfUse = 600;

/** Of all uses of what has this id, the first one to claim this key counts. */
export function usedKey(id: string): string {
  return `otc-used/${id}`;
}

/**
 * Where the codes of people are kept: one that anybody may present, which a new one replaces, and beside it those of
 * browsers, one each. No browser can put an end to another one's code.
 */
export class CodeRecords {
  readonly #store: Store;
  readonly #now: () => number;

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** The code that anybody may present, or that of one browser. `elsewhere`: other browsers have some. */
  async find(
    type: OtpType,
    userId: string,
    browser: string | undefined,
  ): Promise<{ readonly record: CodeRecord | undefined; readonly elsewhere: boolean }> {
    if (browser === undefined) {
      const stored = await this.#store.get(recordKey(type, userId));
      return { record: stored === undefined ? undefined : (JSON.parse(stored) as CodeRecord), elsewhere: false };
    }
    const found = await this.#inPlaces(type, userId);
    return {
      record: found.find((record) => record?.browser === browser),
      elsewhere: found.some((record) => record !== undefined && record.expiresAt > this.#now()),
    };
  }

  /**
   * Keeps a code for `seconds`, in place of the one before it: of the same browser if it has one. Undefined, or in
   * milliseconds since 1970 when the next place will be free, if other browsers have them all.
   */
  async put(type: OtpType, userId: string, record: CodeRecord, seconds: number): Promise<number | undefined> {
    const value = JSON.stringify(record);
    if (record.browser === undefined) {
      await this.#store.set(recordKey(type, userId), value, seconds + memoryOfExpired);
      return undefined;
    }
    const found = await this.#inPlaces(type, userId);
    const own = found.findIndex((standing) => standing?.browser === record.browser);
    if (own !== -1) {
      await this.#store.set(placeKey(type, userId, places[own]), value, seconds + memoryOfExpired);
      return undefined;
    }
    const ends: number[] = [];
    for (const place of places) {
      const key = placeKey(type, userId, place);
      const claim = await this.#store.claim(key, value, seconds + memoryOfExpired);
      if (claim.first) return undefined;
      const holder = JSON.parse(claim.value) as CodeRecord;
      if (holder.browser === record.browser || (await this.#mayFollow(holder, seconds))) {
        await this.#store.set(key, value, seconds + memoryOfExpired);
        return undefined;
      }
      ends.push(holder.expiresAt);
    }
    return Math.min(...ends);
  }

  async #inPlaces(type: OtpType, userId: string): Promise<(CodeRecord | undefined)[]> {
    const stored = await Promise.all(places.map((place) => this.#store.get(placeKey(type, userId, place))));
    return stored.map((value) => (value === undefined ? undefined : (JSON.parse(value) as CodeRecord)));
  }

  /** Whether the code is over or used, and its place not yet given to anybody else. */
  async #mayFollow({ id, expiresAt }: CodeRecord, seconds: number): Promise<boolean> {
    const isOver = expiresAt <= this.#now() || (await this.#store.get(usedKey(id))) !== undefined;
    return isOver && (await this.#store.claim(`otc-followed/${id}`, '1', seconds + memoryOfUse)).first;
  }
}

function recordKey(type: OtpType, userId: string): string {
  return `otc/${type}/${userId}`;
}

function placeKey(type: OtpType, userId: string, place: number | undefined): string {
  return `otc-browser/${place}/${type}/${userId}`;
}
