import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { OAuthError } from '../../errors.js';
import { presentedToken } from '../../tokens/presented-token.js';
import type { Workspace } from '../../workspaces/workspace.js';

/** The right to register one client. */
export interface InitialAccess {
  /**
   * Counts this registration. Of any number of calls at once no more resolve than the token allows; the others reject
   * with `initial_token_used`.
   */
  spend(): Promise<void>;
}

interface InitialAccessToken {
  readonly value: string;
  readonly expires_at?: number | undefined;
  readonly max_uses?: number | undefined;
}

const unlimited: InitialAccess = { spend: async () => undefined };

/**
 * Whether the caller may register (RFC 7591 3): by an initial access token, or, where the workspace has keys for
 * software statements and no such tokens, by the statement that is judged later. Rejects with `token_missing`,
 * `initial_token_unknown`, `initial_token_expired` or `initial_token_used`.
 */
export async function initialAccess(request: IncomingMessage, workspace: Workspace): Promise<InitialAccess> {
  const { initial_access_tokens: written, software_statement_keys: anchors } = workspace.policy.registration;
  if (written.length === 0 && Object.keys(anchors).length > 0) return unlimited;
  const { value } = presentedToken(request, null);
  const tokens = written.map((each): InitialAccessToken => (typeof each === 'string' ? { value: each } : each));
  const token = find(value, tokens);
  if (!token) throw new OAuthError('initial_token_unknown');
  const { expires_at, max_uses } = token;
  if (expires_at !== undefined && workspace.now() >= expires_at * 1000) {
    throw new OAuthError('initial_token_expired', { detail: { expires_at } });
  }
  if (max_uses === undefined) return unlimited;
  const used = new OAuthError('initial_token_used', { detail: { max_uses } });
  const key = `initial-access-token-uses/${digest(token.value).toString('base64url')}`;
  if (Number((await workspace.store.get(key)) ?? 0) >= max_uses) throw used;
  return {
    spend: async () => {
      if ((await workspace.store.increment(key, Infinity)) > max_uses) throw used;
    },
  };
}

function find(value: string, tokens: readonly InitialAccessToken[]): InitialAccessToken | undefined {
  const presented = digest(value);
  // All of them, so that time does not tell which one it nearly was.
  return tokens.filter((token) => timingSafeEqual(digest(token.value), presented))[0];
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}
