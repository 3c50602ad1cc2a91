import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ca } from './methods.js';
import type { Certificate } from './pki.js';

export interface CurlReply {
  readonly status: number;
  readonly body: Record<string, unknown>;
  /** Connections that this request had to open: 0 when it went over the one before. */
  readonly connects: number;
}

/** The command line curl, trusting the CA of the specs. */
export interface Curl {
  /** Runs it with these arguments and resolves with one reply per URL; rejects where curl itself fails. */
  run(...parameters: readonly string[]): Promise<CurlReply[]>;
  /** The arguments that present a certificate. */
  certificate(certificate: Certificate): Promise<string[]>;
  /** Removes its files. */
  close(): Promise<void>;
}

/** A place for curl's files, under the system's temporary directory. */
export async function makeCurl(): Promise<Curl> {
  const directory = await mkdtemp(join(tmpdir(), 'curl-'));
  const anchors = join(directory, 'ca.pem');
  await writeFile(anchors, ca.cert);
  let files = 0;
  const report = ['--silent', '--show-error', '--cacert', anchors, '--write-out', '\n%{http_code} %{num_connects}\n'];
  return {
    async run(...parameters) {
      // `--next` forgets the options of the request before, so each request gets its own.
      const each = parameters.flatMap((parameter) => (parameter === '--next' ? ['--next', ...report] : [parameter]));
      return replies(await output([...report, ...each]));
    },
    async certificate({ cert, key }) {
      files += 1;
      const [certFile, keyFile] = [join(directory, `${files}.crt`), join(directory, `${files}.key`)];
      await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key, { mode: 0o600 })]);
      return ['--cert', certFile, '--key', keyFile];
    },
    close: () => rm(directory, { recursive: true, force: true }),
  };
}

function output(parameters: readonly string[]): Promise<string> {
  // Not what the person who runs the specs has in ~/.curlrc or in the environment's proxy.
  const own = ['--disable', '--noproxy', '*', '--max-time', '15'];
  return new Promise((resolve, reject) => {
    execFile('curl', [...own, ...parameters], (error, stdout) => (error ? reject(error) : resolve(stdout)));
  });
}

function replies(text: string): CurlReply[] {
  const lines = text.split('\n').filter((line) => line !== '');
  const found: CurlReply[] = [];
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const [status, connects] = lines[at + 1]!.split(' ').map(Number);
    found.push({ body: JSON.parse(lines[at]!), status: status!, connects: connects! });
  }
  return found;
}
