import { clientOptions, withDirectory } from '../client-options.js';
import { clientsTable } from '../client-page.js';
import type { Command } from '../command.js';

export const clientList: Command = {
  name: 'client list',
  summary: 'Lists the clients of a workspace',
  options: clientOptions,
  details: [
    'FROM says who can change a client: configured (the configuration), operator (these commands), registered (itself,',
    'and these commands).',
  ],
  examples: ['client list --workspace acme/demo', 'client list --workspace acme/demo --json'],
  run: (given, environment) =>
    withDirectory(given, environment, async (directory) => {
      const clients = await directory.list();
      const text = clients.length > 0 ? clientsTable(clients) : ['There are no clients.'];
      return { text: `${text.join('\n')}\n`, json: { clients } };
    }),
};
