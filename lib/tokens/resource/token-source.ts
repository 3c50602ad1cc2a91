import type { ServerResources } from '../../server-resources.js';
import type { Workspace } from '../../workspaces/workspace.js';
import type { VerifiedClaims } from './verified-access.js';

/** What guarding uses of whoever issued a token. A workspace of this process is one as it stands. */
export type TokenHome = Pick<Workspace, 'issuer' | 'warn' | 'emit' | 'explain'> &
  Pick<ServerResources, 'proxies' | 'store' | 'secretKeys' | 'now'>;

/** A token that is good at this moment for this audience. Its binding and its scopes have not been looked at. */
export interface AcceptedToken {
  readonly claims: VerifiedClaims;
  readonly home: TokenHome;
}

/** Where a guarded API learns what an access token is worth. */
export interface TokenSource {
  /** Named in challenges and events of a request without a token. */
  readonly home: TokenHome;
  /** Named there for a token that is refused: who says to have issued it, if it is one of ours. Nothing is believed. */
  homeOf(token: string): TokenHome;
  /**
   * Rejects with OAuthError: with `invalid_token` reasons for the token's own faults, with a 503 when whoever could
   * tell cannot be asked.
   */
  accept(token: string): Promise<AcceptedToken>;
}
