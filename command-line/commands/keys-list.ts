import { listSigningKeys } from '../../index.js';
import type { Command } from '../command.js';
import { keysJson, keysTable } from '../keys-table.js';
import { chosenWorkspaces, withServer } from '../open-server.js';
import { serverOptions, workspaceOption } from '../server-options.js';

export const keysList: Command = {
  name: 'keys list',
  summary: 'Lists the signing keys and when each signs',
  options: { workspace: { ...workspaceOption, description: 'of this one alone, such as acme/demo' }, ...serverOptions },
  details: [
    'next     published in the JWKS, does not sign yet',
    'active   signs',
    'retired  stays in the JWKS until the last token it signed is over',
    '',
    'SECRET KEY is the id of the one of secret_keys that encrypts it in the store. One that no key names any more',
    'can be taken out of secret_keys. Changes nothing.',
  ],
  examples: ['keys list', 'keys list --config as.json --workspace acme/demo --json'],
  run: (given, environment) =>
    withServer(given, environment, async (router) => {
      const keys = await listSigningKeys({ workspaces: chosenWorkspaces(router, given) });
      const text = keys.length > 0 ? keysTable(keys) : ['There are no keys yet: the server makes them when it starts.'];
      return { text: `${text.join('\n')}\n`, json: keysJson(keys) };
    }),
};
