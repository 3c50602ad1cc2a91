import { hash } from 'node:crypto';
import { signerOf } from '../../client-authentication/assertion-signature.js';
import { canonicalAlgorithm } from '../../clients/assertion-algorithms.js';
import { OAuthError } from '../../errors.js';
import { loggable } from '../../loggable-value.js';
import { claimSoon } from '../../stores/soon-store.js';
import type { Store } from '../../stores/store.js';
import { type DpopNonces, longestNonceLife } from './nonces.js';
import { proofKey, rememberKey } from './proof-key.js';
import { normalizedUrl } from './proof-url.js';
import { type DpopProof, readProof } from './read-proof.js';

/** Seconds after its making for which a proof is taken, the clock tolerance aside. */
const maximumAge = 60;

/** What one authorization server or API demands of proofs. */
export interface ProofRules {
  /** JWS algorithms. `Ed25519` stands for `EdDSA` too (RFC 9864). */
  readonly algorithms: readonly string[];
  /** Seconds, 0 to 60. */
  readonly clockTolerance: number;
  /** Where the proofs that were used are remembered. */
  readonly store: Store;
  /** Where we are reached, such as `https://as.example`: `htu` is one of these and the request's path. */
  readonly bases: readonly string[];
  /** Present: every proof must carry one. */
  readonly nonces: DpopNonces | undefined;
  /** Milliseconds since 1970. */
  now(): number;
}

/** The request that a proof must have been made for. */
export interface ProofTarget {
  readonly method: string;
  /** As it was asked for, without query. */
  readonly path: string;
  /** The access token it comes with, and the key that one is bound to. */
  readonly token?: { readonly value: string; readonly jkt: string };
}

/** What a right proof has shown. */
export interface ProvenKey {
  /** RFC 7638 SHA-256 thumbprint, base64url. */
  readonly jkt: string;
  /** The nonce to send along, where the one that came is about to end (RFC 9449 8.2). */
  readonly freshNonce: string | undefined;
}

/** Verifies DPoP proofs (RFC 9449 4.3). */
export class ProofVerifier {
  /** What a challenge and the metadata tell. */
  readonly algorithms: readonly string[];
  readonly #accepted: ReadonlySet<string>;
  readonly #rules: ProofRules;

  constructor(rules: ProofRules) {
    this.#rules = rules;
    this.#accepted = new Set(rules.algorithms);
    this.algorithms = rules.algorithms.flatMap((alg) => (alg === 'Ed25519' ? ['Ed25519', 'EdDSA'] : [alg]));
  }

  /** The nonce that proofs must carry now; undefined where none is demanded. */
  get nonce(): string | undefined {
    return this.#rules.nonces?.current;
  }

  /**
   * The key of the one proof among the values of the `DPoP` header, or undefined without any. Each proof works once: it
   * is remembered last, when all else was right, so that junk never fills the memory. Rejects with OAuthError of
   * `invalid_dpop_proof`, `use_dpop_nonce`, or `token_binding_mismatch` for another key than the token's.
   */
  async verify(values: readonly string[], target: ProofTarget): Promise<ProvenKey | undefined> {
    const proof = readProof(values);
    if (!proof) return undefined;
    const jkt = await this.#provenKey(proof, target);
    this.#checkMethod(proof, target);
    const url = this.#checkUrl(proof, target);
    checkToken(proof, target);
    await this.#claimOnce(proof, jkt, url, this.#checkTime(proof));
    const { nonce } = this;
    return { jkt, freshNonce: nonce === proof.claims.nonce ? undefined : nonce };
  }

  async #provenKey(proof: DpopProof, { token }: ProofTarget): Promise<string> {
    const { jws, alg } = proof;
    if (!this.#accepted.has(canonicalAlgorithm(alg))) {
      throw new OAuthError('dpop_algorithm_refused', {
        detail: { alg: loggable(alg), enabled: this.#rules.algorithms },
      });
    }
    const key = await proofKey(proof);
    if (token && token.jkt !== key.jkt) {
      throw new OAuthError('token_binding_mismatch', { detail: { expected: { jkt: token.jkt }, found: key.jkt } });
    }
    if (!signerOf({ jws, header: { alg } }, [key.key])) {
      throw new OAuthError('dpop_signature_invalid', { detail: { alg: loggable(alg), jkt: key.jkt } });
    }
    rememberKey(proof, key);
    return key.jkt;
  }

  #checkMethod({ claims: { htm } }: DpopProof, { method }: ProofTarget): void {
    if (htm !== method)
      throw new OAuthError('dpop_method_mismatch', { detail: { expected: method, htm: loggable(htm) } });
  }

  /** Against what is configured, never against Host (standards row GEN-13). */
  #checkUrl({ claims: { htu } }: DpopProof, { path }: ProofTarget): string {
    const expected = this.#rules.bases.map((base) => normalizedUrl(base + path));
    const url = normalizedUrl(htu);
    if (url !== undefined && expected.includes(url)) return url;
    throw new OAuthError('dpop_url_mismatch', { detail: { expected: expected.map(loggable), htu: loggable(htu) } });
  }

  /**
   * Answers for how many seconds more the proof could be accepted. Where a nonce is demanded it tells the age, not the
   * client's clock (RFC 9449 4.3 item 11, 11.1).
   */
  #checkTime({ claims: { iat, nonce } }: DpopProof): number {
    const { nonces, clockTolerance } = this.#rules;
    if (nonces) {
      if (nonce === undefined) throw new OAuthError('dpop_nonce_missing');
      if (!nonces.accepts(nonce)) throw new OAuthError('dpop_nonce_invalid');
      return longestNonceLife;
    }
    const now = this.#rules.now() / 1000;
    const detail = { iat, now, tolerance: clockTolerance };
    if (iat > now + clockTolerance) throw new OAuthError('dpop_not_yet_valid', { detail });
    const end = iat + maximumAge + clockTolerance;
    if (now > end) throw new OAuthError('dpop_expired', { detail });
    return end - now + 1;
  }

  /** One use of (key, URL, jti) for as long as the proof could be accepted (RFC 9449 11.1). */
  async #claimOnce({ claims: { jti } }: DpopProof, jkt: string, url: string, seconds: number): Promise<void> {
    const digest = hash('sha256', `${jkt}\n${url}\n${jti}`, 'base64url');
    const { first } = await claimSoon(this.#rules.store, `dpop/${digest}`, '1', seconds);
    if (!first) throw new OAuthError('dpop_replayed', { detail: { jti: loggable(jti), jkt } });
  }
}

/** RFC 9449 4.3 item 12: the hash of the token, base64url. */
function checkToken({ claims: { ath } }: DpopProof, { token }: ProofTarget): void {
  if (!token) return;
  if (ath === hash('sha256', token.value, 'base64url')) return;
  throw new OAuthError('dpop_token_mismatch', { detail: { claim: 'ath', found: typeof ath } });
}
