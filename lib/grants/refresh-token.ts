import type { RegisteredClient } from '../clients/client.js';
import { OAuthError } from '../errors.js';
import { findActiveUser } from '../identity/active-user.js';
import { consentIdOf, consentTo, covers } from '../identity/consents.js';
import { joined } from '../joined.js';
import {
  prolongRefreshToken,
  type RefreshRecord,
  readRefreshToken,
  refreshTokenWasUsed,
  revocableRefresh,
  rotateRefreshToken,
} from '../tokens/refresh-tokens.js';
import { isRevoked, revoke } from '../tokens/revocation.js';
import type { WorkspacePolicy } from '../workspaces/policy.js';
import type { WorkspaceServices } from '../workspaces/services.js';
import type { Grant, TokenRequest } from './grant.js';
import { resourceOfGrant, resourcesMeant, scopesAt } from './resource.js';
import { narrowGrant } from './scope.js';

/** A refresh token that this client may use, unless it was used before. */
interface RefreshableToken {
  readonly token: string;
  readonly record: RefreshRecord;
  /** Of this one access token. Undefined: the person does not allow refreshing any more. */
  readonly scopes: readonly string[] | undefined;
  readonly resource: string;
}

/**
 * `grant_type=refresh_token` (RFC 6749 6). Every use gives a new refresh token in place of the old (RFC 9700 2.2.2),
 * but for confidential clients with `refresh_token_rotation: false`. Whatever costs nothing to retry is checked before
 * the token is used, and whatever a stranger cannot pass before reuse is looked for: a stolen string alone kills no
 * family of a client that authenticates, or whose token is bound to a certificate or key.
 */
export function refreshToken(): Grant<RefreshableToken> {
  return {
    grantType: 'refresh_token',
    parameters: ['refresh_token'],

    async validate({ client, certificate, jkt, parameters, resource: asked }, workspace) {
      const token = requiredToken(parameters.get('refresh_token'));
      const record = await readRefreshToken(workspace, token);
      if (!record) throw new OAuthError('refresh_token_unknown');
      if (record.clientId !== client.id) {
        throw new OAuthError('refresh_token_client_mismatch', {
          detail: { issued_to: record.clientId, presented_by: client.id },
        });
      }
      checkBinding(record, certificate, jkt);
      await checkAlive(token, record, workspace);
      const resource = resourceOfGrant(asked, record.resources, workspace);
      const standing = await standingScopes(record, resource, workspace);
      if (!standing.includes('offline_access')) return { token, record, scopes: undefined, resource };
      const scopes = narrowGrant(parameters.get('scope'), record, client, workspace, standing);
      const byName = parameters.has('scope');
      return { token, record, scopes: scopesAt([resource], scopes, { byName }, workspace), resource };
    },

    async issue(request: TokenRequest, { token, record, scopes, resource }, workspace) {
      const { client, certificate, jkt, receivedAt: asOf } = request;
      const { grantId, authTime, endsAt } = record;
      if (!scopes) return endUnticked(record, client, workspace);
      const user = await findActiveUser(workspace.users, record.user);
      if (!user) throw new OAuthError('user_inactive', { detail: { subject: record.user.id } });
      const person = joined(user, { authTime });
      const use = rotates(client, workspace.policy) ? rotateRefreshToken : prolongRefreshToken;
      // RFC 9449 5: what a public client gets in return is bound to the key it proves.
      const isBoundNow = record.jkt === undefined && client.method === 'none' && jkt !== undefined;
      const bound = isBoundNow ? { ...record, jkt } : record;
      const order = { client, user: person, scopes, grantType: 'refresh_token' };
      // Before the token is used: a hook that fails uses nothing up. It hides no reuse either.
      const asking = workspace.tokens.asksForClaims ? workspace.tokens.addedClaims(order) : undefined;
      const addedClaims = await asking?.catch(async (thrown: unknown) => {
        if (await refreshTokenWasUsed(workspace, token)) await use(workspace, token, bound);
        throw thrown;
      });
      const refresh = { token: await use(workspace, token, bound), endsAt };
      return workspace.tokens.mint(joined(order, { resource, grantId, certificate, jkt, asOf, refresh, addedClaims }));
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

/** RFC 8705 4, RFC 9449 5. Confidential clients are not bound: they may come with a renewed certificate or a new key. */
function checkBinding(
  { certificate: expected, jkt: expectedKey }: RefreshRecord,
  certificate: TokenRequest['certificate'],
  jkt: string | undefined,
): void {
  if (expected !== undefined && expected !== certificate?.digest) {
    throw new OAuthError('refresh_token_binding_mismatch', { detail: { expected, presented: certificate?.digest } });
  }
  if (expectedKey !== undefined && expectedKey !== jkt) {
    throw new OAuthError('refresh_token_binding_mismatch', { detail: { expected: expectedKey, presented: jkt } });
  }
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

/**
 * What the person still allows, at this resource, of what was granted: they may have unticked some at a later
 * authorization. `offline_access` must still stand at each resource of the grant.
 */
async function standingScopes(
  record: RefreshRecord,
  resource: string,
  workspace: WorkspaceServices,
): Promise<readonly string[]> {
  const { consented, user, clientId, grantId, scopes, resources } = record;
  if (!consented) return scopes;
  const consent = await consentTo(workspace, user.id, clientId);
  if (consent && consent.id === consentIdOf(grantId)) {
    const all = resourcesMeant(resources, workspace);
    const stands = (scope: string) =>
      covers(consent, { scopes: [scope], resources: scope === 'offline_access' ? all : [resource] });
    return scopes.filter(stands);
  }
  throw new OAuthError('grant_revoked', { detail: { grant: grantId, subject: user.id } });
}

/** Without `offline_access` nothing outlives the person's visit (OpenID Connect Core 11): the grant is over. */
async function endUnticked(
  { grantId, user, endsAt }: RefreshRecord,
  { metadata }: RegisteredClient,
  workspace: WorkspaceServices,
): Promise<never> {
  const ttl = metadata.token_ttls?.access_token ?? workspace.policy.token_ttls.access_token;
  await revoke(workspace, grantId, Math.ceil((endsAt - workspace.now()) / 1000) + ttl);
  throw new OAuthError('offline_access_withdrawn', { detail: { grant: grantId, subject: user.id } });
}

function expired(at: number): OAuthError {
  return new OAuthError('refresh_token_expired', { detail: { expired_at: new Date(at).toISOString() } });
}
