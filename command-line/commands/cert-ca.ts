import { resolve } from 'node:path';
import { type Command, UsageError } from '../command.js';
import { daysOf } from '../days.js';
import { writeNewFiles } from '../new-files.js';

export const certCa: Command = {
  name: 'cert ca',
  summary: 'Makes a certificate authority for client certificates',
  operand: 'DIR',
  options: {
    name: { value: 'NAME', description: 'its common name, such as "Example clients"' },
    days: { value: 'N', description: 'default 3650' },
  },
  details: [
    'Writes DIR/ca.crt, which goes into root_cas, and DIR/ca.key, which signs: keep it off the server. What is there is',
    'never overwritten. For trying things out and for closed circles; a company has an authority already.',
  ],
  examples: ['cert ca ./clients --name "Example clients"'],
  async run(given) {
    const name = given.text('name');
    if (name === undefined) throw new UsageError('Who signs? Give --name NAME.');
    const lifetimeDays = daysOf(given, 3650, 36_500);
    const [{ makeAuthority }, { makePrivateKey }] = await Promise.all([
      import('../../example-app/pki/forge-certificates.js'),
      import('../../example-app/pki/keys.js'),
    ]);
    const privateKey = await makePrivateKey('rsa');
    const [certificate, key] = [resolve(given.operand, 'ca.crt'), resolve(given.operand, 'ca.key')];
    await writeNewFiles({
      [key]: privateKey,
      [certificate]: makeAuthority({ commonName: name, organization: name, privateKey, lifetimeDays }),
    });
    return {
      text: `${certificate}\n${key}\n\nIn the configuration of the workspace:  "root_cas": ${JSON.stringify([certificate])}\n`,
      json: { certificate, key },
    };
  },
};
