import type { RegisteredClient } from '../clients/client.js';
import { type CodeRecord, claimCode, readCode, revocableCode } from '../codes/authorization-codes.js';
import { OAuthError } from '../errors.js';
import { findActiveUser } from '../identity/active-user.js';
import { isRevoked, revoke } from '../tokens/revocation.js';
import type { WorkspaceServices } from '../workspaces/services.js';
import type { Grant, TokenRequest } from './grant.js';
import { isCodeVerifier, verifierMatches } from './pkce.js';

/** A code that this client may redeem, if it is the first to do so and knows the verifier. */
export interface RedeemableCode {
  readonly code: string;
  readonly record: CodeRecord;
  readonly verifier: string | undefined;
}

/**
 * `grant_type=authorization_code` (RFC 6749 4.1.3) with PKCE (RFC 7636). A wrong client or redirect_uri costs the code
 * nothing, so that nobody can spoil another's; a wrong verifier uses it up, so that nobody can guess. A code that comes
 * a second time, right in everything else, ends what the first time gave. A `scope` parameter is not read: the person
 * has decided already.
 */
export function authorizationCode(): Grant<RedeemableCode> {
  return {
    grantType: 'authorization_code',
    parameters: ['code', 'redirect_uri', 'code_verifier'],

    async validate({ client, parameters }, workspace) {
      const code = requiredCode(parameters.get('code'));
      const verifier = wellFormedVerifier(parameters.get('code_verifier'));
      const record = await liveCode(code, workspace);
      if (record.clientId !== client.id) {
        throw new OAuthError('code_client_mismatch', {
          detail: { issued_to: record.clientId, presented_by: client.id },
        });
      }
      checkRedirectUri(parameters.get('redirect_uri'), record);
      if (verifier !== undefined && record.codeChallenge === undefined)
        throw new OAuthError('verifier_without_challenge');
      return { code, record, verifier };
    },

    async issue({ client, certificate }: TokenRequest, { code, record, verifier }, workspace) {
      // Before the code is claimed: a replay at the same moment revokes the grant, and there is still one winner.
      const withdrawn = await isRevoked(workspace, revocableCode(record));
      if (!(await claimCode(workspace, code))) {
        if (!withdrawn && isRightVerifier(verifier, record.codeChallenge))
          await revokeReplayed(record, client, workspace);
        throw new OAuthError('code_used', { detail: { grant: record.grantId } });
      }
      checkVerifier(verifier, record.codeChallenge);
      const user = await findActiveUser(workspace.users, record.user);
      if (!user) throw new OAuthError('user_inactive', { detail: { subject: record.user.id } });
      const { scopes, askedScopes, grantId, nonce, authTime } = record;
      if (withdrawn) {
        throw new OAuthError('consent_withdrawn', { detail: { grant: grantId, subject: user.id } });
      }
      const person = { ...user, authTime };
      return workspace.tokens.mint({ client, user: person, scopes, askedScopes, grantId, certificate, nonce });
    },
  };
}

function requiredCode(code: string | undefined): string {
  if (code !== undefined) return code;
  throw new OAuthError('parameter_missing', {
    description: 'The parameter code is missing.',
    detail: { parameter: 'code' },
  });
}

function wellFormedVerifier(verifier: string | undefined): string | undefined {
  if (verifier === undefined || isCodeVerifier(verifier)) return verifier;
  throw new OAuthError('verifier_malformed', { detail: { length: verifier.length } });
}

async function liveCode(code: string, workspace: WorkspaceServices): Promise<CodeRecord> {
  const record = await readCode(workspace, code);
  if (!record) throw new OAuthError('code_unknown');
  if (record.expiresAt <= workspace.now()) {
    throw new OAuthError('code_expired', { detail: { expired_at: new Date(record.expiresAt).toISOString() } });
  }
  return record;
}

/** RFC 6749 4.1.3: what stood in the authorization request must be repeated as it was. */
function checkRedirectUri(presented: string | undefined, record: CodeRecord): void {
  if (presented === undefined ? !record.redirectUriWasSent : presented === record.redirectUri) return;
  throw new OAuthError('redirect_uri_mismatch', { detail: { expected: record.redirectUri, presented } });
}

/** Whether whoever sends this knows what only the code's own client knows. */
function isRightVerifier(verifier: string | undefined, challenge: string | undefined): boolean {
  return challenge === undefined || (verifier !== undefined && verifierMatches(verifier, challenge));
}

/** The code was stolen, or its client repeats itself: nobody can tell, so all that came from it ends (RFC 6749 4.1.2). */
async function revokeReplayed(
  { grantId, user }: CodeRecord,
  { id, metadata }: RegisteredClient,
  workspace: WorkspaceServices,
): Promise<void> {
  const ttls = { ...workspace.policy.token_ttls, ...metadata.token_ttls };
  await revoke(workspace, grantId, Math.max(ttls.access_token, ttls.refresh_token));
  workspace.warn('code_replayed', { client_id: id, grant: grantId, subject: user.id });
}

/** RFC 7636 4.6. `validate` has refused a verifier that has no challenge already. */
function checkVerifier(verifier: string | undefined, challenge: string | undefined): void {
  if (challenge === undefined) return;
  if (verifier === undefined) throw new OAuthError('verifier_missing');
  if (!verifierMatches(verifier, challenge)) throw new OAuthError('verifier_mismatch');
}
