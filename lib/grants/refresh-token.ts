import type { RegisteredClient } from '../clients/client.js';
import { OAuthError } from '../errors.js';
import { findActiveUser } from '../identity/active-user.js';
import {
  prolongRefreshToken,
  type RefreshRecord,
  readRefreshToken,
  refreshTokenWasUsed,
  revocableRefresh,
  rotateRefreshToken,
} from '../tokens/refresh-tokens.js';
import { isRevoked } from '../tokens/revocation.js';
import type { WorkspacePolicy } from '../workspaces/policy.js';
import type { WorkspaceServices } from '../workspaces/services.js';
import type { Grant, TokenRequest } from './grant.js';
import { narrowGrant } from './scope.js';

/** A refresh token that this client may use, unless it was used before. */
interface RefreshableToken {
  readonly token: string;
  readonly record: RefreshRecord;
  /** Of this one access token. */
  readonly scopes: readonly string[];
}

/**
 * `grant_type=refresh_token` (RFC 6749 6). Every use gives a new refresh token in place of the old (RFC 9700 2.2.2),
 * but for confidential clients with `refresh_token_rotation: false`. Whatever costs nothing to retry is checked before
 * the token is used, and whatever a stranger cannot pass before reuse is looked for: a stolen string alone kills no
 * family of a client that authenticates or is bound to a certificate.
 */
export function refreshToken(): Grant<RefreshableToken> {
  return {
    grantType: 'refresh_token',
    parameters: ['refresh_token'],

    async validate({ client, certificate, parameters }, workspace) {
      const token = requiredToken(parameters.get('refresh_token'));
      const record = await readRefreshToken(workspace, token);
      if (!record) throw new OAuthError('refresh_token_unknown');
      if (record.clientId !== client.id) {
        throw new OAuthError('refresh_token_client_mismatch', {
          detail: { issued_to: record.clientId, presented_by: client.id },
        });
      }
      checkBinding(record, certificate);
      await checkAlive(token, record, workspace);
      return { token, record, scopes: narrowGrant(parameters.get('scope'), record, client, workspace) };
    },

    async issue({ client, certificate }: TokenRequest, { token, record, scopes }, workspace) {
      const { grantId, authTime, endsAt } = record;
      const user = await findActiveUser(workspace.users, record.user);
      if (!user) throw new OAuthError('user_inactive', { detail: { subject: record.user.id } });
      const use = rotates(client, workspace.policy) ? rotateRefreshToken : prolongRefreshToken;
      const refresh = { token: await use(workspace, token, record), endsAt };
      return workspace.tokens.mint({ client, user: { ...user, authTime }, scopes, grantId, certificate, refresh });
    },
  };
}

/** A public client always rotates (RFC 9700 2.2.2); under FAPI a confidential one does not unless told to (FAPI 2.0 5.3.2.1). */
function rotates({ method, metadata }: RegisteredClient, { profile }: WorkspacePolicy): boolean {
  return method === 'none' || (metadata.refresh_token_rotation ?? profile !== 'fapi2');
}

function requiredToken(token: string | undefined): string {
  if (token !== undefined) return token;
  throw new OAuthError('parameter_missing', {
    description: 'The parameter refresh_token is missing.',
    detail: { parameter: 'refresh_token' },
  });
}

/** RFC 8705 4. Confidential clients are not bound: they may come with a renewed certificate (6.3, 7.1). */
function checkBinding({ certificate: expected }: RefreshRecord, certificate: TokenRequest['certificate']): void {
  if (expected === undefined || expected === certificate?.digest) return;
  throw new OAuthError('refresh_token_binding_mismatch', { detail: { expected, presented: certificate?.digest } });
}

async function checkAlive(token: string, record: RefreshRecord, workspace: WorkspaceServices): Promise<void> {
  const { grantId, expiresAt, endsAt } = record;
  const now = workspace.now();
  // An access token lives for whole seconds, and not beyond the authorization.
  if (endsAt - now < 1000) throw expired(endsAt);
  if (await isRevoked(workspace, revocableRefresh(record))) {
    throw new OAuthError('grant_revoked', { detail: { grant: grantId, subject: record.user.id } });
  }
  // One that was used is not merely old: its family lives on in other hands.
  if (expiresAt <= now && !(await refreshTokenWasUsed(workspace, token))) throw expired(expiresAt);
}

function expired(at: number): OAuthError {
  return new OAuthError('refresh_token_expired', { detail: { expired_at: new Date(at).toISOString() } });
}
