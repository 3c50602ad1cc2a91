import { clientOptions, withDirectory } from '../client-options.js';
import { type Command, UsageError } from '../command.js';

export const clientRevokeSecret: Command = {
  name: 'client revoke-secret',
  operand: 'ID',
  summary: 'Ends one secret of a client at once',
  options: {
    id: { value: 'ID', description: 'which: as client show lists it, and events as secret_id; must be given' },
    ...clientOptions,
  },
  details: ['The last secret that works cannot be revoked: rotate first, or disable the client.'],
  examples: ['client revoke-secret reports --id 4f1c09aa72be --workspace acme/demo'],
  run: async (given, environment) => {
    const id = given.text('id');
    if (id === undefined) throw new UsageError('Which secret? Give --id ID.');
    return withDirectory(given, environment, async (directory) => {
      await directory.secrets.revoke(given.operand, id);
      const json = { client_id: given.operand, revoked: id };
      return { text: `Secret ${id} of ${given.operand} is over.\n`, json };
    });
  },
};
