import { decodeJwt, errors, jwtVerify } from 'jose';
import { OAuthError } from '../errors.js';
import type { Workspace } from '../workspaces/workspace.js';
import { type AccessTokenClaims, readOpaqueToken } from './access-tokens.js';

/**
 * The claims of a live access token of one of these workspaces (RFC 9068 4). Rejects with OAuthError: which check
 * failed is told to the operator alone.
 */
export async function verifyAccessToken(
  token: string,
  workspaces: readonly Workspace[],
  audience: string | undefined,
): Promise<{ claims: AccessTokenClaims; workspace: Workspace }> {
  const found = token.includes('.') ? await readJwt(token, workspaces) : await readOpaque(token, workspaces);
  const { claims, workspace } = found;
  const expected = audience ?? workspace.policy.audience ?? workspace.issuer;
  if (claims.aud !== expected) {
    throw new OAuthError('token_audience_mismatch', { detail: { expected, found: claims.aud } });
  }
  if (claims.exp * 1000 <= workspace.now()) throw new OAuthError('token_expired', { detail: { exp: claims.exp } });
  return found;
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

const textClaims = ['iss', 'sub', 'aud', 'client_id', 'scope', 'jti'];

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
  } catch (cause) {
    throw new OAuthError('token_malformed', { cause });
  }
  const workspace = workspaces.find((candidate) => candidate.issuer === issuer);
  if (!workspace) throw new OAuthError('token_issuer_mismatch', { detail: { found: issuer } });
  return workspace;
}

function refusal(thrown: unknown): OAuthError {
  if (thrown instanceof OAuthError) return thrown;
  if (thrown instanceof errors.JWTExpired) return new OAuthError('token_expired', { cause: thrown });
  if (thrown instanceof errors.JWTClaimValidationFailed) return new OAuthError('token_malformed', { cause: thrown });
  if (thrown instanceof errors.JWSSignatureVerificationFailed || thrown instanceof errors.JWKSNoMatchingKey) {
    return new OAuthError('token_signature_invalid', { cause: thrown });
  }
  return thrown instanceof errors.JOSEError
    ? new OAuthError('token_malformed', { cause: thrown })
    : new OAuthError('internal_error', { cause: thrown });
}
