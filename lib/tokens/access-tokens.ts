import { hash } from 'node:crypto';
import { randomToken } from '../http/random-token.js';
import { following, type Soon } from '../soon.js';
import { getSoon, setSoon } from '../stores/soon-store.js';
import type { WorkspaceServices } from '../workspaces/services.js';
import type { Confirmation } from './confirmation.js';
import { signJwt } from './sign-jwt.js';
import type { SigningKeys } from './signing-keys.js';

/** The claims of an access token, whatever its format (RFC 9068 2.2, RFC 7662 2.2). Times are seconds since 1970. */
export interface AccessTokenClaims {
  readonly iss: string;
  readonly sub: string;
  /** Keeps a person and a client of the same name apart (RFC 9068 5, RFC 9700 4.15.1). */
  readonly sub_type: 'user' | 'client';
  readonly aud: string;
  readonly client_id: string;
  readonly scope: string;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  readonly cnf?: Confirmation;
  readonly auth_time?: number;
  /** The authorization it came from. Ours: for revocation. */
  readonly grant_id: string;
  /** What revocation takes for `iat`, where that is later. Ours: see `dateOfIssue`. */
  readonly dated?: number;
}

type TokenHome = Pick<WorkspaceServices, 'store'> & { readonly signingKeys: SigningKeys };

/** Turns claims into a JWT (RFC 9068) or an opaque token whose claims wait in the store. */
export function writeAccessToken(
  claims: AccessTokenClaims,
  format: 'jwt' | 'opaque',
  { store, signingKeys }: TokenHome,
): Soon<string> {
  if (format === 'jwt') return signingKeys.forAccessTokens().then((key) => signJwt(claims, 'at+jwt', key));
  const token = randomToken();
  const written = setSoon(store, opaqueKey(token), JSON.stringify(claims), claims.exp - claims.iat);
  return following(written, () => token);
}

/** The claims behind an opaque token, or undefined. */
export async function readOpaqueToken(
  token: string,
  { store }: Pick<WorkspaceServices, 'store'>,
): Promise<AccessTokenClaims | undefined> {
  const stored = await getSoon(store, opaqueKey(token));
  return stored === undefined ? undefined : (JSON.parse(stored) as AccessTokenClaims);
}

// The token itself is never at rest: whoever reads the store learns no token.
function opaqueKey(token: string): string {
  return `access-token/${hash('sha256', token, 'base64url')}`;
}
