import { clientOptions, withDirectory } from '../client-options.js';
import { clientPage } from '../client-page.js';
import type { Command } from '../command.js';

export const clientShow: Command = {
  name: 'client show',
  operand: 'ID',
  summary: 'Shows a client, its secrets by id and times, and its keys',
  options: clientOptions,
  details: [
    'No secret is shown: the store has hashes alone. SECRET is what events call secret_id. SECRET KEY is the id of the one',
    'of secret_keys that protects the secret; keep that key as long as the secret is in use.',
  ],
  examples: ['client show reports --workspace acme/demo'],
  run: (given, environment) =>
    withDirectory(given, environment, async (directory) => {
      const described = await directory.describe(given.operand);
      if (!described) throw new Error(`There is no client ${given.operand}.`);
      return { text: `${clientPage(described).join('\n')}\n`, json: described };
    }),
};
