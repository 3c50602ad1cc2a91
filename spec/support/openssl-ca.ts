import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Certificate } from './pki.js';

const run = promisify(execFile);

const configuration = (listsUrl: string, responderUrl: string) => `
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 30
default_crl_days = 1
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
CN = OpenSSL CA
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[client]
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
authorityInfoAccess = OCSP;URI:${responderUrl}
crlDistributionPoints = URI:${listsUrl}
[responder]
keyUsage = critical,digitalSignature
extendedKeyUsage = OCSPSigning
`;

/** A CA kept by the command line openssl, with its OCSP responder, which listens on a port of its own when asked to. */
export interface OpensslCa {
  readonly cert: string;
  /** Issues a certificate for `/CN=name` by `openssl ca`, with the responder and the lists in it. */
  issue(name: string, section?: 'client' | 'responder'): Promise<Certificate & { readonly file: string }>;
  revoke(certificate: { readonly file: string }): Promise<void>;
  /** Lets the responder answer, with what has been issued and revoked by now: it reads its index only once. */
  respond(): Promise<void>;
  /** What `openssl ca -gencrl` writes, in PEM. */
  list(): Promise<Buffer>;
  /** Empties the database, so that the responder knows no certificate. */
  forget(): Promise<void>;
  stop(): Promise<void>;
}

export interface OpensslOptions {
  readonly listsUrl: string;
  readonly key: readonly string[];
  /** Whether answers are signed by a delegate instead of the CA. */
  readonly delegate?: boolean;
  /** Further arguments of `openssl ocsp`. */
  readonly arguments?: readonly string[];
}

export async function opensslCa(options: OpensslOptions): Promise<OpensslCa> {
  const directory = await mkdtemp(join(tmpdir(), 'openssl-ca-'));
  const openssl = (...parameters: string[]) => run('openssl', parameters, { cwd: directory });
  const at = (name: string) => join(directory, name);
  await writeFile(at('ca.cnf'), configuration(options.listsUrl, 'http://127.0.0.1:1/'));
  await Promise.all([
    writeFile(at('index.txt'), ''),
    writeFile(at('serial'), '1000'),
    writeFile(at('crlnumber'), '01'),
  ]);
  const days = ['-days', '30', '-config', 'ca.cnf', '-extensions', 'authority'];
  await openssl('req', '-x509', ...options.key, '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', ...days);
  let issued = 0;

  async function issue(name: string, section = 'client') {
    issued += 1;
    const [key, csr, cert] = [`${issued}.key`, `${issued}.csr`, `${issued}.crt`];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    await openssl('req', ...curve, '-keyout', key, '-out', csr, '-subj', `/CN=${name}`, '-config', 'ca.cnf');
    const parameters = ['-batch', '-config', 'ca.cnf', '-in', csr, '-out', cert, '-notext', '-extensions', section];
    await openssl('ca', ...parameters);
    const [certText, keyText] = await Promise.all([readFile(at(cert), 'utf8'), readFile(at(key), 'utf8')]);
    const der = Buffer.from(certText.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    return {
      cert: certText,
      key: keyText,
      der,
      file: cert,
      issue: () => {
        throw new Error('not a CA');
      },
    };
  }

  const port = await freePort();
  await writeFile(at('ca.cnf'), configuration(options.listsUrl, `http://127.0.0.1:${port}/`));
  const signer = options.delegate ? await issue('Responder', 'responder') : undefined;
  const [cert, key] = signer ? [signer.file, signer.file.replace('.crt', '.key')] : ['ca.pem', 'ca.key'];
  const parameters = ['-port', String(port), '-rsigner', cert, '-rkey', key, ...(options.arguments ?? [])];
  let child: ChildProcess | undefined;
  return {
    cert: await readFile(at('ca.pem'), 'utf8'),
    issue,
    revoke: async ({ file }) => {
      await openssl('ca', '-config', 'ca.cnf', '-revoke', file, '-crl_reason', 'keyCompromise');
    },
    list: async () => {
      await openssl('ca', '-config', 'ca.cnf', '-gencrl', '-out', 'ca.crl');
      return readFile(at('ca.crl'));
    },
    forget: () => writeFile(at('index.txt'), ''),
    respond: async () => {
      await ended(child);
      child = await responder(directory, parameters);
    },
    stop: async () => {
      await ended(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill();
  await exit;
}

/** Starts `openssl ocsp`, which says when it listens. */
function responder(cwd: string, parameters: readonly string[]): Promise<ChildProcess> {
  const fixed = ['ocsp', '-index', 'index.txt', '-CA', 'ca.pem'];
  const child = spawn('openssl', [...fixed, ...parameters], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('waiting for OCSP client connections')) resolve(child);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`openssl ocsp ended with ${code}: ${output}`)));
  });
}

/** Host and port of the responder that a certificate of such a CA names. */
export function responderHost(certificate: Certificate): string {
  const host = /http:\/\/(127\.0\.0\.1:\d+)\//.exec(certificate.der.toString('latin1'))?.[1];
  if (host === undefined) throw new Error('the certificate names no responder');
  return host;
}
