import { clientOptions, withDirectory } from '../client-options.js';
import type { Command } from '../command.js';

export const clientDisable: Command = {
  name: 'client disable',
  operand: 'ID',
  summary: 'Keeps a client out, on every machine within a second',
  options: clientOptions,
  details: [
    'Its credentials are refused as wrong ones are, and so are the tokens it was given, wherever we are asked about them; an',
    'API that does not ask takes JWTs until they expire. Nothing is lost: client enable lets it in again, tokens that have',
    'not expired too, unless tokens revoke --client ends them. A client of the configuration is disabled there.',
  ],
  examples: ['client disable reports --workspace acme/demo'],
  run: statusCommand('inactive', 'is refused on every machine within a second'),
};

export const clientEnable: Command = {
  name: 'client enable',
  operand: 'ID',
  summary: 'Lets a client in again',
  options: clientOptions,
  details: [],
  examples: ['client enable reports --workspace acme/demo'],
  run: statusCommand('active', 'is let in again'),
};

function statusCommand(status: 'active' | 'inactive', effect: string): Command['run'] {
  return (given, environment) =>
    withDirectory(given, environment, async (directory) => {
      await directory.setStatus(given.operand, status);
      return { text: `Client ${given.operand} ${effect}.\n`, json: { client_id: given.operand, status } };
    });
}
