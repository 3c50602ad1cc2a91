import { randomUUID } from 'node:crypto';
import type { Store } from '../stores/store.js';
import type { WorkspacePolicy } from '../workspaces/policy.js';
import { type AccessTokenClaims, writeAccessToken } from './access-tokens.js';
import { confirmation } from './confirmation.js';
import { signIdToken } from './id-token.js';
import type { SigningAlgorithm, SigningKeys } from './signing-keys.js';
import type { TokenIssuer, TokenOrder, TokenResponse } from './token-issuer.js';

/** What minting needs of a workspace. */
export interface Mint {
  readonly issuer: string;
  readonly policy: WorkspacePolicy;
  readonly store: Store;
  readonly signingKeys: SigningKeys;
  now(): number;
}

/** The token issuer of one workspace. */
export function tokenIssuer(mint: Mint): TokenIssuer {
  return { mint: (order) => mintTokens(order, mint) };
}

async function mintTokens(order: TokenOrder, mint: Mint): Promise<TokenResponse> {
  const ttls = { ...mint.policy.token_ttls, ...order.client.metadata.token_ttls };
  const claims = accessTokenClaims(order, ttls.access_token, mint);
  const accessToken = await writeAccessToken(claims, mint.policy.access_token_format, mint);
  const response = {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: ttls.access_token,
    scope: claims.scope,
  } as const;
  if (!order.user || !order.scopes.includes('openid')) return response;
  return { ...response, id_token: await idToken(order, accessToken, claims.iat, ttls.id_token, mint) };
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
    iss: issuer,
    sub: user.id,
    aud: client.id,
    iat,
    exp: iat + ttl,
    ...(user.authTime !== undefined && { auth_time: user.authTime }),
    ...(nonce !== undefined && { nonce }),
    ...(scopes.includes('profile') && { name: user.name, preferred_username: user.username }),
    ...(scopes.includes('email') && { email: user.email }),
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
