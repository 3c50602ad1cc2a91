import type { ClientCertificate } from '../certificates/client-certificate.js';
import type { RegisteredClient } from '../clients/client.js';
import type { User } from '../identity/users.js';
import type { ClaimsOrder, TokenClaimsAnswer } from './token-claims.js';

/** A successful token reply (RFC 6749 5.1). */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer' | 'DPoP';
  /** Seconds. */
  readonly expires_in: number;
  /** Always told, also when it equals what was asked (standards row TOK-02). */
  readonly scope: string;
  readonly id_token?: string;
  readonly refresh_token?: string;
}

/** What tokens to mint. */
export interface TokenOrder {
  readonly client: RegisteredClient;
  /** Absent: the client acts for itself and is the subject (RFC 9068 2.2). */
  readonly user?: User & { readonly authTime?: number };
  /**
   * Granted scope values. Together with a user, `openid` gives an ID token and `offline_access` a refresh token, if the
   * client may use one.
   */
  readonly scopes: readonly string[];
  /** All that was granted, where this access token is for less: a refresh may ask for the rest. */
  readonly grantedScopes?: readonly string[];
  /** The `aud` of the access token. Absent: the workspace's `audience` (RFC 9068 3). */
  readonly resource?: string | undefined;
  /** All that the grant is for, where that is more than `resource`. */
  readonly resources?: readonly string[];
  /** What was asked for at the start, where that was more: a refresh may ask for it again (RFC 6749 6). */
  readonly askedScopes?: readonly string[];
  /** At a refresh: the refresh token to answer with, and when the authorization ends, in milliseconds since 1970. */
  readonly refresh?: { readonly token: string; readonly endsAt: number };
  /** Seconds that the access token lives at most, where that is less than what client and workspace allow. */
  readonly expiresIn?: number;
  /** Names the authorization that this token came from, for revocation. */
  readonly grantId: string;
  /**
   * When what the order rests on was looked at first, in milliseconds since 1970: whoever revokes all tokens of the
   * person or the client after that reaches these too. Absent: now.
   */
  readonly asOf?: number;
  /** When it began, in milliseconds since 1970: a revocation after that ends its refresh tokens. Absent: as the tokens. */
  readonly startedAt?: number;
  /** The scopes are what a person ticked; what they untick later is not refreshed any more. */
  readonly consented?: boolean;
  readonly certificate: ClientCertificate | undefined;
  /** The key of the request's DPoP proof: base64url thumbprint. With it, the tokens are bound to that key (RFC 9449 5). */
  readonly jkt: string | undefined;
  /** For the host's `tokenClaims`. */
  readonly grantType?: string;
  /** What `addedClaims` answered before something single-use was used up. Absent: the host is asked now. */
  readonly addedClaims?: TokenClaimsAnswer | undefined;
  /** OpenID Connect Core 2, byte for byte as the authorization request had it. */
  readonly nonce?: string;
}

/** What a grant hands to the token endpoint. */
export interface IssuedTokens {
  readonly response: TokenResponse;
  /** The person the tokens speak for; undefined where the client acts for itself. For the event. */
  readonly subject: string | undefined;
}

export interface TokenIssuer {
  /** Whether the host has a `tokenClaims`. */
  readonly asksForClaims: boolean;
  /**
   * What the host's `tokenClaims` adds to these tokens. A grant asks before it uses up what is single-use, so that a
   * failing hook costs nobody a code. Rejects with `token_claims_failed` or `token_claims_timeout`.
   */
  addedClaims(order: ClaimsOrder): Promise<TokenClaimsAnswer>;
  /** Rejects with `internal_error` when the person's id cannot be a `sub`, or a required `auth_time` is not known. */
  mint(order: TokenOrder): Promise<IssuedTokens>;
}
