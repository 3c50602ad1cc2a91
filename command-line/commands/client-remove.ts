import { clientOptions, withDirectory } from '../client-options.js';
import type { Command } from '../command.js';

export const clientRemove: Command = {
  name: 'client remove',
  operand: 'ID',
  summary: 'Removes a client for good, with its secrets, keys, tokens and codes',
  options: clientOptions,
  details: [
    'Every token and code it was given is dead at once; an API that does not ask us takes JWTs until they expire.',
    'There is no way back: client disable has one.',
  ],
  examples: ['client remove reports --workspace acme/demo'],
  run: (given, environment) =>
    withDirectory(given, environment, async (directory) => {
      await directory.remove(given.operand);
      return { text: `Client ${given.operand} is removed.\n`, json: { removed: given.operand } };
    }),
};
