import { OAuthError } from '../../errors.js';
import { freshnessLifetime } from '../../http/freshness.js';
import { longestDocument } from '../../http/limits.js';
import type { FetchDocument, FetchedDocument } from '../../http/outbound.js';
import { parseStrictJson } from '../../http/strict-json.js';
import type { TokenHome } from './token-source.js';

/** What a resource server needs of an authorization server's metadata (RFC 8414 2). */
export interface IssuerMetadata {
  readonly jwksUri: string | undefined;
  readonly introspectionEndpoint: string | undefined;
}

/** Milliseconds for one fetch. */
const timeout = 3000;
/** Seconds a document is fresh: what its reply says, within these. */
const freshFor = { minimum: 60, maximum: 3600 };
/** Seconds it still serves while it cannot be fetched again. */
const staleFor = 86_400;
/** Seconds in which a failure is not tried again. */
const cooldown = 5;

interface Held {
  readonly metadata: IssuerMetadata;
  /** Milliseconds since 1970. */
  readonly freshUntil: number;
}

/** The metadata of one issuer: fetched when first needed, then kept. At most one fetch is under way at a time. */
export class RemoteMetadata {
  readonly #home: TokenHome;
  readonly #fetchDocument: FetchDocument;
  #held: Held | undefined;
  #underway: Promise<void> | undefined;
  /** Milliseconds since 1970. */
  #quietUntil = 0;
  #problem: string | undefined;

  constructor(home: TokenHome, fetchDocument: FetchDocument) {
    this.#home = home;
    this.#fetchDocument = fetchDocument;
  }

  /** Rejects with `issuer_metadata_unavailable` when there is none to go by. */
  async get(): Promise<IssuerMetadata> {
    const now = this.#home.now();
    if (this.#held && now < this.#held.freshUntil) return this.#held.metadata;
    if (this.#underway === undefined && now >= this.#quietUntil) {
      this.#underway = this.#fetch(now).finally(() => {
        this.#underway = undefined;
      });
    }
    await this.#underway;
    if (this.#held && now < this.#held.freshUntil + staleFor * 1000) return this.#held.metadata;
    throw new OAuthError('issuer_metadata_unavailable', {
      detail: { issuer: this.#home.issuer, problem: this.#problem },
    });
  }

  async #fetch(now: number): Promise<void> {
    const { issuer, warn } = this.#home;
    const document = await this.#fetchEither();
    const read = document.ok ? readMetadata(document.body, issuer) : document;
    if (document.ok && read.ok) {
      const lifetime = freshnessLifetime(document.headers, now) ?? freshFor.maximum;
      const seconds = Math.min(Math.max(lifetime, freshFor.minimum), freshFor.maximum);
      this.#held = { metadata: read.metadata, freshUntil: now + seconds * 1000 };
      return;
    }
    this.#problem = read.ok ? undefined : read.problem;
    this.#quietUntil = this.#home.now() + cooldown * 1000;
    warn('issuer_metadata_fetch_failed', { problem: this.#problem });
  }

  /** Where RFC 8414 3.1 puts it; where somebody is there and has nothing, OpenID Connect Discovery 4. */
  async #fetchEither(): Promise<FetchedDocument> {
    const { issuer } = this.#home;
    const { origin, pathname } = new URL(issuer);
    const path = pathname === '/' ? '' : pathname;
    const first = await this.#fetchAt(`${origin}/.well-known/oauth-authorization-server${path}`);
    if (first.ok || !first.answered) return first;
    return this.#fetchAt(`${issuer}/.well-known/openid-configuration`);
  }

  #fetchAt(url: string): Promise<FetchedDocument> {
    return this.#fetchDocument(url, {
      accept: ['application/json'],
      maxBytes: longestDocument.issuerMetadata,
      timeout,
    });
  }
}

type ReadMetadata =
  | { readonly ok: true; readonly metadata: IssuerMetadata }
  | { readonly ok: false; readonly problem: string };

function readMetadata(body: Buffer, issuer: string): ReadMetadata {
  const json = parseStrictJson(body);
  if (!json.ok) return { ok: false, problem: `the document ${json.problem}` };
  if (typeof json.value !== 'object' || json.value === null) return { ok: false, problem: 'the document is no object' };
  const members = json.value as Readonly<Record<string, unknown>>;
  // RFC 8414 3.3: else one server could speak for another.
  if (members.issuer !== issuer) {
    return { ok: false, problem: `it is the metadata of ${String(members.issuer).slice(0, 200)}` };
  }
  const { jwks_uri, introspection_endpoint } = members;
  return {
    ok: true,
    metadata: {
      jwksUri: typeof jwks_uri === 'string' ? jwks_uri : undefined,
      introspectionEndpoint: typeof introspection_endpoint === 'string' ? introspection_endpoint : undefined,
    },
  };
}
