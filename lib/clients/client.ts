import type { KeyObject } from 'node:crypto';
import type { CertificateNameMatcher } from '../certificates/name-matcher.js';
import type { ClientMetadata } from './metadata.js';

/** What a presented secret turned out to be. `none`: the client has no secret at all. */
export type SecretVerdict = 'match' | 'mismatch' | 'expired' | 'none';

/** A client's live secrets. The plain values are not kept, except as MAC keys for client_secret_jwt. */
export interface ClientSecrets {
  /** Compares in constant time, and costs the same whatever the answer is. `now` is in milliseconds. */
  check(presented: string, now: number): SecretVerdict;
  /** HMAC keys of unexpired secrets: the UTF-8 octets of client_secret (OpenID Connect Core 10.1). */
  macKeys(now: number): readonly KeyObject[];
}

/** A client's public keys, from `jwks` or `jwks_uri`. */
export interface ClientKeys {
  /**
   * The keys that may have made a signature with this JOSE header, best first, at most eight (RFC 7517 4: kid, kty,
   * crv, use, key_ops, alg). With jwks_uri, no match causes one refetch, coalesced and rate limited.
   * Rejects with OAuthError `key_set_unavailable` when the key set cannot be had.
   */
  candidates(header: {
    readonly alg: string;
    readonly kid?: string;
  }): Promise<readonly KeyObject[]> | readonly KeyObject[];
  /** Whether a certificate with this digest (base64url SHA-256 of its DER) is the first `x5c` entry of some key. */
  hasCertificate(digest: string): Promise<boolean> | boolean;
}

/** A client as the authenticator and the grants see it: metadata made ready once, not per request. */
export interface RegisteredClient {
  readonly id: string;
  /** RFC 7591 names verbatim, defaults filled in, frozen, without any secret: what `req.user` becomes. */
  readonly metadata: ClientMetadata;
  /** `token_endpoint_auth_method`. */
  readonly method: string;
  readonly active: boolean;
  readonly grantTypes: ReadonlySet<string>;
  /** The members of `scope`; patterns such as `accounts.*` stay as written. */
  readonly scopes: readonly string[];
  readonly secrets: ClientSecrets;
  readonly keys: ClientKeys;
  /** The one registered tls_client_auth_* matcher. */
  readonly certificateName?: CertificateNameMatcher;
}

/** Where clients come from. `find` answers undefined for a client that does not exist. */
export interface ClientRegistry {
  find(clientId: string): Promise<RegisteredClient | undefined> | RegisteredClient | undefined;
}
