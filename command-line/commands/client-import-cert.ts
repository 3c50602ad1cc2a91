import { clientOptions, withDirectory } from '../client-options.js';
import { type Command, UsageError } from '../command.js';
import { readInput } from '../input.js';

export const clientImportCert: Command = {
  name: 'client import-cert',
  operand: 'ID',
  summary: 'Registers a certificate for a client',
  options: {
    cert: { value: 'FILE', description: 'one certificate, PEM, - for stdin; must be given' },
    remove: { value: 'ID', description: 'end this one or this key: its id, kid or x5t#S256, as client show lists it' },
    ...clientOptions,
  },
  details: [
    'self_signed_tls_client_auth: the certificate counts beside those that are there, so that a new one is registered',
    'before the client uses it. With --remove an old one ends once the new one is there.',
    'tls_client_auth: it becomes the only one that is accepted, at once. Such a client better registers a name: then a new',
    'certificate needs no registration. What a certificate has to offer: cert describe.',
  ],
  examples: [
    'client import-cert reports --cert new.crt --workspace acme/demo',
    'client import-cert reports --cert new.crt --remove 1f3JYxTMbxm1Gk2F --workspace acme/demo',
  ],
  run: async (given, environment) => {
    const [file, old] = [given.text('cert'), given.text('remove')];
    if (file === undefined) throw new UsageError('Which certificate? Give --cert FILE.');
    const pem = await readInput(file);
    return withDirectory(given, environment, async (directory) => {
      const digest = await directory.keys.importCertificate(given.operand, pem);
      if (old !== undefined) await directory.keys.remove(given.operand, old);
      const lines = [
        `The certificate ${digest} is registered for ${given.operand}.`,
        ...(old === undefined ? [] : [`${old} is over.`]),
      ];
      const json = { client_id: given.operand, 'x5t#S256': digest, ...(old !== undefined && { removed: old }) };
      return { text: `${lines.join('\n')}\n`, json };
    });
  },
};
