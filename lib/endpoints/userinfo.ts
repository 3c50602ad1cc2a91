import type { RegisteredClient } from '../clients/client.js';
import { OAuthError } from '../errors.js';
import { sendJson, sendJwt } from '../http/reply.js';
import { isForm, readForm } from '../http/request-body.js';
import { findActiveUser } from '../identity/active-user.js';
import { personClaims } from '../identity/person-claims.js';
import type { User } from '../identity/users.js';
import type { AccessTokenClaims } from '../tokens/access-tokens.js';
import { refuseBearer } from '../tokens/bearer-challenge.js';
import { presentedToken } from '../tokens/presented-token.js';
import { signJwt } from '../tokens/sign-jwt.js';
import { requireBinding, requireScopes } from '../tokens/token-requirements.js';
import { verifyAccessToken } from '../tokens/verify-access-token.js';
import type { Workspace } from '../workspaces/workspace.js';
import type { Endpoint, Exchange } from './exchange.js';

/**
 * Tells a client about the person who let it in (OpenID Connect Core 5.3): what the granted scopes allow, as the
 * person's record is now. Without a directory of users that is `sub` alone.
 */
export const userinfoEndpoint: Endpoint = {
  event: 'userinfo',
  methods: ['GET', 'POST'],
  crossOrigin: true,
  async handle(exchange) {
    const { response, workspace } = exchange;
    const claims = await verifiedClaims(exchange);
    requireScopes(claims, ['openid']);
    const client = await activeClient(claims, workspace);
    const user = await activePerson(claims, workspace);
    const told = { sub: claims.sub, ...personClaims(user, claims.scope.split(' ')) };
    const alg = client.metadata.userinfo_signed_response_alg;
    if (alg === undefined) sendJson(response, 200, told);
    else sendJwt(response, await signed(told, alg, client, workspace));
    return undefined;
  },
  refuse({ response, workspace }, failure) {
    const { algorithms } = workspace.dpop.resourceServer;
    refuseBearer(response, failure, { realm: workspace.issuer, scope: 'openid', algorithms });
  },
};

async function verifiedClaims({ request, response, workspace, facts }: Exchange): Promise<AccessTokenClaims> {
  // RFC 6750 2.2. Here the body is ours to read: nobody comes after us.
  const body = request.method === 'POST' && isForm(request) ? (await readForm(request)).toObject() : undefined;
  const presented = presentedToken(request, body);
  const { claims } = await verifyAccessToken(presented.value, [workspace], undefined);
  facts.client_id = claims.client_id;
  facts.subject = claims.sub;
  facts.scope = claims.scope;
  const { proxies, warn, dpop } = workspace;
  await requireBinding(claims, { proxies, warn, proofs: dpop.resourceServer }, { request, response, presented });
  return claims;
}

async function activeClient({ client_id }: AccessTokenClaims, { clients }: Workspace): Promise<RegisteredClient> {
  const client = await clients.find(client_id);
  if (client?.active) return client;
  throw new OAuthError('token_client_inactive', { detail: { client_id } });
}

async function activePerson({ sub, sub_type }: AccessTokenClaims, { users }: Workspace): Promise<User> {
  // A client may well be called as a person is (RFC 9700 4.15.1).
  if (sub_type !== 'user') throw new OAuthError('token_of_client');
  const user = await findActiveUser(users, { id: sub });
  if (!user) throw new OAuthError('token_person_inactive', { detail: { subject: sub } });
  return user;
}

type SigningAlgorithm = NonNullable<RegisteredClient['metadata']['userinfo_signed_response_alg']>;

/** OpenID Connect Core 5.3.2. Without `exp`, so that it can never pass for an ID token. */
async function signed(
  told: Readonly<Record<string, string>>,
  algorithm: SigningAlgorithm,
  client: RegisteredClient,
  { issuer, signingKeys }: Workspace,
): Promise<string> {
  return signJwt({ ...told, iss: issuer, aud: client.id }, 'JWT', await signingKeys.forAlgorithm(algorithm));
}
