import { randomUUID } from 'node:crypto';
import { OAuthError } from '../errors.js';
import { personClaims } from '../identity/person-claims.js';
import type { Store } from '../stores/store.js';
import type { WorkspacePolicy } from '../workspaces/policy.js';
import { type AccessTokenClaims, writeAccessToken } from './access-tokens.js';
import { confirmation } from './confirmation.js';
import { signIdToken } from './id-token.js';
import { issueRefreshToken } from './refresh-tokens.js';
import type { SigningAlgorithm, SigningKeys } from './signing-keys.js';
import type { IssuedTokens, TokenIssuer, TokenOrder } from './token-issuer.js';

/** What minting needs of a workspace. */
export interface Mint {
  readonly issuer: string;
  readonly policy: WorkspacePolicy;
  readonly store: Store;
  readonly signingKeys: SigningKeys;
  /** Whether the workspace offers the refresh_token grant. */
  readonly refreshes: boolean;
  now(): number;
}

/** The token issuer of one workspace. */
export function tokenIssuer(mint: Mint): TokenIssuer {
  return { mint: (order) => mintTokens(order, mint) };
}

async function mintTokens(order: TokenOrder, mint: Mint): Promise<IssuedTokens> {
  if (order.user) requireFitUser(order.user, order.client);
  const ttls = { ...mint.policy.token_ttls, ...order.client.metadata.token_ttls };
  const refresh = order.refresh ?? (await firstRefreshToken(order, ttls.refresh_token, mint));
  const claims = accessTokenClaims(order, accessTokenTtl(ttls.access_token, refresh, mint), mint);
  const accessToken = await writeAccessToken(claims, mint.policy.access_token_format, mint);
  const response = {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: claims.exp - claims.iat,
    scope: claims.scope,
    ...(refresh && { refresh_token: refresh.token }),
  } as const;
  const subject = order.user?.id;
  if (!order.user || !order.scopes.includes('openid')) return { response, subject };
  const id_token = await idToken(order, accessToken, claims.iat, ttls.id_token, mint);
  return { response: { ...response, id_token }, subject };
}

/** A host's mistakes that no token may carry on: clients would take it for another's, or for a fresh sign-in. */
function requireFitUser({ id, authTime }: NonNullable<TokenOrder['user']>, { metadata }: TokenOrder['client']): void {
  if (typeof id !== 'string' || !subjectSyntax.test(id)) {
    throw new OAuthError('internal_error', {
      detail: { fix: 'A user id must be 1 to 255 printable ASCII characters (OpenID Connect Core 2).' },
    });
  }
  if (metadata.require_auth_time && authTime === undefined) {
    throw new OAuthError('internal_error', {
      detail: { subject: id, fix: 'The client has require_auth_time: authenticateUser must tell authTime.' },
    });
  }
}

/** OpenID Connect Core 2. */
const subjectSyntax = /^[\x20-\x7e]{1,255}$/;

/** Only for a person who granted `offline_access` (OpenID Connect Core 11), to a client that may use it. */
async function firstRefreshToken(
  { client, user, scopes, askedScopes = scopes, grantId, certificate }: TokenOrder,
  ttl: number,
  mint: Mint,
): Promise<TokenOrder['refresh']> {
  if (!user || !mint.refreshes || !scopes.includes('offline_access')) return undefined;
  if (!client.grantTypes.has('refresh_token')) return undefined;
  const { id, username, email, name, authTime } = user;
  const grant = {
    grantId,
    clientId: client.id,
    // By name: a host's own record may hold more than the store should see.
    user: { id, username, email, name },
    authTime,
    scopes,
    asked: askedScopes,
    // A confidential client proves itself at each refresh, and may do so with a renewed certificate (RFC 8705 4, 7.1).
    certificate: client.method === 'none' ? confirmation(client, certificate)?.['x5t#S256'] : undefined,
  };
  return issueRefreshToken(mint, grant, ttl);
}

/** Seconds. No access token outlives the authorization that its refresh token stands for. */
function accessTokenTtl(ttl: number, refresh: TokenOrder['refresh'], { now }: Mint): number {
  return refresh ? Math.min(ttl, Math.floor((refresh.endsAt - now()) / 1000)) : ttl;
}

function accessTokenClaims(order: TokenOrder, ttl: number, { issuer, policy, now }: Mint): AccessTokenClaims {
  const iat = Math.floor(now() / 1000);
  const cnf = confirmation(order.client, order.certificate);
  return {
    iss: issuer,
    sub: order.user?.id ?? order.client.id,
    sub_type: order.user ? 'user' : 'client',
    aud: policy.audience ?? issuer,
    client_id: order.client.id,
    scope: order.scopes.join(' '),
    iat,
    exp: iat + ttl,
    jti: randomUUID(),
    grant_id: order.grantId,
    ...(cnf && { cnf }),
    ...(order.user?.authTime !== undefined && { auth_time: order.user.authTime }),
  };
}

async function idToken(
  { client, user, nonce, scopes }: TokenOrder,
  accessToken: string,
  iat: number,
  ttl: number,
  { issuer, policy, signingKeys }: Mint,
): Promise<string> {
  if (!user) throw new Error('An ID token needs a person.');
  const claims = {
    ...personClaims(user, scopes),
    iss: issuer,
    sub: user.id,
    aud: client.id,
    iat,
    exp: iat + ttl,
    ...(user.authTime !== undefined && { auth_time: user.authTime }),
    ...(nonce !== undefined && { nonce }),
  };
  return signIdToken(claims, accessToken, await signingKeys.forAlgorithm(idTokenAlgorithm(client.metadata, policy)));
}

/** The algorithm a client registered, or RS256 (OpenID Connect Registration 2) where the workspace has such a key. */
export function idTokenAlgorithm(
  metadata: { readonly id_token_signed_response_alg?: string },
  policy: Pick<WorkspacePolicy, 'signing_keys'>,
): SigningAlgorithm {
  const fallback = policy.signing_keys.includes('RS256') ? 'RS256' : policy.signing_keys[0];
  return (metadata.id_token_signed_response_alg ?? fallback) as SigningAlgorithm;
}
