import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { run } from '../../command-line/run.js';
import { describeCertificate } from '../../index.js';
import { makeCa, selfSigned } from '../support/pki.js';

const directory = mkdtempSync(join(tmpdir(), 'cert-describe-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const ca = makeCa();
const client = ca.issue({ subject: 'CN=client,O=Example', san: ['DNS:a.example.com'] });

let files = 0;
function file(content: string | Buffer): string {
  files += 1;
  const path = join(directory, String(files));
  writeFileSync(path, content);
  return path;
}

async function call(...args: string[]) {
  const said = { out: '', error: '' };
  const code = await run(
    ['cert', 'describe', ...args],
    {},
    {
      out: (text) => {
        said.out += text;
      },
      error: (text) => {
        said.error += text;
      },
    },
  );
  return { code, ...said };
}

describe('cert describe', () => {
  it('TCA-02 prints the lines to paste', async () => {
    const { code, out } = await call(file(client.cert));
    expect(code).toBe(0);
    expect(out).toContain('\n  "tls_client_auth_subject_dn":"CN=client,O=Example"\n');
    expect(out).toContain('\n  "tls_client_auth_san_dns":"a.example.com"\n');
    expect(out).toMatch(/^Subject {6}CN=client,O=Example\nIssuer {7}CN=Test CA,O=Example\n/);
    const described = describeCertificate(client.der);
    expect(out).toContain(`\nx5t#S256     ${described['x5t#S256']}\n`);
    expect(out).toContain(`\n  ${JSON.stringify(described.jwk)}\n`);
    expect(out).not.toContain('Warnings');
  });

  it('reads DER, PEM with text around it, and keys beside it, which it does not print', async () => {
    const json = async (content: string | Buffer) => JSON.parse((await call(file(content), '--json')).out);
    const described = describeCertificate(client.der);
    expect(await json(client.der)).toEqual(described);
    expect(await json(`subject=CN = client\n${client.cert}${client.key}`)).toEqual(described);
    expect(await json(client.cert + ca.cert)).toEqual([described, describeCertificate(ca.der)]);
    expect((await call('--json', file(client.cert))).code).toBe(0);
  });

  it('prints the warnings', async () => {
    const old = selfSigned({ notBefore: new Date(0), notAfter: new Date(86_400_000), subject: 'CN=old' });
    const { out } = await call(file(old.cert));
    expect(out).toContain('\nWarnings\n  It has expired.\n');
    expect(out).toMatch(/\nSelf-signed {2}yes\n/);
  });

  it('says what is wrong', async () => {
    expect(await call(file('junk'))).toMatchObject({
      code: 1,
      out: '',
      error: expect.stringContaining('not a certificate'),
    });
    expect(await call(join(directory, 'absent'))).toMatchObject({ code: 1, out: '' });
    expect(await call()).toMatchObject({ code: 2, error: expect.stringContaining('There must be one FILE.') });
    expect(await call('a', 'b')).toMatchObject({ code: 2, error: expect.stringContaining('There must be one FILE.') });
    expect((await call('--help')).out).toContain('express-client-auth cert describe FILE [OPTIONS]');
  });
});
