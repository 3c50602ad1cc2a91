import { clientOptions, withDirectory } from '../client-options.js';
import { type Command, UsageError } from '../command.js';
import { readInput } from '../input.js';
import { readPublicJwk } from '../public-jwk.js';

export const clientAddKey: Command = {
  name: 'client add-key',
  operand: 'ID',
  summary: 'Registers a further public key for a client',
  options: {
    jwk: { value: 'FILE', description: 'the public key, JWK or PEM, - for stdin; must be given' },
    kid: { value: 'ID', description: 'its kid, where FILE has none: what the header of assertions names it by' },
    ...clientOptions,
  },
  details: [
    'For private_key_jwt. The new key counts beside those that are there, so nobody notices: register it, let the client',
    'sign with it everywhere, then end the old one with client remove-key. A client with a jwks_uri does this there. For',
    'a certificate: client import-cert.',
  ],
  examples: [
    'client add-key reports --jwk new.jwk --workspace acme/demo',
    'client add-key reports --jwk new.pub.pem --kid 2026-11 --workspace acme/demo',
  ],
  run: async (given, environment) => {
    const [file, kid] = [given.text('jwk'), given.text('kid')];
    if (file === undefined) throw new UsageError('Which key? Give --jwk FILE.');
    const jwk = readPublicJwk(await readInput(file), kid);
    return withDirectory(given, environment, async (directory) => {
      const id = await directory.keys.add(given.operand, jwk);
      return {
        text: `The key ${id} is registered for ${given.operand}.\n`,
        json: { client_id: given.operand, key_id: id, ...(jwk.kid !== undefined && { kid: jwk.kid }) },
      };
    });
  },
};

export const clientRemoveKey: Command = {
  name: 'client remove-key',
  operand: 'ID',
  summary: 'Ends one public key or certificate of a client at once',
  options: {
    id: { value: 'ID', description: 'which: its id, kid or x5t#S256, as client show lists it; must be given' },
    ...clientOptions,
  },
  details: ['The last key of a client that needs one cannot be removed: add another first, or disable the client.'],
  examples: ['client remove-key reports --id 2025-11 --workspace acme/demo'],
  run: async (given, environment) => {
    const id = given.text('id');
    if (id === undefined) throw new UsageError('Which key? Give --id ID.');
    return withDirectory(given, environment, async (directory) => {
      await directory.keys.remove(given.operand, id);
      return {
        text: `Key ${id} of ${given.operand} is over.\n`,
        json: { client_id: given.operand, removed: id },
      };
    });
  },
};
