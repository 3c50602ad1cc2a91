import { type JWTPayload, SignJWT } from 'jose';
import type { GrantRouter } from '../../index.js';
import { noteSecret } from './suite-log.js';

export interface MintOptions {
  /** A claim of undefined is left out. */
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly key?: Parameters<SignJWT['sign']>[0];
  /** Critical header parameters that the signer shall pretend to understand. */
  readonly crit?: Record<string, boolean>;
  /** Which workspace of the router. */
  readonly workspace?: number;
}

/** An access token that is right unless told otherwise, signed with the workspace's own key. */
export async function mintToken(router: GrantRouter, options: MintOptions = {}): Promise<string> {
  const workspace = router.workspaces[options.workspace ?? 0];
  if (!workspace) throw new Error('no such workspace');
  const key = await workspace.signingKeys.forAccessTokens();
  const seconds = Math.floor(workspace.now() / 1000);
  const claims = {
    iss: workspace.issuer,
    sub: 'basic-client',
    sub_type: 'client',
    aud: workspace.policy.audience ?? workspace.issuer,
    client_id: 'basic-client',
    scope: 'read',
    iat: seconds,
    exp: seconds + 60,
    jti: 'jti-1',
    grant_id: 'grant-1',
    ...options.claims,
  };
  const present = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  const header = { alg: key.alg, kid: key.kid, typ: 'at+jwt', ...options.header };
  const kept = Object.fromEntries(Object.entries(header).filter(([, value]) => value !== undefined));
  const token = await new SignJWT(present as JWTPayload)
    .setProtectedHeader(kept as { alg: string })
    .sign(options.key ?? key.privateKey, options.crit && { crit: options.crit });
  return noteSecret(token);
}
