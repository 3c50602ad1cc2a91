import { following, type Soon, together } from '../soon.js';
import { getSoon } from '../stores/soon-store.js';
import type { Store } from '../stores/store.js';
import type { WorkspacePolicy } from '../workspaces/policy.js';
import type { WorkspaceServices } from '../workspaces/services.js';
import type { AccessTokenClaims } from './access-tokens.js';

type RevokingWorkspace = Pick<WorkspaceServices, 'store' | 'now' | 'warn'>;
type HolderWorkspace = RevokingWorkspace & { readonly policy: Pick<WorkspacePolicy, 'clock_tolerance'> };

/** Seconds, ten years: longer than `token_ttls` lets any token live. */
export const longestTokenLife = 315_569_520;

/**
 * Ends all that came from one authorization, at once: the id of a grant, or of the consent behind several (a grant id
 * is then `<consent id>.<random>`). It leaves a tombstone for `ttlSeconds`, which must outlast every token and code of
 * that authorization; a standing one that lasts longer stays. Tells one warning `grant_revoked`.
 */
export async function revoke(workspace: RevokingWorkspace, id: string, ttlSeconds: number): Promise<void> {
  const { store, now, warn } = workspace;
  const key = tombstone(id);
  const until = now() + ttlSeconds * 1000;
  const standing = await store.get(key);
  if (standing !== undefined && Number(standing) >= until) return;
  await store.set(key, String(until), ttlSeconds);
  warn('grant_revoked', { grant: id });
}

/** Ends one access token and nothing beside it. `exp`: its own, in seconds since 1970. */
export async function revokeOne(
  { store, now }: RevokingWorkspace,
  { jti, exp }: Pick<AccessTokenClaims, 'jti' | 'exp'>,
): Promise<void> {
  // A minute more than it has to live: the clocks of two machines differ.
  const ttlSeconds = Math.max(exp - Math.floor(now() / 1000), 0) + 60;
  await store.set(tokenTombstone(jti), '1', ttlSeconds);
}

/** Whose tokens: all that are about a subject, or all that a client was given. */
export type Holder = 'subject' | 'client';

/** What stands where all tokens of somebody were revoked. */
interface HolderTombstone {
  /** When that was, in milliseconds since 1970. */
  readonly at: number;
  /** Whatever is dated until then is dead. Seconds since 1970. */
  readonly until: number;
}

/**
 * Ends every token and code of one subject or one client that was issued until now. It reaches those that another
 * machine dated ahead, up to `clock_tolerance`; what is issued next is dated after them by `dateOfIssue`. Tells one
 * warning `tokens_revoked`.
 */
export async function revokeUntilNow(workspace: HolderWorkspace, holder: Holder, id: string): Promise<void> {
  const { store, now, warn, policy } = workspace;
  const at = now();
  const key = holderTombstone(holder, id);
  const standing = await store.get(key);
  // After the former one, whatever the clock of this machine says: what was issued since is dated later than that.
  const former = standing === undefined ? 0 : readHolder(standing).until + 1;
  const until = Math.max(Math.floor(at / 1000) + policy.clock_tolerance, former);
  await store.set(key, JSON.stringify({ at, until } satisfies HolderTombstone), longestTokenLife);
  warn('tokens_revoked', { [holder === 'client' ? 'client_id' : holder]: id });
}

/**
 * The date of what is issued to this subject and client on grounds that were looked at after `asOf` (milliseconds since
 * 1970). Seconds since 1970: that moment, or the first second that their last revocation does not reach. What was
 * revoked since `asOf` stays dead.
 */
export function dateOfIssue(
  { store }: Pick<WorkspaceServices, 'store'>,
  { sub, client_id: clientId }: Pick<RevocableClaims, 'sub' | 'client_id'>,
  asOf: number,
): Soon<number> {
  const own = Math.floor(asOf / 1000);
  return following(readAll(store, holderTombstones(sub, clientId)), (found) => {
    if (found.length === 0) return own;
    const standing = found.map(readHolder);
    return standing.some(({ at }) => at >= asOf) ? own : Math.max(own, ...standing.map(({ until }) => until + 1));
  });
}

/**
 * What of a token or a code a revocation can name. `jti`, `sub` and `client_id` may be missing where there is none;
 * one without `iat` (seconds since 1970) counts as issued long ago.
 */
export type RevocableClaims = Pick<AccessTokenClaims, 'grant_id'> &
  Partial<Pick<AccessTokenClaims, 'jti' | 'sub' | 'client_id' | 'iat' | 'dated'>>;

/**
 * Whether a token or a code was revoked: by itself, by its grant or the consent behind it, or with all that its
 * subject or its client had. One round trip: every tombstone is read at once.
 */
export function isRevoked(
  { store }: Pick<WorkspaceServices, 'store'>,
  { grant_id: grantId, jti, sub, client_id: clientId, iat = 0, dated = iat }: RevocableClaims,
): Soon<boolean> {
  const dot = grantId.indexOf('.');
  const single = [tombstone(grantId)];
  if (dot !== -1) single.push(tombstone(grantId.slice(0, dot)));
  if (jti !== undefined) single.push(tokenTombstone(jti));
  const found = together([readAll(store, single), readAll(store, holderTombstones(sub, clientId))]);
  return following(
    found,
    ([stones = [], holders = []]) => stones.length > 0 || holders.some((holder) => !(dated > readHolder(holder).until)),
  );
}

function holderTombstones(sub: string | undefined, clientId: string | undefined): string[] {
  const keys: string[] = [];
  if (sub !== undefined) keys.push(holderTombstone('subject', sub));
  if (clientId !== undefined) keys.push(holderTombstone('client', clientId));
  return keys;
}

function readHolder(stored: string): HolderTombstone {
  return JSON.parse(stored) as HolderTombstone;
}

/** What stands under these keys, which are read at once. */
function readAll(store: Store, keys: readonly string[]): Soon<string[]> {
  return following(together(keys.map((key) => getSoon(store, key))), standing);
}

function standing(values: readonly (string | undefined)[]): string[] {
  return values.filter((value) => value !== undefined);
}

function tombstone(id: string): string {
  return `revoked/${id}`;
}

function tokenTombstone(jti: string): string {
  return `revoked-token/${jti}`;
}

function holderTombstone(holder: Holder, id: string): string {
  return `revoked-${holder}/${id}`;
}
