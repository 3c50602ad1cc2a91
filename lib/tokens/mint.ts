import { randomUUID } from 'node:crypto';
import { OAuthError } from '../errors.js';
import { personClaims } from '../identity/person-claims.js';
import { joined } from '../joined.js';
import { following, isLater, rescued, type Soon } from '../soon.js';
import type { Store } from '../stores/store.js';
import type { WorkspacePolicy } from '../workspaces/policy.js';
import { type AccessTokenClaims, writeAccessToken } from './access-tokens.js';
import { type Confirmation, confirmation } from './confirmation.js';
import { signIdToken } from './id-token.js';
import { issueRefreshToken, type RefreshableGrant } from './refresh-tokens.js';
import { dateOfIssue } from './revocation.js';
import type { SigningAlgorithm, SigningKeys } from './signing-keys.js';
import {
  type AddedClaims,
  askForClaims,
  type ClaimsOrder,
  type TokenClaimsAnswer,
  type TokenClaimsHook,
} from './token-claims.js';
import type { IssuedTokens, TokenIssuer, TokenOrder } from './token-issuer.js';

/** What minting needs of a workspace. */
export interface Mint {
  readonly issuer: string;
  readonly policy: WorkspacePolicy;
  readonly store: Store;
  readonly signingKeys: SigningKeys;
  /** Whether the workspace offers the refresh_token grant. */
  readonly refreshes: boolean;
  readonly names: { readonly issuer: string; readonly tenant?: string; readonly workspace?: string };
  readonly claimsHook: TokenClaimsHook | undefined;
  now(): number;
}

/** The token issuer of one workspace. */
export function tokenIssuer(mint: Mint): TokenIssuer {
  return {
    asksForClaims: mint.claimsHook !== undefined,
    addedClaims: (order) => addedClaims(order, mint),
    mint: (order) => mintTokens(order, mint),
  };
}

async function addedClaims(order: ClaimsOrder, { names, claimsHook }: Mint): Promise<TokenClaimsAnswer> {
  return claimsHook ? askForClaims(order, names, claimsHook) : {};
}

async function mintTokens(order: TokenOrder, mint: Mint): Promise<IssuedTokens> {
  if (order.user) requireFitUser(order.user, order.client);
  const { token_ttls: own } = order.client.metadata;
  const ttls = own ? { ...mint.policy.token_ttls, ...own } : mint.policy.token_ttls;
  const added = order.addedClaims ?? (mint.claimsHook ? await addedClaims(order, mint) : undefined);
  const dated = datesOf(order, mint);
  const dates = isLater(dated) ? await dated : dated;
  const refresh = order.refresh ?? (order.user && (await firstRefreshToken(order, dates, ttls.refresh_token, mint)));
  const longest = Math.min(ttls.access_token, order.expiresIn ?? ttls.access_token);
  const claims = accessTokenClaims(order, dates, accessTokenTtl(longest, dates, refresh), mint);
  // Whatever is signed below, its key stays published until it expires.
  const lasting = mint.signingKeys.outlast(Math.max(claims.exp - claims.iat, ttls.id_token));
  if (isLater(lasting)) await lasting;
  const all = added?.accessToken ? { ...added.accessToken, ...claims } : claims;
  const written = writeAccessToken(all, mint.policy.access_token_format, mint);
  const accessToken = isLater(written) ? await written : written;
  const response = {
    access_token: accessToken,
    // RFC 9449 5.
    token_type: order.jkt === undefined ? 'Bearer' : 'DPoP',
    expires_in: claims.exp - claims.iat,
    scope: claims.scope,
    ...(refresh && { refresh_token: refresh.token }),
  } as const;
  const subject = order.user?.id;
  if (!order.user || !order.scopes.includes('openid')) return { response, subject };
  const id_token = await idToken(order, added?.idToken, accessToken, ttls.id_token, mint);
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

/** When the tokens are made, and what revocation takes for that, in seconds since 1970. */
interface Dates {
  readonly iat: number;
  readonly dated: number;
}

function datesOf({ client, user, asOf: given }: TokenOrder, { store, now }: Mint): Soon<Dates> {
  const asOf = given ?? now();
  const iat = Math.floor(asOf / 1000);
  const holder = { sub: user?.id ?? client.id, client_id: client.id };
  const dated = rescued(
    () => dateOfIssue({ store }, holder, asOf),
    // An earlier date only makes a token easier to revoke, and a store that is down keeps no machine from its token.
    () => iat,
  );
  return following(dated, (date) => ({ iat, dated: date }));
}

/** Only for a person who granted `offline_access` (OpenID Connect Core 11), to a client that may use it. */
async function firstRefreshToken(
  {
    client,
    user,
    scopes,
    grantedScopes = scopes,
    askedScopes = grantedScopes,
    grantId,
    startedAt,
    consented,
    certificate,
    jkt,
    ...order
  }: TokenOrder,
  { dated }: Dates,
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
    scopes: grantedScopes,
    asked: askedScopes,
    consented,
    resources: order.resources ?? (order.resource === undefined ? [] : [order.resource]),
    // A confidential client proves itself at each refresh: with a renewed certificate or a new key, if it likes
    // (RFC 8705 4, 7.1; RFC 9449 5).
    ...(client.method === 'none' && refreshBinding(confirmation(client, certificate, jkt))),
  };
  return issueRefreshToken(mint, grant, ttl, startedAt ?? dated * 1000);
}

function refreshBinding(cnf: Confirmation | undefined): Pick<RefreshableGrant, 'certificate' | 'jkt'> {
  return { certificate: cnf?.['x5t#S256'], jkt: cnf?.jkt };
}

/** Seconds. No access token outlives the authorization that its refresh token stands for. */
function accessTokenTtl(ttl: number, { iat }: Dates, refresh: TokenOrder['refresh']): number {
  return refresh ? Math.max(1, Math.min(ttl, Math.floor(refresh.endsAt / 1000) - iat)) : ttl;
}

function accessTokenClaims(
  order: TokenOrder,
  { iat, dated }: Dates,
  ttl: number,
  { issuer, policy }: Pick<Mint, 'issuer' | 'policy'>,
): AccessTokenClaims {
  const cnf = confirmation(order.client, order.certificate, order.jkt);
  return {
    iss: issuer,
    sub: order.user?.id ?? order.client.id,
    sub_type: order.user ? 'user' : 'client',
    aud: order.resource ?? policy.audience ?? issuer,
    client_id: order.client.id,
    scope: order.scopes.join(' '),
    iat,
    exp: iat + ttl,
    jti: randomUUID(),
    grant_id: order.grantId,
    ...(dated > iat && { dated }),
    ...(cnf && { cnf }),
    ...(order.user?.authTime !== undefined && { auth_time: order.user.authTime }),
  };
}

async function idToken(
  { client, user, nonce, scopes }: TokenOrder,
  added: AddedClaims | undefined,
  accessToken: string,
  ttl: number,
  { issuer, policy, signingKeys, now }: Mint,
): Promise<string> {
  if (!user) throw new Error('An ID token needs a person.');
  const iat = Math.floor(now() / 1000);
  const claims = joined(joined(personClaims(user, scopes), added ?? {}), {
    iss: issuer,
    sub: user.id,
    aud: client.id,
    iat,
    exp: iat + ttl,
    ...(user.authTime !== undefined && { auth_time: user.authTime }),
    ...(nonce !== undefined && { nonce }),
  });
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
