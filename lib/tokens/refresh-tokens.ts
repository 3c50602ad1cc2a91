import { hash } from 'node:crypto';
import { OAuthError } from '../errors.js';
import { randomToken } from '../http/random-token.js';
import type { User } from '../identity/users.js';
import { joined } from '../joined.js';
import { claimSoon, getSoon, setSoon } from '../stores/soon-store.js';
import type { WorkspaceServices } from '../workspaces/services.js';
import { type RevocableClaims, revoke } from './revocation.js';

/** What a refresh token stands for, whoever it is handed to next. */
export interface RefreshableGrant {
  /** Names the authorization and with it the family: every refresh token that followed from the first. */
  readonly grantId: string;
  readonly clientId: string;
  /** The person as they were when they signed in. */
  readonly user: User;
  /** Seconds since 1970. */
  readonly authTime?: number | undefined;
  /** What was granted, however little one access token asks for (RFC 6749 6). */
  readonly scopes: readonly string[];
  /** What was asked for at the start, with all that was dropped. */
  readonly asked: readonly string[];
  /** Whether `scopes` stand on a consent of the person, which may have become less since. */
  readonly consented?: boolean | undefined;
  /** The resources its access tokens may be for (RFC 8707 2.2). Empty: the default alone. */
  readonly resources?: readonly string[];
  /** The certificate a public client must show, base64url SHA-256 of its DER (RFC 8705 4). */
  readonly certificate?: string | undefined;
  /** The key a public client must prove by DPoP, base64url thumbprint (RFC 9449 5). */
  readonly jkt?: string | undefined;
}

/** One refresh token, used or not. All times are milliseconds since 1970. */
export interface RefreshRecord extends RefreshableGrant {
  readonly issuedAt: number;
  /** When the authorization of its family was given. */
  readonly startedAt: number;
  /** Left unused until then, it is over. */
  readonly expiresAt: number;
  /** The end of the authorization, for the whole family. */
  readonly endsAt: number;
  /** How many came before it in its family. */
  readonly generation: number;
}

/** The first use of a token. */
interface Use {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The id of the secret key that made the successor, which must stay the same when the keys change. */
  readonly key: string;
  /** The DPoP key that the successor is bound to. */
  readonly jkt?: string | undefined;
}

/** Seconds by which records outlive what they speak of, and marks of use outlive the records. */
const memory = 300;

type RefreshHome = Pick<WorkspaceServices, 'store' | 'now' | 'policy'>;
type RefreshWorkspace = RefreshHome & Pick<WorkspaceServices, 'secretKeys' | 'warn'>;

/**
 * The first refresh token of a grant, 256 random bits as base64url. The store keeps it under its SHA-256 digest only.
 * The authorization ends after `ttl` seconds, and earlier when the token is left unused for `refresh_idle_ttl`.
 * `startedAt`: when it was given, if that was not now. Milliseconds since 1970.
 */
export async function issueRefreshToken(
  home: RefreshHome,
  grant: RefreshableGrant,
  ttl: number,
  startedAt = home.now(),
): Promise<{ readonly token: string; readonly endsAt: number }> {
  const token = randomToken();
  const issuedAt = home.now();
  const endsAt = issuedAt + ttl * 1000;
  const record: RefreshRecord = joined(grant, {
    issuedAt,
    startedAt,
    expiresAt: idleEnd(issuedAt, endsAt, home),
    endsAt,
    generation: 0,
  });
  await setSoon(home.store, recordKey(token), JSON.stringify(record), secondsUntil(endsAt, home) + memory);
  return { token, endsAt };
}

/**
 * What the token stands for, used, revoked or neither; undefined for one that never was or whose authorization is over.
 * Look at `expiresAt`, `refreshTokenWasUsed` and `isRevoked`.
 */
export async function readRefreshToken(
  { store }: Pick<WorkspaceServices, 'store'>,
  token: string,
): Promise<RefreshRecord | undefined> {
  const stored = await getSoon(store, recordKey(token));
  return stored === undefined ? undefined : (JSON.parse(stored) as RefreshRecord);
}

/**
 * What of a refresh token a revocation can name. Its `iat` is that of the family: what was handed on while all tokens
 * of a person were being revoked dies as well.
 */
export function revocableRefresh({ grantId, user, clientId, startedAt }: RefreshRecord): RevocableClaims {
  return { grant_id: grantId, sub: user.id, client_id: clientId, iat: Math.floor(startedAt / 1000) };
}

/** Whether a successor has taken its place. */
export async function refreshTokenWasUsed(
  { store }: Pick<WorkspaceServices, 'store'>,
  token: string,
): Promise<boolean> {
  return (await getSoon(store, usedKey(token))) !== undefined;
}

/**
 * Uses the token and answers its successor. A retry within `refresh_grace_seconds` gets the same successor again, as
 * long as that was not used itself. Any later use is theft of one of the two (RFC 9700 4.14.2), and so is one at any
 * time without the DPoP key that the first use proved: it revokes the family, tells the warning `refresh_token_reused`
 * and rejects with a reason of that name. Client authentication and binding must have been checked before. The
 * successor is bound to `record.jkt`, and with it every retry.
 */
export async function rotateRefreshToken(
  workspace: RefreshWorkspace,
  token: string,
  record: RefreshRecord,
): Promise<string> {
  const use: Use = { at: workspace.now(), key: workspace.secretKeys.currentId, jkt: record.jkt };
  const markTtl = secondsUntil(record.endsAt, workspace) + 2 * memory;
  const claim = await claimSoon(workspace.store, usedKey(token), JSON.stringify(use), markTtl);
  return claim.first ? placeSuccessor(workspace, token, record, use) : useAgain(workspace, token, record, claim.value);
}

/** Where tokens do not rotate: the same one, good for another `refresh_idle_ttl`. */
export async function prolongRefreshToken(
  workspace: RefreshWorkspace,
  token: string,
  record: RefreshRecord,
): Promise<string> {
  // It rotated once, before the client was told not to.
  const used = await getSoon(workspace.store, usedKey(token));
  if (used !== undefined) return useAgain(workspace, token, record, used);
  const prolonged: RefreshRecord = { ...record, expiresAt: idleEnd(workspace.now(), record.endsAt, workspace) };
  const ttl = secondsUntil(record.endsAt, workspace) + memory;
  await setSoon(workspace.store, recordKey(token), JSON.stringify(prolonged), ttl);
  return token;
}

async function useAgain(
  workspace: RefreshWorkspace,
  token: string,
  record: RefreshRecord,
  firstUse: string,
): Promise<string> {
  const use = JSON.parse(firstUse) as Use;
  // A token that nothing bound, taken to one key and now shown without it: two hands hold it, and either may be the
  // thief's. To refuse this one alone would leave the family to whoever came first.
  const sameHands = use.jkt === undefined || use.jkt === record.jkt;
  const inGrace = workspace.now() - use.at < workspace.policy.refresh_grace_seconds * 1000;
  if (sameHands && inGrace && !(await refreshTokenWasUsed(workspace, successorOf(workspace, token, use)))) {
    return placeSuccessor(workspace, token, record, use);
  }
  const { grantId, clientId, user, generation } = record;
  const first_used_at = new Date(use.at).toISOString();
  const facts = { grant: grantId, subject: user.id, generation, first_used_at, ...(!sameHands && { key: 'another' }) };
  await revoke(workspace, grantId, secondsUntil(record.endsAt, workspace) + memory);
  workspace.warn('refresh_token_reused', { client_id: clientId, ...facts });
  throw new OAuthError('refresh_token_reused', { detail: facts });
}

/** Everybody who comes here with one token writes the same, so whoever dies on the way leaves it to the next. */
async function placeSuccessor(
  workspace: RefreshWorkspace,
  token: string,
  record: RefreshRecord,
  use: Use,
): Promise<string> {
  const successor = successorOf(workspace, token, use);
  const next: RefreshRecord = joined(record, {
    jkt: use.jkt,
    issuedAt: use.at,
    expiresAt: idleEnd(use.at, record.endsAt, workspace),
    generation: record.generation + 1,
  });
  const ttl = secondsUntil(record.endsAt, workspace) + memory;
  await claimSoon(workspace.store, recordKey(successor), JSON.stringify(next), ttl);
  return successor;
}

/** Nobody without the server's key can derive it, not even from all that is in the store. */
function successorOf({ secretKeys }: RefreshWorkspace, token: string, { key }: Use): string {
  const successor = secretKeys.mac('refresh successor', token, key);
  if (successor) return successor.toString('base64url');
  throw new OAuthError('internal_error', {
    detail: { fix: `secret_keys must still hold the key ${key}: other processes replace refresh tokens with it.` },
  });
}

function idleEnd(from: number, endsAt: number, { policy }: RefreshHome): number {
  return Math.min(from + policy.refresh_idle_ttl * 1000, endsAt);
}

function secondsUntil(end: number, { now }: Pick<RefreshHome, 'now'>): number {
  return Math.max(0, Math.ceil((end - now()) / 1000));
}

function recordKey(token: string): string {
  return `refresh-token/${digest(token)}`;
}

function usedKey(token: string): string {
  return `refresh-used/${digest(token)}`;
}

function digest(token: string): string {
  return hash('sha256', token, 'base64url');
}
