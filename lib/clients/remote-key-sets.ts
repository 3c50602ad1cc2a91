import type { KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { OAuthError } from '../errors.js';
import type { WarningName } from '../events.js';
import { freshnessLifetime } from '../http/freshness.js';
import { longestDocument } from '../http/limits.js';
import type { FetchDocument } from '../http/outbound.js';
import { parseOptions } from '../options.js';
import type { ClientKeys } from './client.js';
import { isVerifiable, type KeyHint, type KeySet, readKeySet } from './key-sets.js';

/** How long the documents behind `jwks_uri` are used, in seconds. */
export const keySetCacheSchema = z.strictObject({
  /** Fresh for at least this long, whatever the reply says. */
  min_age: z.int().min(0).max(3600).default(60),
  /** And for at most this long: a withdrawn key dies within it. Also where the reply says nothing. */
  max_age: z.int().min(1).max(86_400).default(600),
  /** After a refetch for a key that was not there, and after a failure, nothing is fetched for this long. */
  cooldown: z.int().min(1).max(3600).default(30),
  /** How much longer a document serves when it cannot be fetched again. */
  stale_for: z.int().min(0).max(86_400).default(600),
  /** For one fetch in total. */
  timeout: z.number().min(0.05).max(30).default(3),
});

type KeySetCacheOptions = z.output<typeof keySetCacheSchema>;

/** What the cache works with. `now` is in milliseconds. */
export interface RemoteKeySetsDependencies {
  readonly fetchDocument: FetchDocument;
  warn(name: WarningName, detail: Readonly<Record<string, unknown>>): void;
  now?(): number;
}

const mediaTypes = ['application/jwk-set+json', 'application/json'];
const maximumUris = 10_000;

/**
 * The key sets behind `jwks_uri`, one entry per URI, whoever of the clients and workspaces uses it. Throws
 * OptionsError for wrong options.
 */
export class RemoteKeySets {
  readonly #sets = new LRUCache<string, RemoteKeySet>({ max: maximumUris });
  readonly #options: KeySetCacheOptions;
  readonly #dependencies: Required<RemoteKeySetsDependencies>;

  constructor(dependencies: RemoteKeySetsDependencies, options: z.input<typeof keySetCacheSchema> = {}) {
    this.#options = parseOptions(keySetCacheSchema, options, 'key_sets');
    this.#dependencies = { now: Date.now, ...dependencies };
  }

  /** The keys at one https URL. Nothing is fetched before they are asked for. */
  at(uri: string): ClientKeys {
    const known = this.#sets.get(uri);
    if (known) return known;
    const made = new RemoteKeySet(uri, this.#options, this.#dependencies);
    this.#sets.set(uri, made);
    return made;
  }
}

interface Held {
  readonly keys: KeySet;
  /** Milliseconds since 1970. */
  readonly freshUntil: number;
}

/** One URI. At most one fetch is under way at a time, so no slow old answer can replace a newer one. */
class RemoteKeySet implements ClientKeys {
  readonly #uri: string;
  readonly #options: KeySetCacheOptions;
  readonly #dependencies: Required<RemoteKeySetsDependencies>;
  #held: Held | undefined;
  #underway: Promise<KeySet | undefined> | undefined;
  /** Milliseconds since 1970 before which no missing key and no failure causes another fetch. */
  #quietUntil = 0;
  /** What was wrong with the last fetch. */
  #problem: string | undefined;

  constructor(uri: string, options: KeySetCacheOptions, dependencies: Required<RemoteKeySetsDependencies>) {
    this.#uri = uri;
    this.#options = options;
    this.#dependencies = dependencies;
  }

  candidates(hint: KeyHint): Promise<readonly KeyObject[]> | readonly KeyObject[] {
    if (!isVerifiable(hint.alg)) return [];
    const fresh = this.#fresh();
    const found = fresh?.candidates(hint);
    if (found && found.length > 0) return found;
    return this.#afterFetch(fresh).then((keys) => keys.candidates(hint));
  }

  hasCertificate(digest: string): Promise<boolean> | boolean {
    const fresh = this.#fresh();
    if (fresh?.hasCertificate(digest)) return true;
    return this.#afterFetch(fresh).then((keys) => keys.hasCertificate(digest));
  }

  #fresh(): KeySet | undefined {
    return this.#held && this.#dependencies.now() < this.#held.freshUntil ? this.#held.keys : undefined;
  }

  /**
   * The keys to decide with. `lacking` are fresh ones that did not have what was wanted: they are fetched again once.
   * Without them, the lookup waits for a first or a new document, and decides with that.
   */
  async #afterFetch(lacking: KeySet | undefined): Promise<KeySet> {
    const now = this.#dependencies.now();
    if (this.#underway === undefined && this.#mayFetch(lacking !== undefined, now)) {
      if (lacking !== undefined) this.#rest(now);
      this.#underway = this.#fetch(now).finally(() => {
        this.#underway = undefined;
      });
    }
    return (await this.#underway) ?? lacking ?? this.#stale(now);
  }

  #mayFetch(again: boolean, now: number): boolean {
    if (now >= this.#quietUntil) return true;
    // A cool-down after a missing key does not keep a document that has run out from being renewed.
    return !again && this.#problem === undefined;
  }

  #stale(now: number): KeySet {
    const held = this.#held;
    if (held && now < held.freshUntil + this.#options.stale_for * 1000) return held.keys;
    throw new OAuthError('key_set_unavailable', { detail: { jwks_uri: this.#uri, problem: this.#problem } });
  }

  #rest(now: number): void {
    this.#quietUntil = now + this.#options.cooldown * 1000;
  }

  async #fetch(now: number): Promise<KeySet | undefined> {
    const { min_age, max_age, timeout } = this.#options;
    const document = await this.#dependencies.fetchDocument(this.#uri, {
      accept: mediaTypes,
      maxBytes: longestDocument.keySet,
      timeout: timeout * 1000,
    });
    const keys = document.ok ? readKeySet(parseJson(document.body)) : undefined;
    this.#problem = document.ok ? (keys ? undefined : 'the document is not a JWK Set') : document.problem;
    if (!document.ok || keys === undefined) {
      this.#rest(this.#dependencies.now());
      this.#dependencies.warn('key_set_fetch_failed', { jwks_uri: this.#uri, problem: this.#problem });
      return undefined;
    }
    // Counted from before the request, so that a slow reply does not make an old document younger.
    const lifetime = freshnessLifetime(document.headers, now) ?? max_age;
    this.#held = { keys, freshUntil: now + Math.min(Math.max(lifetime, min_age), max_age) * 1000 };
    return keys;
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
