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
}

/** What tokens to mint. */
export interface TokenOrder {
  readonly client: RegisteredClient;
  /** Absent: the client acts for itself and is the subject (RFC 9068 2.2). */
  readonly user?: User & { readonly authTime?: number };
  /** Granted scope values. `openid` together with a user gives an ID token. */
  readonly scopes: readonly string[];
  /** Names the authorization that this token came from, for revocation. */
  readonly grantId: string;
  readonly certificate: ClientCertificate | undefined;
  /** OpenID Connect Core 2, byte for byte as the authorization request had it. */
  readonly nonce?: string;
}

export interface TokenIssuer {
  mint(order: TokenOrder): Promise<TokenResponse>;
}
