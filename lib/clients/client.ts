import type { KeyObject } from 'node:crypto';
import type { Intermediates } from '../certificates/intermediates.js';
import type { CertificateNameMatcher } from '../certificates/name-matcher.js';
import type { TrustAnchors } from '../certificates/path-validation.js';
import type { ClientMetadata } from './metadata.js';

/** What a presented secret turned out to be. `none`: the client has no secret at all. */
export type SecretVerdict = 'match' | 'mismatch' | 'expired' | 'none';

/** A secret as events name it, never by its value. */
export interface NamedSecret {
  /** As registered; otherwise made from its hash, the same in all processes that share `secret_keys`. */
  readonly id: string;
  /** Milliseconds since 1970, or Infinity. */
  readonly expiresAt: number;
}

/** What a presented secret turned out to be, and which of several it is. */
export interface SecretMatch {
  readonly verdict: SecretVerdict;
  /** Present with `match`. */
  readonly secret?: NamedSecret;
}

/** A client's live secrets. The plain values are not kept, except as MAC keys for client_secret_jwt. */
export interface ClientSecrets {
  /** Compares in constant time, and costs the same whatever the answer is. `now` is in milliseconds. */
  check(presented: string, now: number): SecretVerdict;
  /** The same, and which secret it was. */
  match(presented: string, now: number): SecretMatch;
  /** HMAC keys of unexpired secrets: the UTF-8 octets of client_secret (OpenID Connect Core 10.1). */
  macKeys(now: number): readonly KeyObject[];
  /** The secret that one of the `macKeys` was made of. */
  secretOf(macKey: KeyObject): NamedSecret | undefined;
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
  /** It registered itself (RFC 7591): no operator has looked at its redirect URIs. */
  readonly selfRegistered: boolean;
  readonly grantTypes: ReadonlySet<string>;
  /** The members of `scope` and those of its app roles; patterns such as `accounts.*` stay as written. */
  readonly scopes: readonly string[];
  readonly secrets: ClientSecrets;
  readonly keys: ClientKeys;
  /** The one certificate a tls_client_auth client registered, as base64url SHA-256 of its DER. */
  readonly certificateDigest?: string;
  /** The one registered tls_client_auth_* matcher. */
  readonly certificateName?: CertificateNameMatcher;
  /** From `trusted_cas`: they take the place of the issuer's own anchors for this client's certificates. */
  readonly trustAnchors?: TrustAnchors;
  /** From `intermediate_cas`: beside those of the issuer. */
  readonly intermediates?: Intermediates;
}

/** Where clients come from. `find` answers undefined for a client that does not exist. */
export interface ClientRegistry {
  find(clientId: string): Promise<RegisteredClient | undefined> | RegisteredClient | undefined;
  /**
   * A newer state of a client than this one, if somebody has changed it meanwhile: so that a new secret or key works at
   * once, also where the client is remembered for a moment.
   */
  newer?(client: RegisteredClient): Promise<RegisteredClient | undefined>;
  /** Every client, where the registry can say. */
  all?(): readonly RegisteredClient[];
  /** Told of each secret that matched. Returns at once. `now` is in milliseconds since 1970. */
  noteUse?(clientId: string, secretId: string, now: number): void;
}
