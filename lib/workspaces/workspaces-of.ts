import type { Workspace } from './workspace.js';

/**
 * The workspaces of a router that lists them, or the one given. Throws TypeError for a router that finds them: nobody
 * knows them all, and nothing would be done in silence.
 */
export function workspacesOf(where: { readonly workspaces: readonly Workspace[] } | Workspace): readonly Workspace[] {
  if (!('workspaces' in where)) return [where];
  if (where.workspaces.length > 0) return where.workspaces;
  throw new TypeError('This router finds its workspaces. Name one: await router.workspace(issuer).');
}
