import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ca, clientCertificate, ownCertificate } from '../support/methods.js';
import type { Certificate } from '../support/pki.js';
import { noteSecret } from '../support/suite-log.js';
import { type TlsWorld, tlsWorld } from '../support/tls-world.js';

const intermediate = ca.issue({ subject: 'CN=Intermediate', isCa: true });
const below = intermediate.issue({ subject: 'CN=tls.example.com,O=Example' });

let world: TlsWorld;
let directory: string;
let files = 0;
beforeAll(async () => {
  world = await tlsWorld();
  directory = mkdtempSync(join(tmpdir(), 'resumption-'));
});
afterAll(async () => {
  await world.stop();
  rmSync(directory, { recursive: true, force: true });
});

function written(text: string): string {
  files += 1;
  const file = join(directory, String(files));
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

interface Visit {
  readonly clientId: string;
  readonly session: readonly string[];
  readonly certificate?: Certificate;
  readonly chain?: readonly Certificate[];
}

/** One token request by `openssl s_client`, on a new connection. */
function visit(version: string, { clientId, session, certificate, chain = [] }: Visit) {
  const shown = certificate ? ['-cert', written(certificate.cert), '-key', written(certificate.key)] : [];
  const further = chain.length > 0 ? ['-cert_chain', written(chain.map(({ cert }) => cert).join(''))] : [];
  const body = `grant_type=client_credentials&client_id=${clientId}`;
  const lines = [
    'POST /oauth2/token HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
    'Connection: close',
    '',
    body,
  ];
  const { port } = new URL(world.origin);
  const connection = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost', version, '-ign_eof'];
  return new Promise<{ resumed: boolean; status: number; reason: string | undefined }>((resolve, reject) => {
    const child = execFile('openssl', [...connection, ...shown, ...further, ...session], (error, stdout) => {
      const status = /HTTP\/1\.1 (\d+)/.exec(stdout)?.[1];
      const token = /"access_token":"([^"]+)"/.exec(stdout)?.[1];
      if (token) noteSecret(token);
      if (status === undefined) reject(error ?? new Error(stdout));
      else resolve({ resumed: /^Reused, /m.test(stdout), status: Number(status), reason: world.last().reason });
    });
    child.stdin?.end(lines.join('\r\n'));
  });
}

describe.each(['-tls1_2', '-tls1_3'])('openssl s_client %s', (version) => {
  it.each<[string, Omit<Visit, 'session'>]>([
    ['a certificate', { clientId: 'tls-client', certificate: clientCertificate }],
    ['a certificate with its chain', { clientId: 'tls-client', certificate: below, chain: [intermediate] }],
    ['a self-signed certificate', { clientId: 'self-signed-client', certificate: ownCertificate }],
  ])('MTL-06 a resumed session has the verdict of the full handshake: %s', async (_, who) => {
    const session = join(directory, `session${files}`);
    const accepted = { status: 200, reason: undefined };
    expect(await visit(version, { ...who, session: ['-sess_out', session] })).toEqual({ ...accepted, resumed: false });
    // The certificate is in the session: none is shown again.
    const { clientId } = who;
    expect(await visit(version, { clientId, session: ['-sess_in', session] })).toEqual({ ...accepted, resumed: true });
    const asOther = { clientId: clientId === 'tls-client' ? 'self-signed-client' : 'tls-client' };
    expect(await visit(version, { ...asOther, session: ['-sess_in', session] })).toMatchObject({ status: 401 });
  });

  it('MTL-06 a session without a certificate stays without one', async () => {
    const session = join(directory, `session${files}-none`);
    const refused = { status: 401, reason: 'certificate_missing' };
    const clientId = 'tls-client';
    expect(await visit(version, { clientId, session: ['-sess_out', session] })).toEqual({ ...refused, resumed: false });
    expect(await visit(version, { clientId, session: ['-sess_in', session] })).toEqual({ ...refused, resumed: true });
  });
});
