import { authorizationServerMetadata } from '../../index.js';
import { type Command, UsageError } from '../command.js';
import { chosenWorkspaces, withServer } from '../open-server.js';
import { serverOptions, workspaceOption } from '../server-options.js';
import { columns } from '../table.js';

export const workspaceShow: Command = {
  name: 'workspace show',
  summary: 'Shows what clients are told of a workspace: its metadata',
  options: { workspace: workspaceOption, ...serverOptions },
  details: [
    'What stands at its /.well-known/openid-configuration (RFC 8414): what is really enabled, and nothing else.',
  ],
  examples: ['workspace show --workspace acme/demo', 'workspace show --workspace acme/demo --json'],
  run: (given, environment) => {
    if (given.text('workspace') === undefined) throw new UsageError('Which? Give --workspace TENANT/WORKSPACE.');
    return withServer(given, environment, async (router) => {
      const metadata = chosenWorkspaces(router, given).map(authorizationServerMetadata)[0] ?? {};
      const rows = Object.entries(metadata)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [name, shown(value)]);
      return { text: `${columns(rows).join('\n')}\n`, json: metadata };
    });
  },
};

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.join(' ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
