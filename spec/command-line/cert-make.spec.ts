import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { issuer, serverCertificate } from '../support/methods.js';
import { specServer, tlsServer } from '../support/spec-server.js';
import { runHere } from './run-here.js';

const directory = mkdtempSync(join(tmpdir(), 'cert-make-'));
const read = (name: string) => readFileSync(join(directory, name), 'utf8');
beforeAll(async () => {
  expect(await runHere('cert', 'ca', directory, '--name', 'Example clients')).toMatchObject({ code: 0, error: '' });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What the token endpoint says to a client with this certificate. */
async function authenticate(name: string, metadata: Record<string, unknown>): Promise<number> {
  const client = { client_id: 'made', grant_types: ['client_credentials'], ...metadata };
  const { router } = specServer({ issuer, clients: [client], root_cas: [read('ca.crt')] });
  const server = await tlsServer(router);
  try {
    return await new Promise((resolve, reject) => {
      const sent = request(
        `${server.origin}/oauth2/token`,
        {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          ca: serverCertificate.cert,
          rejectUnauthorized: false,
          cert: read(`${name}.crt`),
          key: read(`${name}.key`),
          agent: false,
        },
        (reply) => {
          reply.resume();
          resolve(reply.statusCode ?? 0);
        },
      );
      sent.on('error', reject);
      sent.end('grant_type=client_credentials&client_id=made');
    });
  } finally {
    server.close();
  }
}

describe('cert ca and cert client', () => {
  it('write keys that nobody else can read', () => {
    for (const name of ['ca.key', 'ca.crt']) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
    expect(new X509Certificate(read('ca.crt')).subject).toContain('CN=Example clients');
  });

  it.each([
    ['rsa', []],
    ['elliptic', ['--ec']],
  ])('TCA-01 make a certificate that works as the printed line registers it: %s', async (name, options) => {
    const { code, out } = await runHere('cert', 'client', directory, '--name', name, ...options, '--json');
    expect(code).toBe(0);
    const { certificate, key, metadata } = JSON.parse(out);
    expect([certificate, key]).toEqual([join(directory, `${name}.crt`), join(directory, `${name}.key`)]);
    expect(await authenticate(name, metadata)).toBe(200);
    expect(await authenticate(name, { ...metadata, tls_client_auth_subject_dn: 'CN=other' })).toBe(401);
  });

  it('SST-01 make a self-signed one', async () => {
    const { out } = await runHere('cert', 'client', directory, '--name', 'kiosk', '--self-signed', '--json');
    const { metadata } = JSON.parse(out);
    expect(metadata.certificate).toBe(join(directory, 'kiosk.crt'));
    expect(await authenticate('kiosk', { ...metadata, certificate: read('kiosk.crt') })).toBe(200);
    expect(await authenticate('kiosk', { ...metadata, certificate: read('ca.crt') }).catch(() => 401)).toBe(401);
  });

  it('overwrite nothing', async () => {
    const before = read('ca.key');
    const again = await runHere('cert', 'ca', directory, '--name', 'Another');
    expect(again).toMatchObject({ code: 1, out: '', error: expect.stringContaining('Nothing was overwritten') });
    expect(read('ca.key')).toBe(before);
  });

  it('say what is wrong', async () => {
    const wrong: [string[], string, number][] = [
      [['cert', 'ca', directory], 'Who signs?', 2],
      [['cert', 'client', directory], 'For whom?', 2],
      [['cert', 'client', directory, '--name', '../x'], 'becomes a file name', 2],
      [['cert', 'client', directory, '--name', 'ca'], 'becomes a file name', 2],
      [['cert', 'client', directory, '--name', 'x', '--days', '0'], '--days must be 1 to', 2],
      [['cert', 'client', directory, '--name', 'x', '--ec', '--self-signed'], 'leave --ec out', 2],
      [['cert', 'client', join(directory, 'none'), '--name', 'x'], 'There is no authority', 1],
    ];
    for (const [args, message, code] of wrong) {
      expect(await runHere(...args)).toMatchObject({ code, out: '', error: expect.stringContaining(message) });
    }
  });
});
