import { applyChanges, compareParts } from '../client-changes.js';
import { filePartsOf, parseClientFile } from '../client-file.js';
import type { Command } from '../command.js';
import { importReport } from '../import-report.js';
import { readInput } from '../input.js';
import { withServer } from '../open-server.js';
import { serverOptions, workspaceOption } from '../server-options.js';

export const importClients: Command = {
  name: 'import',
  operand: 'FILE',
  summary: 'Shows how the clients in the store differ from a file, and makes them the same with --apply',
  options: {
    apply: { description: 'do it; without it nothing is changed' },
    prune: {
      description: 'also remove clients of operators that FILE lacks, in workspaces that it has',
    },
    workspace: { ...workspaceOption, description: 'only what FILE says of this one, such as acme/demo' },
    ...serverOptions,
  },
  details: [
    'FILE is what export writes; - reads stdin. Everything is checked before anything is written: with one mistake nothing',
    'is changed. An entry is the whole client: members and keys that it lacks go. Secrets stay, whatever it lists: they have',
    'commands of their own. A new client that needs a secret gets one, printed here and never again, unless FILE has a hash.',
    'Doing it twice changes nothing the second time. If it breaks off, do it again.',
    '',
    'Exit code 3: there are differences, and --apply was not given.',
  ],
  examples: ['import clients.json', 'import clients.json --apply', 'import clients.json --apply --prune --json'],
  async run(given, environment) {
    const file = parseClientFile(await readInput(given.operand), given.operand);
    return withServer(given, environment, async (router) => {
      const planned = await compareParts(filePartsOf(file, router, given), given.has('prune'));
      return given.has('apply')
        ? importReport(await applyChanges(planned), true)
        : importReport({ all: planned }, false);
    });
  },
};
