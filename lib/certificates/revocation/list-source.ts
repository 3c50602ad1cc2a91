import type { RevocationList } from './revocation-list.js';

/** Lists, or why there are none. `fetchedAt` (milliseconds) where they are older than this moment. */
export type LoadedLists =
  | { readonly ok: true; readonly lists: readonly RevocationList[]; readonly fetchedAt?: number }
  | { readonly ok: false; readonly problem: string };

/** Never rejects. */
export type LoadLists = () => Promise<LoadedLists>;

/** Times are in seconds, `now` in milliseconds. */
export interface ListTiming {
  readonly reloadInterval: number;
  readonly retryAfter: number;
  now(): number;
  /** Hears what was wrong with a file or URL. */
  failed(source: string, problem: string): void;
}

/**
 * The lists of one file or URL. They are loaded when first asked for, when `reloadInterval` is over, and when one has
 * run out; at most one load is under way, and after one nothing is loaded for `retryAfter`. Those that were there
 * serve on when a load fails, since each says itself until when it may.
 */
export class ListSource {
  /** The path or URL. */
  readonly name: string;
  readonly #load: LoadLists;
  readonly #timing: ListTiming;
  #lists: readonly RevocationList[] = [];
  #problem: string | undefined;
  #underway: Promise<void> | undefined;
  /** Milliseconds since 1970. */
  #dueAt = 0;
  #quietUntil = 0;

  constructor(name: string, load: LoadLists, timing: ListTiming) {
    this.name = name;
    this.#load = load;
    this.#timing = timing;
  }

  /** The lists there are, and what was wrong with the last load. */
  async current(): Promise<{ readonly lists: readonly RevocationList[]; readonly problem: string | undefined }> {
    const now = this.#timing.now();
    if (this.#underway === undefined && now >= this.#quietUntil && this.#isDue(now)) {
      this.#underway = this.#reload().finally(() => {
        this.#underway = undefined;
      });
    }
    await this.#underway;
    return { lists: this.#lists, problem: this.#problem };
  }

  #isDue(now: number): boolean {
    return now >= this.#dueAt || this.#lists.some(({ nextUpdate }) => now > nextUpdate);
  }

  async #reload(): Promise<void> {
    const { reloadInterval, retryAfter } = this.#timing;
    const loaded = await this.#load();
    const now = this.#timing.now();
    this.#quietUntil = now + (loaded.ok ? Math.min(retryAfter, reloadInterval) : retryAfter) * 1000;
    this.#problem = loaded.ok ? undefined : loaded.problem;
    if (!loaded.ok) {
      this.#timing.failed(this.name, loaded.problem);
      return;
    }
    // An old list may still be current, and whoever sits on the way can serve it again.
    const current = this.#lists.filter(({ thisUpdate, nextUpdate }) => thisUpdate <= now && now <= nextUpdate);
    this.#lists = loaded.lists.map((list) => current.find((held) => held.supersedes(list)) ?? list);
    this.#dueAt = (loaded.fetchedAt ?? now) + reloadInterval * 1000;
  }
}
