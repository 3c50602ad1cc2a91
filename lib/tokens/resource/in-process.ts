import { OptionsError } from '../../options.js';
import type { Workspace } from '../../workspaces/workspace.js';
import { claimedWorkspace, verifyAccessToken } from '../verify-access-token.js';
import type { TokenSource } from './token-source.js';

/**
 * The router of this process: opaque tokens and revocation are read where they lie, and are never out of date; keys and
 * clients are as the router itself knows them. `issuer`: the only ones whose tokens are taken. Throws OptionsError for one that is not the router's.
 */
export function inProcess(
  all: readonly Workspace[],
  issuer: string | readonly string[] | undefined,
  audience: string | undefined,
): TokenSource {
  const workspaces = issuer === undefined ? all : [issuer].flat().map((wanted) => workspaceOf(wanted, all));
  const [home] = workspaces;
  if (!home)
    throw new OptionsError([
      {
        path: 'authorizationServer',
        message: 'lists no workspaces; beside workspaces.find, name issuer and audience alone',
      },
    ]);
  return {
    home,
    homeOf: (token) => claimedWorkspace(token, workspaces) ?? home,
    async accept(token) {
      const { claims, workspace } = await verifyAccessToken(token, workspaces, audience);
      return { claims: { ...claims }, home: workspace };
    },
  };
}

function workspaceOf(wanted: string, all: readonly Workspace[]): Workspace {
  const workspace = all.find(({ issuer }) => issuer === wanted);
  if (workspace) return workspace;
  throw new OptionsError([{ path: 'issuer', message: `${wanted} is none of the router's issuers` }]);
}
