import type { KeyObject } from 'node:crypto';
import { asymmetricAlgorithms, canonicalAlgorithm } from './assertion-algorithms.js';
import { type ClientKey, importClientKey } from './json-web-keys.js';

/** The members of a JOSE header that choose a key. */
export interface KeyHint {
  readonly alg: string;
  readonly kid?: string;
}

/** The most keys of one set that are looked at. */
export const maximumKeys = 64;
const maximumCandidates = 8;
const noKeys: readonly KeyObject[] = Object.freeze([]);

/** Whether a signature by this algorithm can be verified with a public key at all. */
export function isVerifiable(alg: string): boolean {
  return asymmetricAlgorithms.has(canonicalAlgorithm(alg));
}

/** The public keys of one client, imported and sorted by algorithm. */
export class KeySet {
  readonly #byAlgorithm = new Map<string, readonly ClientKey[]>();
  readonly #certificates: ReadonlySet<string>;

  /** `certificates`: further registered certificates, as base64url SHA-256 of their DER. */
  constructor(keys: readonly ClientKey[], certificates: readonly string[] = []) {
    for (const alg of asymmetricAlgorithms.keys()) {
      const usable = keys.filter((key) => key.algorithms.has(alg));
      usable.sort((a, b) => Number(b.pinned) - Number(a.pinned));
      if (usable.length > 0) this.#byAlgorithm.set(alg, usable);
    }
    const digests = keys.flatMap(({ certificateDigest }) => certificateDigest ?? []);
    this.#certificates = new Set([...digests, ...certificates]);
  }

  /**
   * The keys that may have made a signature with this header: kty, crv, `use`, `key_ops` and `alg` fit, and `kid` is
   * the same where the header has one (RFC 7517 4.5). Keys that name their algorithm come first; eight at most.
   */
  candidates({ alg, kid }: KeyHint): readonly KeyObject[] {
    const usable = this.#byAlgorithm.get(canonicalAlgorithm(alg));
    if (usable === undefined) return noKeys;
    const found: KeyObject[] = [];
    for (const candidate of usable) {
      if (kid === undefined || candidate.kid === kid) found.push(candidate.key);
      if (found.length === maximumCandidates) break;
    }
    return found;
  }

  /** Whether this is the digest of a registered certificate (RFC 8705 2.2.2): base64url SHA-256 of the DER. */
  hasCertificate(digest: string): boolean {
    return this.#certificates.has(digest);
  }

  /** Whether there is any key for this algorithm; without one, for any algorithm. */
  canVerify(alg?: string): boolean {
    return alg === undefined ? this.#byAlgorithm.size > 0 : this.#byAlgorithm.has(canonicalAlgorithm(alg));
  }

  /** Whether any certificate is registered. */
  get hasCertificates(): boolean {
    return this.#certificates.size > 0;
  }
}

/** The keys of a `jwks` whose every key has been checked already; `certificates` as in KeySet. */
export function inlineKeys(jwks: readonly unknown[], certificates: readonly string[] = []): KeySet {
  const keys = jwks.map(importClientKey).flatMap((imported) => (imported.ok ? [imported.key] : []));
  return new KeySet(keys, certificates);
}

/**
 * The keys of a JWK Set that somebody else keeps (RFC 7517 5). Keys that are unsuitable, weak, private or of unknown
 * kinds are left out, as are those after the 64th; `undefined` when the document is no JWK Set at all.
 */
export function readKeySet(document: unknown): KeySet | undefined {
  const keys: unknown = typeof document === 'object' && document !== null && 'keys' in document && document.keys;
  if (!Array.isArray(keys)) return undefined;
  const imported = keys.slice(0, maximumKeys).map(importClientKey);
  return new KeySet(imported.flatMap((result) => (result.ok ? [result.key] : [])));
}
