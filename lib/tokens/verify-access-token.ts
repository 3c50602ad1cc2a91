import { decodeJwt } from 'jose';
import { OAuthError } from '../errors.js';
import { type CompactJws, readCompactJws } from '../http/compact-jws.js';
import { isSignedBy } from '../http/jws-signature.js';
import { longestBody } from '../http/limits.js';
import { findActiveUser } from '../identity/active-user.js';
import { loggable } from '../loggable-value.js';
import type { Workspace } from '../workspaces/workspace.js';
import { type AccessTokenClaims, readOpaqueToken } from './access-tokens.js';
import { isRevoked } from './revocation.js';

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

/** Verified here and not by jose, as assertions are: docs/performance.md. A spec holds it to what jose answers. */
async function readJwt(token: string, workspaces: readonly Workspace[]): Promise<FoundAccessToken> {
  // An unsecured JWS (RFC 7515 A.5) is read on as one with a wrong signature: whose it claims to be is told with it.
  const isUnsigned = /^[^.]+\.[^.]+\.$/.test(token);
  const { header, claims } = takenApart(isUnsigned ? `${token}AA` : token);
  const workspace = issuingWorkspace(claims, workspaces);
  await checkSignature(token, header, workspace);
  if (!isAccessTokenType(header.typ)) throw malformed({ typ: loggable(header.typ) });
  if (!isComplete(claims)) throw malformed({ claims: Object.keys(claims) });
  const now = Math.floor(workspace.now() / 1000);
  const { exp, nbf = now } = claims;
  if (exp <= now) throw new OAuthError('token_expired', { detail: { exp } });
  if (nbf > now) throw new OAuthError('token_not_yet_valid', { detail: { nbf } });
  return { claims, workspace };
}

type UnverifiedJwt = Extract<CompactJws, { readonly ok: true }>;

function takenApart(token: string): UnverifiedJwt {
  // Whatever we sign can be read again: a request has no room for more.
  const read = readCompactJws(token, longestBody);
  if (read.ok) return read;
  throw malformed({ what: `The access token ${read.problem}.` });
}

/** By the published key that the header names, with that key's algorithm alone (RFC 8725 3.1). */
async function checkSignature(token: string, header: UnverifiedJwt['header'], { signingKeys }: Workspace) {
  const { alg, kid, crit, b64 } = header;
  // RFC 7515 4.1.11: what we sign has no extensions.
  if (crit !== undefined || b64 !== undefined) throw malformed({ crit: loggable(crit), b64: loggable(b64) });
  const key = typeof alg === 'string' && typeof kid === 'string' ? await signingKeys.find(kid, alg) : undefined;
  if (key && isSignedBy(token, key.alg, key.publicKey)) return;
  const detail = { alg: loggable(alg), kid: loggable(kid), key: key ? 'made another signature' : 'is none of ours' };
  throw new OAuthError('token_signature_invalid', { detail });
}

/** RFC 9068 4; a media type has no case (RFC 7515 4.1.9). */
function isAccessTokenType(typ: unknown): boolean {
  return typeof typ === 'string' && /^(application\/)?at\+jwt$/i.test(typ);
}

function malformed(detail: Readonly<Record<string, unknown>>): OAuthError {
  return new OAuthError('token_malformed', { detail });
}

const textClaims = ['iss', 'sub', 'aud', 'client_id', 'scope', 'jti', 'grant_id'];
const timeClaims = ['iat', 'nbf'];

/** Whether it is what this server signs: a token that lacks a claim must not pass for want of a check (RFC 9068 2.2). */
function isComplete(payload: object): payload is AccessTokenClaims & { readonly nbf?: number } {
  const claims = payload as Readonly<Record<string, unknown>>;
  const { exp, cnf } = claims;
  return (
    textClaims.every((name) => typeof claims[name] === 'string') &&
    Number.isFinite(exp) &&
    timeClaims.every((name) => claims[name] === undefined || Number.isFinite(claims[name])) &&
    (cnf === undefined || (typeof cnf === 'object' && cnf !== null))
  );
}

/** Whose token a JWT says to be, of these workspaces; undefined for anything else. Nothing is believed yet. */
export function claimedWorkspace(token: string, workspaces: readonly Workspace[]): Workspace | undefined {
  try {
    return issuingWorkspace(decodeJwt(token), workspaces);
  } catch {
    return undefined;
  }
}

/** The `iss` says whose keys to try. */
function issuingWorkspace({ iss }: { readonly iss?: unknown }, workspaces: readonly Workspace[]): Workspace {
  const workspace = workspaces.find((candidate) => candidate.issuer === iss);
  if (!workspace) throw new OAuthError('token_issuer_mismatch', { detail: { found: loggable(iss) } });
  return workspace;
}
