import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Command } from '../command.js';
import { writeNewFiles } from '../new-files.js';

export const init: Command = {
  name: 'init',
  summary: 'Writes a configuration to begin with',
  operand: 'DIR',
  options: {},
  details: [
    'Writes DIR/as.json and DIR/configuration.schema.json, by which editors complete it: one workspace, one client with a',
    'secret of its own, secret_keys of this server. Both hold for this server alone; the files are for you alone, and what',
    'is there is never overwritten.',
  ],
  examples: ['init ./auth', 'serve --config ./auth/as.json --data-dir ./auth/data'],
  async run({ operand }) {
    const { configurationJsonSchema } = await import('../../example-app/configuration/json-schema.js');
    const secret = randomBytes(32).toString('base64url');
    const file = resolve(operand, 'as.json');
    const schema = resolve(operand, 'configuration.schema.json');
    await writeNewFiles({
      [file]: `${JSON.stringify(firstConfiguration(secret), undefined, 2)}\n`,
      [schema]: `${JSON.stringify(configurationJsonSchema(), undefined, 2)}\n`,
    });
    const data = resolve(operand, 'data');
    const next = [
      '',
      'Next',
      `  npx express-client-auth serve --config ${file} --data-dir ${data}`,
      'and, in another terminal, a token',
      `  curl -sS --fail-with-body --cacert ${join(data, 'pki/ca.crt')} -u service:${secret} -d grant_type=client_credentials https://localhost:8443/example/main/oauth2/token`,
    ];
    return { text: `${[file, schema, ...next].join('\n')}\n`, json: { configuration: file, schema } };
  },
};

function firstConfiguration(secret: string) {
  return {
    $schema: './configuration.schema.json',
    secret_keys: [randomBytes(32).toString('base64')],
    tenants: {
      example: {
        workspaces: {
          main: {
            scopes: { read: { description: 'Read' } },
            grant_types: ['client_credentials'],
            clients: [
              {
                client_id: 'service',
                client_secret: secret,
                grant_types: ['client_credentials'],
                scope: 'read',
              },
            ],
          },
        },
      },
    },
  };
}
