import type { ClientCertificate } from '../certificates/client-certificate.js';
import type { RegisteredClient } from '../clients/client.js';
import type { User } from '../identity/users.js';

/** A successful token reply (RFC 6749 5.1). */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer';
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
  /** What was asked for at the start, where that was more: a refresh may ask for it again (RFC 6749 6). */
  readonly askedScopes?: readonly string[];
  /** At a refresh: the refresh token to answer with, and when the authorization ends, in milliseconds since 1970. */
  readonly refresh?: { readonly token: string; readonly endsAt: number };
  /** Names the authorization that this token came from, for revocation. */
  readonly grantId: string;
  readonly certificate: ClientCertificate | undefined;
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
  /** Rejects with `internal_error` when the person's id cannot be a `sub`, or a required `auth_time` is not known. */
  mint(order: TokenOrder): Promise<IssuedTokens>;
}
