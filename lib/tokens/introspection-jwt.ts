import type { IncomingMessage } from 'node:http';
import type { RegisteredClient } from '../clients/client.js';
import type { WorkspaceServices } from '../workspaces/services.js';
import { signJwt } from './sign-jwt.js';
import type { SigningAlgorithm } from './signing-keys.js';

/** The media type of a signed introspection reply (RFC 9701 4). */
export const introspectionJwtType = 'application/token-introspection+jwt';

/** Whether the request's Accept prefers the signed reply over JSON (RFC 9701 4, RFC 9110 12.5.1). */
export function asksForIntrospectionJwt({ headers: { accept = '' } }: IncomingMessage): boolean {
  const weight = weightOf(introspectionJwtType, accept);
  return weight > 0 && weight >= weightOf('application/json', accept);
}

/**
 * The signed introspection reply for one resource server (RFC 9701 5). It says `sub` and `exp` of the token only
 * inside `token_introspection`, so that it never passes for an access token. Signed by the client's
 * `introspection_signed_response_alg`, or as access tokens are.
 */
export async function introspectionJwt(
  answer: Readonly<Record<string, unknown>>,
  { id, metadata }: RegisteredClient,
  { issuer, signingKeys, now }: Pick<WorkspaceServices, 'issuer' | 'signingKeys' | 'now'>,
): Promise<string> {
  const registered = metadata.introspection_signed_response_alg as SigningAlgorithm | undefined;
  const key = await (registered === undefined ? signingKeys.forAccessTokens() : signingKeys.forAlgorithm(registered));
  const claims = { iss: issuer, aud: id, iat: Math.floor(now() / 1000), token_introspection: answer };
  return signJwt(claims, 'token-introspection+jwt', key);
}

function weightOf(type: string, accept: string): number {
  const range = accept
    .toLowerCase()
    .split(',')
    .map((each) => each.split(';').map((part) => part.trim()))
    .find(([name]) => name === type);
  if (!range) return 0;
  const weight = range.find((part) => part.startsWith('q='));
  return weight === undefined ? 1 : Number(weight.slice(2)) || 0;
}
