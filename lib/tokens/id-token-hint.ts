import { jwtVerify } from 'jose';
import { OAuthError } from '../errors.js';
import type { WorkspaceServices } from '../workspaces/services.js';

/** Whom an ID token of ours was about, and for which client. */
export interface HintedPerson {
  readonly subject: string;
  readonly clientId: string;
}

const maximumLength = 8192;

/**
 * What an `id_token_hint` says, or undefined when it is not an ID token that this issuer signed (OpenID Connect Core
 * 3.1.2.1, RP-Initiated Logout 2). It may have expired: it tells who the client believes is there, and proves nothing
 * of who is.
 */
export async function readIdTokenHint(
  hint: string,
  { issuer, signingKeys }: Pick<WorkspaceServices, 'issuer' | 'signingKeys'>,
): Promise<HintedPerson | undefined> {
  if (hint.length > maximumLength) return undefined;
  try {
    const { payload } = await jwtVerify(
      hint,
      async ({ kid, alg }) => {
        const key = await signingKeys.find(kid, alg);
        if (!key) throw new Error('This is none of our keys.');
        return key.publicKey;
      },
      // The type keeps access tokens out, which the same keys sign. At time 0 nothing has expired.
      { typ: 'JWT', issuer, currentDate: new Date(0) },
    );
    const { sub, aud } = payload;
    return typeof sub === 'string' && typeof aud === 'string' ? { subject: sub, clientId: aud } : undefined;
  } catch (thrown) {
    // The store, not the hint.
    if (thrown instanceof OAuthError) throw thrown;
    return undefined;
  }
}
