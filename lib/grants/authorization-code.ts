import type { RegisteredClient } from '../clients/client.js';
import { type CodeRecord, claimCode, codeWasUsed, readCode, revocableCode } from '../codes/authorization-codes.js';
import { OAuthError } from '../errors.js';
import { findActiveUser } from '../identity/active-user.js';
import { consentIdOf } from '../identity/consents.js';
import { joined } from '../joined.js';
import { isRevoked, revoke } from '../tokens/revocation.js';
import type { WorkspacePolicy } from '../workspaces/policy.js';
import type { WorkspaceServices } from '../workspaces/services.js';
import type { Grant, TokenRequest } from './grant.js';
import { isCodeVerifier, verifierMatches } from './pkce.js';
import { resourceOfGrant, scopesAt } from './resource.js';

/** A code that this client may redeem, if it is the first to do so and knows the verifier. */
export interface RedeemableCode {
  readonly code: string;
  readonly record: CodeRecord;
  readonly verifier: string | undefined;
  /** Of this one access token. */
  readonly resource: string;
}

/**
 * `grant_type=authorization_code` (RFC 6749 4.1.3) with PKCE (RFC 7636). A wrong client, redirect_uri or DPoP key costs
 * the code nothing, so that nobody can spoil another's; a wrong verifier uses it up, so that nobody can guess. A code that comes
 * a second time, right in everything else, ends what the first time gave. A `scope` parameter is not read: the person
 * has decided already.
 */
export function authorizationCode(): Grant<RedeemableCode> {
  return {
    grantType: 'authorization_code',
    parameters: ['code', 'redirect_uri', 'code_verifier'],

    async validate({ client, jkt, parameters, resource: asked }, workspace) {
      const code = requiredCode(parameters.get('code'));
      const verifier = wellFormedVerifier(parameters.get('code_verifier'));
      const record = await liveCode(code, workspace);
      if (record.clientId !== client.id) {
        throw new OAuthError('code_client_mismatch', {
          detail: { issued_to: record.clientId, presented_by: client.id },
        });
      }
      checkRedirectUri(parameters.get('redirect_uri'), record, workspace.policy);
      // RFC 9449 10. Like a wrong client, a wrong key costs the code nothing.
      if (record.dpopJkt !== undefined && record.dpopJkt !== jkt) {
        throw new OAuthError('code_key_mismatch', { detail: { expected: record.dpopJkt, presented: jkt } });
      }
      if (verifier !== undefined && record.codeChallenge === undefined)
        throw new OAuthError('verifier_without_challenge');
      // OAuth 2.1, 4.1.3. The workspace may have taken the profile on since the code was made.
      if (record.codeChallenge === undefined && workspace.policy.profile !== 'default')
        throw new OAuthError('code_without_challenge');
      return { code, record, verifier, resource: resourceOfGrant(asked, record.resources, workspace) };
    },

    async issue(request: TokenRequest, { code, record, verifier, resource }, workspace) {
      const { client, certificate, jkt, receivedAt: asOf } = request;
      // Before the code is claimed: a replay at the same moment revokes the grant, and there is still one winner.
      const withdrawn = await isRevoked(workspace, revocableCode(record));
      const scopes = scopesAt([resource], record.scopes, { byName: false }, workspace);
      const asked = await askBeforeUse({ client, verifier, code, record, scopes }, workspace);
      if (!(await claimCode(workspace, code))) {
        if (!withdrawn && isRightVerifier(verifier, record.codeChallenge))
          await revokeReplayed(record, client, workspace);
        throw new OAuthError('code_used', { detail: { grant: record.grantId } });
      }
      checkVerifier(verifier, record.codeChallenge);
      const person = asked?.person ?? (await personOf(record, workspace));
      if (!person) throw new OAuthError('user_inactive', { detail: { subject: record.user.id } });
      const { scopes: grantedScopes, askedScopes, resources, grantId, nonce, issuedAt: startedAt } = record;
      if (withdrawn) {
        throw new OAuthError('consent_withdrawn', { detail: { grant: grantId, subject: person.id } });
      }
      const consented = consentIdOf(grantId) !== undefined;
      const grant = { grantType: 'authorization_code', grantId, grantedScopes, askedScopes, resources, startedAt };
      const { addedClaims } = asked ?? {};
      const order = { client, user: person, scopes, resource, consented, nonce, certificate, jkt, asOf, addedClaims };
      return workspace.tokens.mint(joined(order, grant));
    },
  };
}

async function personOf({ user: known, authTime }: CodeRecord, { users }: WorkspaceServices) {
  const user = await findActiveUser(users, known);
  return user && joined(user, { authTime });
}

/** Seconds, above twice the greatest `clock_tolerance`: what it gave may be dated ahead, or be on its way still. */
const margin = 180;

interface Redemption {
  readonly client: RegisteredClient;
  readonly verifier: string | undefined;
  readonly code: string;
  readonly record: CodeRecord;
  /** Of this one access token. */
  readonly scopes: readonly string[];
}

/**
 * The host's claims, asked for while the code still lives: a hook that fails costs nobody a code. Whoever will not get
 * tokens makes nobody ask; and a replay is met as one, whatever the hook does.
 */
async function askBeforeUse({ client, verifier, code, record, scopes }: Redemption, workspace: WorkspaceServices) {
  if (!workspace.tokens.asksForClaims || !isRightVerifier(verifier, record.codeChallenge)) return undefined;
  const person = await personOf(record, workspace);
  if (!person) return undefined;
  try {
    const order = { client, user: person, scopes, grantType: 'authorization_code' };
    return { person, addedClaims: await workspace.tokens.addedClaims(order) };
  } catch (thrown) {
    if (await codeWasUsed(workspace, code)) return undefined;
    throw thrown;
  }
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

/** RFC 6749 4.1.3: what stood in the authorization request must be repeated as it was. OAuth 2.1, 10.2: or left out. */
function checkRedirectUri(presented: string | undefined, record: CodeRecord, { profile }: WorkspacePolicy): void {
  const mayBeAbsent = !record.redirectUriWasSent || profile === 'oauth21';
  if (presented === undefined ? mayBeAbsent : presented === record.redirectUri) return;
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
  await revoke(workspace, grantId, Math.max(ttls.access_token, ttls.refresh_token) + margin);
  workspace.warn('code_replayed', { client_id: id, grant: grantId, subject: user.id });
}

/** RFC 7636 4.6. `validate` has refused a verifier that has no challenge already. */
function checkVerifier(verifier: string | undefined, challenge: string | undefined): void {
  if (challenge === undefined) return;
  if (verifier === undefined) throw new OAuthError('verifier_missing');
  if (!verifierMatches(verifier, challenge)) throw new OAuthError('verifier_mismatch');
}
