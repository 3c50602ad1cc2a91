import { clientOptions, withDirectory } from '../client-options.js';
import { type Command, UsageError } from '../command.js';
import { readInput } from '../input.js';

export const clientAdd: Command = {
  name: 'client add',
  operand: 'FILE',
  summary: 'Adds a client, and prints the secret that it gets',
  options: clientOptions,
  details: [
    'FILE is JSON: client metadata by the names of RFC 7591, as in the configuration. - reads it from stdin.',
    'Without client_id it gets one. Without the secret that its method needs it gets one too, printed here and never again;',
    'one of its own stands in FILE as client_secret. Every mistake names its member, and nothing is added then.',
    '',
    'Works while the server runs, which knows the client at once.',
  ],
  examples: ['client add reports.json --workspace acme/demo', 'client add - --workspace acme/demo < reports.json'],
  run: async (given, environment) => {
    const metadata = parse(await readInput(given.operand), given.operand);
    return withDirectory(given, environment, async (directory) => {
      const { parsed, secret } = await directory.add(metadata);
      const told = secret && { client_secret: secret.value, secret_id: secret.id };
      const lines = [
        `Client ${parsed.client_id} was added.`,
        ...(secret ? [`Its secret ${secret.id}, which is not shown again:`, secret.value] : []),
      ];
      return { text: `${lines.join('\n')}\n`, json: { client_id: parsed.client_id, ...told } };
    });
  },
};

/** The message never repeats the text: it may hold a secret. */
function parse(text: string, file: string): object {
  const value = readJson(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new UsageError(`${file === '-' ? 'stdin' : file} is not a JSON object.`);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
