import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import passport from 'passport';
import { authenticateClient, type OutcomeEvent, TlsClientAuthStrategy, tlsClientAuth } from '../../index.js';
import type { RevocationOptionsInput } from '../../lib/certificates/revocation/options.js';
import { ca, issuer } from '../support/methods.js';
import { type Certificate, makeCa } from '../support/pki.js';
import { makeList } from '../support/revocation-authority.js';
import { specServer, tlsServer } from '../support/spec-server.js';
import { tlsRequest, tlsWorld } from '../support/tls-world.js';

const client = {
  client_id: 'revocable',
  token_endpoint_auth_method: 'tls_client_auth',
  tls_client_auth_subject_dn: 'CN=revocable',
  grant_types: ['client_credentials'],
  scope: 'read',
};
const [good, bad] = [ca.issue({ subject: 'CN=revocable' }), ca.issue({ subject: 'CN=revocable' })];

const directory = mkdtempSync(join(tmpdir(), 'revocation-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const pem = (list: Buffer) => `-----BEGIN X509 CRL-----\n${list.toString('base64')}\n-----END X509 CRL-----\n`;

describe('TCA-09 lists in files', () => {
  it('TCA-09 PEM of several CAs, read again when the file has changed', async () => {
    const other = makeCa({ subject: 'CN=Other' });
    const path = file('lists.pem', pem(makeList(other)) + pem(makeList(ca)));
    let clock = 0;
    const world = await tlsWorld({
      clients: [client],
      revocation: { crl: { mode: 'require', files: [path], distribution_points: false, reload_interval: 60 } },
      now: () => Date.now() + clock,
    });
    const ask = async () => world.verdict(await world.ask({ client_id: 'revocable' }, bad)).reason;
    expect(await ask()).toBeUndefined();
    file('lists.pem', pem(makeList(other)) + pem(makeList(ca, { revoked: [bad] })));
    expect(await ask()).toBeUndefined();
    clock = 61_000;
    expect(await ask()).toBe('certificate_revoked');
    rmSync(path);
    clock = 122_000;
    expect(await ask()).toBe('certificate_revoked');
    expect(world.events).toContainEqual(expect.objectContaining({ name: 'revocation_source_failed' }));
    await world.stop();
  });

  it.each<[string, RevocationOptionsInput, string]>([
    [
      'a file that is not there',
      { crl: { mode: 'prefer', files: ['/no/such.crl'] } },
      'revocation.crl.files[0]: cannot',
    ],
    [
      'a file that is no list',
      { crl: { mode: 'prefer', files: [file('good.crl', makeList(ca)), file('bad.crl', ca.cert)] } },
      'revocation.crl.files[1]: cannot be used: there is something other than X509 CRL',
    ],
    [
      'a file with half a list',
      { crl: { mode: 'prefer', files: [file('half.crl', makeList(ca).subarray(0, 99))] } },
      'malformed',
    ],
    [
      'a file that is too large',
      {
        crl: {
          mode: 'prefer',
          files: [file('large.crl', makeList(ca, { revoked: Array(60).fill(bad) }))],
          max_bytes: 1024,
        },
      },
      'revocation.crl.files[0]: cannot be used: the file has more than 1024 octets',
    ],
    ['nothing to ask', { crl: { mode: 'prefer', distribution_points: false } }, 'revocation.crl.mode: must be off'],
    [
      'a URL of another scheme',
      { crl: { mode: 'prefer', urls: ['ldap://ca.example/'] } },
      'revocation.crl.urls[0]: must',
    ],
    [
      'a responder of another scheme',
      { ocsp: { responder_url: 'file:///etc/passwd' } },
      'revocation.ocsp.responder_url',
    ],
    [
      'a responder that is no certificate',
      { ocsp: { responder_certificate: 'x' } },
      'revocation.ocsp.responder_certificate',
    ],
    [
      'a responder that is rubbish in PEM',
      { ocsp: { responder_certificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' } },
      'revocation.ocsp.responder_certificate: cannot be used',
    ],
    ['keys without a source', { x5c: true }, 'revocation.x5c: needs crl or ocsp'],
    ['an unknown mode', { crl: { mode: 'maybe' as 'off' } }, 'revocation.crl.mode'],
    ['an unknown member', { ocsp: { files: [] } as object }, 'revocation.ocsp.files: is not a known member'],
  ])('TCA-09 %s is a mistake at construction', (_title, revocation, message) => {
    expect(() => specServer({ revocation })).toThrow(message);
  });

  it('TCA-09 the same settings without the mistake are taken', () => {
    const files = [file('fine.crl', makeList(ca))];
    const ocsp = { responder_url: 'http://ocsp.example/', responder_certificate: ca.cert } as const;
    expect(() => specServer({ revocation: { crl: { mode: 'prefer', files }, ocsp, x5c: true } })).not.toThrow();
  });
});

describe('TCA-09 outside the router', () => {
  const path = file('own.crl', makeList(ca, { revoked: [bad] }));
  const reasons: unknown[] = [];
  const options = {
    issuer,
    clients: [client],
    root_cas: [ca.cert],
    revocation: { crl: { mode: 'require', files: [path] } } satisfies RevocationOptionsInput,
    onEvent: (event: { event: string }) => {
      if (event.event === 'client_authentication') reasons.push((event as OutcomeEvent).reason ?? 'success');
    },
  };
  const answer: express.RequestHandler = (_request, response) => {
    response.json({});
  };

  it('TCA-09 the strategy under bare Passport and authenticateClient take the same option', async () => {
    const app = express();
    const own = new passport.Passport();
    own.use(new TlsClientAuthStrategy(options));
    app.post('/passport', own.authenticate('tls_client_auth', { session: false }), answer);
    app.post('/middleware', authenticateClient({ ...options, strategies: [tlsClientAuth()] }), answer);
    const server = await tlsServer(app);
    const ask = async (route: string, as: Certificate) => {
      const { status } = await tlsRequest(server.origin, { path: route, form: { client_id: 'revocable' }, as });
      return [status, reasons.at(-1)];
    };
    for (const route of ['/passport', '/middleware']) {
      expect(await ask(route, good)).toEqual([200, 'success']);
      expect(await ask(route, bad)).toEqual([401, 'certificate_revoked']);
    }
    server.closeAllConnections();
    server.close();
    expect(
      () => new TlsClientAuthStrategy({ ...options, revocation: { crl: { mode: 'require', files: ['/no'] } } }),
    ).toThrow('revocation.crl.files[0]');
  });
});
