import type { Command } from '../command.js';
import { nameOf, withServer } from '../open-server.js';
import { serverOptions } from '../server-options.js';
import { columns } from '../table.js';

export const workspaceList: Command = {
  name: 'workspace list',
  summary: 'Lists the workspaces and their issuers',
  options: serverOptions,
  details: ['One workspace is one issuer, with clients, keys and a policy of its own.'],
  examples: ['workspace list', 'workspace list --config as.json --json'],
  run: (given, environment) =>
    withServer(given, environment, async ({ workspaces }) => {
      const rows = workspaces.map((each) => {
        const { issuer, policy, grants, pool } = each;
        return {
          workspace: nameOf(each),
          issuer,
          profile: policy.profile,
          pool: pool?.name,
          grants: [...grants.keys()],
        };
      });
      const lines = rows.map(({ workspace, issuer, profile, pool = '-', grants }) => [
        workspace,
        issuer,
        profile,
        pool,
        grants.join(' '),
      ]);
      const text = columns([['WORKSPACE', 'ISSUER', 'PROFILE', 'POOL', 'GRANTS'], ...lines]);
      return { text: `${text.join('\n')}\n`, json: { workspaces: rows } };
    }),
};
