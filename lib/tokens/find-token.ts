import { OAuthError } from '../errors.js';
import { joined } from '../joined.js';
import type { Workspace } from '../workspaces/workspace.js';
import type { AccessTokenClaims } from './access-tokens.js';
import type { Confirmation } from './confirmation.js';
import { type RefreshRecord, readRefreshToken, refreshTokenWasUsed, revocableRefresh } from './refresh-tokens.js';
import { isRevoked, revoke, revokeOne } from './revocation.js';
import { readAccessToken, requireLive } from './verify-access-token.js';

/** A token of a workspace, of whatever kind, that is neither over nor revoked. */
export interface FoundToken {
  /** False: a refresh token whose successor is out. It gives nothing any more, and still ends its authorization. */
  readonly active: boolean;
  /** The client it was issued to. */
  readonly clientId: string;
  readonly subject: string;
  /** Whether the subject is a person; otherwise it is the client. */
  readonly ofPerson: boolean;
  /** The resource servers it is for. Empty for one that only the authorization server takes. */
  readonly audience: readonly string[];
  /** What introspection may tell of it (RFC 7662 2.2). Times are seconds since 1970. */
  readonly claims: Readonly<Record<string, unknown>> & { readonly scope: string };
  /** Ends it, and with a refresh token all that came from its authorization (RFC 7009 2.1). */
  end(): Promise<void>;
}

/** One kind of tokens. `name` is the `token_type_hint` (RFC 7009 2.1). */
interface TokenKind {
  readonly name: string;
  find(token: string, workspace: Workspace): Promise<FoundToken | undefined>;
}

const kinds: readonly TokenKind[] = [
  { name: 'access_token', find: findAccessToken },
  { name: 'refresh_token', find: findRefreshToken },
];

/**
 * The token of this workspace that `token` is, or undefined: it never was one, its time is over, or it was
 * revoked. The hint decides only where the search begins. Rejects when the store cannot tell.
 */
export async function findToken(
  token: string,
  hint: string | undefined,
  workspace: Workspace,
): Promise<FoundToken | undefined> {
  const hinted = kinds.filter(({ name }) => name === hint);
  for (const kind of new Set([...hinted, ...kinds])) {
    const found = await kind.find(token, workspace);
    if (found) return found;
  }
  return undefined;
}

async function findAccessToken(token: string, workspace: Workspace): Promise<FoundToken | undefined> {
  const claims = await liveClaims(token, workspace);
  if (!claims) return undefined;
  // How we name the authorization is nobody's business. All else stands in a JWT for its resource server to read.
  const { grant_id: _, dated: __, ...told } = claims;
  return {
    active: true,
    clientId: claims.client_id,
    subject: claims.sub,
    ofPerson: claims.sub_type === 'user',
    audience: [claims.aud].flat(),
    claims: joined(told, { token_type: claims.cnf?.jkt === undefined ? 'Bearer' : 'DPoP' }),
    end: () => revokeOne(workspace, claims),
  };
}

async function findRefreshToken(token: string, workspace: Workspace): Promise<FoundToken | undefined> {
  const record = await readRefreshToken(workspace, token);
  const now = workspace.now();
  if (!record || record.endsAt <= now) return undefined;
  const { grantId, clientId, user, scopes, certificate, jkt } = record;
  const [revoked, used] = await Promise.all([
    isRevoked(workspace, revocableRefresh(record)),
    refreshTokenWasUsed(workspace, token),
  ]);
  // One that was used is not merely old: its family may live on.
  if (revoked || (record.expiresAt <= now && !used)) return undefined;
  return {
    active: !used,
    clientId,
    subject: user.id,
    ofPerson: true,
    audience: [],
    claims: {
      iss: workspace.issuer,
      sub: user.id,
      client_id: clientId,
      iat: Math.floor(record.issuedAt / 1000),
      scope: scopes.join(' '),
      exp: Math.floor(record.expiresAt / 1000),
      ...cnfMember({
        ...(certificate !== undefined && { 'x5t#S256': certificate }),
        ...(jkt !== undefined && { jkt }),
      }),
    },
    end: async () => revoke(workspace, grantId, await lifeOfGrant(record, workspace)),
  };
}

function cnfMember(cnf: Confirmation): { readonly cnf?: Confirmation } {
  return Object.keys(cnf).length > 0 ? { cnf } : {};
}

/** Seconds until the last access token is over that this authorization can have given. */
async function lifeOfGrant({ clientId, endsAt }: RefreshRecord, { clients, policy, now }: Workspace): Promise<number> {
  const client = await clients.find(clientId);
  const accessToken = client?.metadata.token_ttls?.access_token ?? policy.token_ttls.access_token;
  return Math.ceil((endsAt - now()) / 1000) + accessToken + 60;
}

async function liveClaims(token: string, workspace: Workspace): Promise<AccessTokenClaims | undefined> {
  try {
    const found = await readAccessToken(token, [workspace]);
    await requireLive(found);
    return found.claims;
  } catch (thrown) {
    if (thrown instanceof OAuthError && thrown.error === 'invalid_token') return undefined;
    throw thrown;
  }
}
