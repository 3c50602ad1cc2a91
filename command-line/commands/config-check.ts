import { randomBytes } from 'node:crypto';
import type { Command } from '../command.js';

export const configCheck: Command = {
  name: 'config check',
  summary: 'Says what is wrong in a configuration file, and starts nothing',
  operand: 'FILE',
  options: {},
  details: [
    'Reads FILE and what it names, and checks it as a start does: every mistake in one round, each by its path. Opens no',
    'store and no port. Exit code 0 means that a start would take it.',
  ],
  examples: ['config check as.json', 'config check as.json --json'],
  async run({ operand }) {
    const [{ readConfiguration }, { checkAuthorizationServer }, { findDoubts }] = await Promise.all([
      import('../../example-app/configuration/configuration.js'),
      import('../../example-app/authorization-server.js'),
      import('../../example-app/configuration/doubts.js'),
    ]);
    const configuration = readConfiguration(operand);
    await checkAuthorizationServer(configuration, randomBytes(32).toString('base64'));
    const doubts = findDoubts(configuration);
    const lines = doubts.map(({ name, ...fields }) => `  ${name} ${JSON.stringify(fields)}`);
    const text = lines.length === 0 ? ['It is sound.'] : ['It is sound. Look at', ...lines];
    return { text: `${text.join('\n')}\n`, json: { sound: true, warnings: doubts } };
  },
};
