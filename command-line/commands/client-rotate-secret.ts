import { clientOptions, duration, withDirectory } from '../client-options.js';
import type { Command } from '../command.js';
import { readInput } from '../input.js';
import { time } from '../table.js';

export const clientRotateSecret: Command = {
  name: 'client rotate-secret',
  operand: 'ID',
  summary: 'Gives a client a new secret, beside the old ones for a while',
  options: {
    overlap: { value: 'TIME', description: 'how long the old ones still work: seconds, or 30m, 12h, 7d; default 1d' },
    expires: { value: 'TIME', description: 'how long the new one works; default for ever' },
    from: { value: 'FILE', description: 'take the secret from there, - for stdin, in place of making one' },
    ...clientOptions,
  },
  details: [
    'The new secret works at once, the old ones until the overlap is over: nobody notices. It is printed here and never',
    'again. Give it to the client; when events carry its id as secret_id everywhere, end the old one at once with',
    'client revoke-secret, or let it run out. Two operators who do this at the same time each get a secret that works.',
  ],
  examples: [
    'client rotate-secret reports --workspace acme/demo',
    'client rotate-secret reports --workspace acme/demo --overlap 7d --expires 365d',
    'client rotate-secret reports --workspace acme/demo --from - < secret.txt',
  ],
  run: async (given, environment) => {
    const [overlap, life, from] = [duration(given, 'overlap'), duration(given, 'expires'), given.text('from')];
    const value = from === undefined ? undefined : await readInput(from);
    return withDirectory(given, environment, async (directory) => {
      const rotated = await directory.secrets.rotate(given.operand, {
        ...(overlap !== undefined && { overlap }),
        ...(value !== undefined && { value }),
        ...(life !== undefined && { expires_at: Math.floor(Date.now() / 1000) + life }),
      });
      const { id: secret_id, value: client_secret, retiring, expires_at } = rotated;
      const made = value === undefined ? { client_secret } : {};
      const lines = [
        ...retiring.map((old) => `Secret ${old.id} works until ${time(old.expires_at)}.`),
        ...(expires_at === undefined ? [] : [`The new one works until ${time(expires_at)}.`]),
        value === undefined
          ? `The new secret ${secret_id}, which is not shown again:`
          : `The new secret is ${secret_id}.`,
        ...(value === undefined ? [client_secret] : []),
      ];
      const json = {
        client_id: given.operand,
        secret_id,
        ...made,
        retiring,
        ...(expires_at !== undefined && { expires_at }),
      };
      return { text: `${lines.join('\n')}\n`, json };
    });
  },
};
