import type { GrantRouter } from '../router.js';
import type { Workspace } from '../workspaces/workspace.js';
import { workspacesOf } from '../workspaces/workspaces-of.js';
import { type Holder, revokeUntilNow } from './revocation.js';

/** Where to revoke: in every workspace of a router, or in one of `router.workspaces`. */
export type RevocationScope = Pick<GrantRouter, 'workspaces'> | Workspace;

/**
 * Ends every access token, refresh token and authorization code whose `sub` is this one and that was issued until now,
 * or is being issued, also by a machine whose clock is up to `clock_tolerance` ahead; and the person's sessions. What is
 * issued later lives: end the person's access first. Takes effect at once in all
 * processes that share the store; a resource server that does not ask us takes JWTs until they expire.
 * Rejects when the store cannot remember it.
 */
export function revokeBySubject(where: RevocationScope, subject: string): Promise<void> {
  return revokeEverywhere(where, 'subject', subject);
}

/** The same for all that was issued to one client, also on behalf of people, and for what it has pushed. */
export function revokeByClient(where: RevocationScope, clientId: string): Promise<void> {
  return revokeEverywhere(where, 'client', clientId);
}

async function revokeEverywhere(where: RevocationScope, holder: Holder, id: string): Promise<void> {
  if (typeof id !== 'string' || id === '') throw new TypeError(`Whose tokens? The ${holder} must be a string.`);
  await Promise.all(workspacesOf(where).map((workspace) => revokeUntilNow(workspace, holder, id)));
}
