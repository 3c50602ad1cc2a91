import { decodeJwt, errors, jwtVerify } from 'jose';
import { OAuthError } from '../errors.js';
import { findActiveUser } from '../identity/active-user.js';
import type { Workspace } from '../workspaces/workspace.js';
import { type AccessTokenClaims, readOpaqueToken } from './access-tokens.js';
import { isRevoked } from './revocation.js';
import { tokenRefusal } from './token-refusal.js';

/**
 * The claims of a live access token of one of these workspaces (RFC 9068 4). Rejects with OAuthError: which check
 * failed is told to the operator alone.
 */
export async function verifyAccessToken(
  token: string,
  workspaces: readonly Workspace[],
  audience: string | undefined,
): Promise<FoundAccessToken> {
  const found = await readAccessToken(token, workspaces);
  const { claims, workspace } = found;
  const expected = audience ?? workspace.policy.audience ?? workspace.issuer;
  if (claims.aud !== expected) {
    throw new OAuthError('token_audience_mismatch', { detail: { expected, found: claims.aud } });
  }
  await requireLive(found);
  await requireClient(found);
  await requirePerson(found);
  return found;
}

/** An access token and the workspace that issued it. */
export interface FoundAccessToken {
  readonly claims: AccessTokenClaims;
  readonly workspace: Workspace;
}

/** What one of these workspaces once put into an access token, whomever it is for. Rejects with `invalid_token` reasons. */
export function readAccessToken(token: string, workspaces: readonly Workspace[]): Promise<FoundAccessToken> {
  return token.includes('.') ? readJwt(token, workspaces) : readOpaque(token, workspaces);
}

/** Rejects with `token_expired` or `token_revoked`. */
export async function requireLive({ claims, workspace }: FoundAccessToken): Promise<void> {
  if (claims.exp * 1000 <= workspace.now()) throw new OAuthError('token_expired', { detail: { exp: claims.exp } });
  if (await isRevoked(workspace, claims)) throw new OAuthError('token_revoked', { detail: { grant: claims.grant_id } });
}

/** Rejects with `token_client_inactive`: a client that is kept out, or gone, gets no further by what it has. */
async function requireClient({ claims: { client_id }, workspace }: FoundAccessToken): Promise<void> {
  if ((await workspace.clients.find(client_id))?.active) return;
  throw new OAuthError('token_client_inactive', { detail: { client_id } });
}

/** Rejects with `token_person_inactive`: who may not be let in does not get in by a token of before. */
async function requirePerson({ claims: { sub, sub_type }, workspace }: FoundAccessToken): Promise<void> {
  if (sub_type !== 'user' || (await findActiveUser(workspace.users, { id: sub }))) return;
  throw new OAuthError('token_person_inactive', { detail: { subject: sub } });
}

async function readOpaque(token: string, workspaces: readonly Workspace[]) {
  for (const workspace of workspaces) {
    const claims = await readOpaqueToken(token, workspace);
    if (claims) return { claims, workspace };
  }
  throw new OAuthError('token_unknown');
}

async function readJwt(token: string, workspaces: readonly Workspace[]) {
  const workspace = issuingWorkspace(token, workspaces);
  try {
    const { payload } = await jwtVerify(
      token,
      async ({ kid, alg }) => {
        const key = await workspace.signingKeys.find(kid, alg);
        if (!key) throw new errors.JWKSNoMatchingKey();
        return key.publicKey;
      },
      { typ: 'at+jwt', issuer: workspace.issuer, currentDate: new Date(workspace.now()) },
    );
    if (!isComplete(payload)) throw new OAuthError('token_malformed', { detail: { claims: Object.keys(payload) } });
    return { claims: payload, workspace };
  } catch (thrown) {
    throw tokenRefusal(thrown);
  }
}

const textClaims = ['iss', 'sub', 'aud', 'client_id', 'scope', 'jti', 'grant_id'];

/** Whether it is what this server signs: a token that lacks a claim must not pass for want of a check (RFC 9068 2.2). */
function isComplete(payload: object): payload is AccessTokenClaims {
  const claims = payload as Readonly<Record<string, unknown>>;
  const { exp, cnf } = claims;
  return (
    textClaims.every((name) => typeof claims[name] === 'string') &&
    Number.isFinite(exp) &&
    (cnf === undefined || (typeof cnf === 'object' && cnf !== null))
  );
}

/** Whose token a JWT says to be, of these workspaces; undefined for anything else. Nothing is believed yet. */
export function claimedWorkspace(token: string, workspaces: readonly Workspace[]): Workspace | undefined {
  try {
    return issuingWorkspace(token, workspaces);
  } catch {
    return undefined;
  }
}

/** The `iss` says whose keys to try. */
function issuingWorkspace(token: string, workspaces: readonly Workspace[]): Workspace {
  let issuer: unknown;
  try {
    issuer = decodeJwt(token).iss;
  } catch {
    throw new OAuthError('token_malformed', { detail: { what: 'is not a JWT' } });
  }
  const workspace = workspaces.find((candidate) => candidate.issuer === issuer);
  if (!workspace) throw new OAuthError('token_issuer_mismatch', { detail: { found: issuer } });
  return workspace;
}
