import type { Command } from '../command.js';

export const configSchema: Command = {
  name: 'config schema',
  summary: 'Prints the JSON Schema of the configuration file',
  options: {},
  details: [
    'For editors: they complete members and mark mistakes. Name the file in the configuration:',
    '',
    '  "$schema": "./configuration.schema.json"',
    '',
    'The same stands in the package as docs/configuration.schema.json.',
  ],
  examples: ['config schema > configuration.schema.json'],
  async run() {
    const { configurationJsonSchema } = await import('../../example-app/configuration/json-schema.js');
    const json = configurationJsonSchema();
    return { text: `${JSON.stringify(json, undefined, 2)}\n`, json };
  },
};
