import { hash, randomBytes } from 'node:crypto';
import type { RegisteredClient } from '../clients/client.js';
import type { SignedInUser, User } from '../identity/users.js';
import { joined } from '../joined.js';
import { claimSoon, getSoon } from '../stores/soon-store.js';
import { dateOfIssue, type RevocableClaims } from '../tokens/revocation.js';
import type { WorkspaceServices } from '../workspaces/services.js';

/** What an authorization request fixes for its code (RFC 6749 4.1.3, RFC 7636 4.4, RFC 8707 2.2). */
export interface CodeBinding {
  readonly clientId: string;
  readonly redirectUri: string;
  /** Whether redirect_uri stood in the request: the token request must then repeat it. */
  readonly redirectUriWasSent: boolean;
  /** Of method S256: there is no other here. */
  readonly codeChallenge?: string;
  readonly scopes: readonly string[];
  /** What was asked for, with all that was dropped. Absent: the same. */
  readonly askedScopes?: readonly string[];
  readonly resources: readonly string[];
  readonly nonce?: string;
  /** The key that must prove itself when the code is redeemed: its SHA-256 thumbprint, base64url (RFC 9449 10). */
  readonly dpopJkt?: string;
}

/** What a code stands for. */
export interface CodeRecord extends CodeBinding {
  /** The person as they were when they signed in. */
  readonly user: User;
  /** Seconds since 1970. */
  readonly authTime?: number;
  /** Names this authorization in all that comes from it. */
  readonly grantId: string;
  /** Milliseconds since 1970, as `expiresAt` is. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** An expired code is remembered this many seconds, so that the log can tell a late client from a wrong one. */
const memoryOfExpired = 300;

/** Seconds. Longer than any code is remembered (at most 600 + 300), so that no code outlives the mark of its use. */
const memoryOfUse = 1200;

type CodeWorkspace = Pick<WorkspaceServices, 'store' | 'now' | 'policy'>;

/**
 * A new code, 256 random bits as base64url. The store keeps it under its SHA-256 digest only, for the seconds that
 * `token_ttls.authorization_code` of the client or the workspace allows (RFC 6749 4.1.2, 10.10). `consentId` names the
 * consent that stands behind it: withdrawing that one ends all that comes from the code. `asOf`, in milliseconds since
 * 1970: a revocation of all that the person or the client has after that reaches the code too. Absent: now.
 */
export async function issueCode(
  workspace: CodeWorkspace,
  client: Pick<RegisteredClient, 'metadata'>,
  binding: CodeBinding,
  { id, username, email, name, authTime }: SignedInUser,
  { consentId, asOf = workspace.now() }: { readonly consentId?: string | undefined; readonly asOf?: number } = {},
): Promise<string> {
  const code = randomBytes(32).toString('base64url');
  const ttl = client.metadata.token_ttls?.authorization_code ?? workspace.policy.token_ttls.authorization_code;
  const date = await dateOfIssue(workspace, { sub: id, client_id: binding.clientId }, asOf);
  const grant = randomBytes(16).toString('base64url');
  const record: CodeRecord = joined(binding, {
    // By name: a host's own record may hold more than the store should see.
    user: { id, username, email, name },
    authTime,
    grantId: consentId === undefined ? grant : `${consentId}.${grant}`,
    issuedAt: Math.max(asOf, date * 1000),
    expiresAt: workspace.now() + ttl * 1000,
  });
  await workspace.store.set(recordKey(code), JSON.stringify(record), ttl + memoryOfExpired);
  return code;
}

/** What the code stands for, used or not; undefined for one that never was or is long gone. Look at `expiresAt`. */
export async function readCode(workspace: CodeWorkspace, code: string): Promise<CodeRecord | undefined> {
  const stored = await getSoon(workspace.store, recordKey(code));
  return stored === undefined ? undefined : (JSON.parse(stored) as CodeRecord);
}

/** What of a code a revocation can name. */
export function revocableCode({ grantId, user, clientId, issuedAt }: CodeRecord): RevocableClaims {
  return { grant_id: grantId, sub: user.id, client_id: clientId, iat: Math.floor(issuedAt / 1000) };
}

/** Uses the code up. Of all calls, however many at once, exactly one is answered true (OAuth 2.1 4.1.3). */
export async function claimCode(workspace: CodeWorkspace, code: string): Promise<boolean> {
  const { first } = await claimSoon(workspace.store, usedKey(code), '1', memoryOfUse);
  return first;
}

/** Whether `claimCode` has answered somebody true. */
export async function codeWasUsed(workspace: CodeWorkspace, code: string): Promise<boolean> {
  return (await getSoon(workspace.store, usedKey(code))) !== undefined;
}

function recordKey(code: string): string {
  return `code:${digest(code)}`;
}

function usedKey(code: string): string {
  return `code-used:${digest(code)}`;
}

function digest(code: string): string {
  return hash('sha256', code, 'base64url');
}
