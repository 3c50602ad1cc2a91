import { writeClientFile } from '../client-file.js';
import type { Command } from '../command.js';
import { chosenWorkspaces, withServer } from '../open-server.js';
import { printableJson } from '../printable.js';
import { serverOptions, workspaceOption } from '../server-options.js';

export const exportClients: Command = {
  name: 'export',
  summary: 'Writes the clients in the store as JSON, for version control and for import',
  options: {
    workspace: workspaceOption,
    hashes: { description: 'also the hash of each secret, or its encrypted form: keep such a file as a secret' },
    ...serverOptions,
  },
  details: [
    'Metadata by the names of RFC 7591, without what is the default; public keys; of secrets the ids, never the secrets.',
    'Clients of the configuration stand there, and clients that registered themselves are their own: neither is written.',
  ],
  examples: ['export --workspace acme/demo > clients.json', 'export --hashes | gpg --encrypt -r ops > clients.gpg'],
  run: (given, environment) =>
    withServer(given, environment, async (router) => {
      const hashes = given.has('hashes');
      const parts = await Promise.all(
        chosenWorkspaces(router, given).map(async (workspace) => ({
          workspace,
          path: '',
          entries: await workspace.directory.entries.all({ hashes }),
        })),
      );
      const json = writeClientFile(parts);
      return { text: `${printableJson(json)}\n`, json };
    }),
};
