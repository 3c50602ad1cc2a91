import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeCertificate } from '../../index.js';
import { type Command, type GivenOptions, UsageError } from '../command.js';
import { daysOf } from '../days.js';
import { writeNewFiles } from '../new-files.js';

export const certClient: Command = {
  name: 'cert client',
  summary: 'Makes a client certificate and its key',
  operand: 'DIR',
  options: {
    name: { value: 'NAME', description: 'the common name, and the name of the files' },
    ec: { description: 'a P-256 key; default RSA with 2048 bits' },
    'self-signed': { description: 'signed by its own key, for self_signed_tls_client_auth; RSA' },
    days: { value: 'N', description: 'default 397' },
  },
  details: [
    'Writes DIR/NAME.crt and DIR/NAME.key, signed by DIR/ca.crt and DIR/ca.key of "cert ca". What is there is never',
    'overwritten. Prints what to register; with curl: --cert DIR/NAME.crt --key DIR/NAME.key.',
  ],
  examples: ['cert client ./clients --name reports --ec', 'cert client ./clients --name kiosk --self-signed'],
  async run(given) {
    const name = fileName(given.text('name'));
    const selfSigned = given.has('self-signed');
    if (selfSigned && given.has('ec')) throw new UsageError('--self-signed makes an RSA key: leave --ec out.');
    const certificate = resolve(given.operand, `${name}.crt`);
    const key = resolve(given.operand, `${name}.key`);
    const [privateKey, pem] = await issue(given, name, selfSigned);
    await writeNewFiles({ [key]: privateKey, [certificate]: pem });
    const described = describeCertificate(pem);
    const metadata = selfSigned
      ? { token_endpoint_auth_method: 'self_signed_tls_client_auth', certificate }
      : { token_endpoint_auth_method: 'tls_client_auth', ...described.tls_client_auth[0] };
    return {
      text: `${certificate}\n${key}\n\nTo register: ${JSON.stringify(metadata)}\n`,
      json: { certificate, key, metadata },
    };
  },
};

function fileName(name: string | undefined): string {
  if (name === undefined) throw new UsageError('For whom? Give --name NAME.');
  if (/^[\w][\w.-]*$/.test(name) && name !== 'ca') return name;
  throw new UsageError('--name becomes a file name: letters, digits, dots, dashes and underscores, and not ca.');
}

async function issue(given: GivenOptions, commonName: string, selfSigned: boolean): Promise<[string, string]> {
  const lifetimeDays = daysOf(given, 397, 3650);
  const [forge, { makePrivateKey }] = await Promise.all([
    import('../../example-app/pki/forge-certificates.js'),
    import('../../example-app/pki/keys.js'),
  ]);
  const privateKey = await makePrivateKey(given.has('ec') ? 'ec' : 'rsa');
  const request = { commonName, organization: commonName, privateKey, lifetimeDays };
  if (selfSigned) return [privateKey, forge.makeClientCertificate(request)];
  const issuer = await readAuthority(given.operand);
  const make = given.has('ec') ? forge.makeEllipticClientCertificate : forge.makeClientCertificate;
  return [privateKey, make(request, issuer)];
}

async function readAuthority(
  directory: string,
): Promise<{ readonly certificate: string; readonly privateKey: string }> {
  try {
    const [certificate, privateKey] = await Promise.all(
      ['ca.crt', 'ca.key'].map((name) => readFile(resolve(directory, name), 'utf8')),
    );
    return { certificate: certificate ?? '', privateKey: privateKey ?? '' };
  } catch (cause) {
    throw new Error(`There is no authority in ${directory}. Make one: npx express-client-auth cert ca ${directory}`, {
      cause,
    });
  }
}
