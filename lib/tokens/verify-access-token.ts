import { decodeJwt, errors, jwtVerify } from 'jose';
import { type FailureReason, OAuthError } from '../errors.js';
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

async function readOpaque(token: string, workspaces: readonly Workspace[]) {
  for (const workspace of workspaces) {
    const claims = await readOpaqueToken(token, workspace);
    if (claims) return { claims, workspace };
  }
  throw new OAuthError('token_unknown');
}

async function readJwt(token: string, workspaces: readonly Workspace[]) {
  const workspace = issuingWorkspace(token, workspaces);
  const keys = await workspace.signingKeys.all();
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid, alg }) => {
        const key = keys.find((candidate) => candidate.kid === kid && candidate.alg === alg);
        if (!key) throw new errors.JWKSNoMatchingKey();
        return key.publicKey;
      },
      { typ: 'at+jwt', issuer: workspace.issuer, currentDate: new Date(workspace.now()) },
    );
    if (!isComplete(payload)) throw new OAuthError('token_malformed', { detail: { claims: Object.keys(payload) } });
    return { claims: payload, workspace };
  } catch (thrown) {
    throw refusal(thrown);
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

/** The `iss` says whose keys to try. Nothing is believed yet. */
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

function refusal(thrown: unknown): OAuthError {
  if (thrown instanceof OAuthError) return thrown;
  if (!(thrown instanceof errors.JOSEError)) return new OAuthError('internal_error', { cause: thrown });
  // Not the error itself: it carries the claims of the token, which are about a person.
  const { code } = thrown;
  const claim = thrown instanceof errors.JWTClaimValidationFailed ? thrown.claim : undefined;
  return new OAuthError(reasonOf(thrown), { detail: { code, ...(claim !== undefined && { claim }) } });
}

function reasonOf(thrown: errors.JOSEError): FailureReason {
  if (thrown instanceof errors.JWTExpired) return 'token_expired';
  const forged = thrown instanceof errors.JWSSignatureVerificationFailed || thrown instanceof errors.JWKSNoMatchingKey;
  return forged ? 'token_signature_invalid' : 'token_malformed';
}
