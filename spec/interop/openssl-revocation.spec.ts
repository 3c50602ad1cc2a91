import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { RevocationOptionsInput } from '../../lib/certificates/revocation/options.js';
import { type OpensslCa, type OpensslOptions, opensslCa, responderHost } from '../support/openssl-ca.js';
import type { Certificate } from '../support/pki.js';
import { type RevocationServer, revocationServer } from '../support/revocation-server.js';
import { accepted, refused, type TlsWorld, tlsWorld } from '../support/tls-world.js';

const rsa = ['-newkey', 'rsa:2048'];
const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'];

let lists: RevocationServer;
const authorities: OpensslCa[] = [];
let worlds: TlsWorld[] = [];
beforeAll(async () => {
  lists = await revocationServer();
});
afterEach(async () => {
  await Promise.all(worlds.map((world) => world.stop()));
  worlds = [];
});
afterAll(async () => {
  await Promise.all(authorities.map((authority) => authority.stop()));
  await lists.close();
});

async function authorityOf(options: Partial<OpensslOptions> = {}): Promise<OpensslCa> {
  const authority = await opensslCa({ listsUrl: lists.url('/ca.crl'), key: rsa, ...options });
  authorities.push(authority);
  return authority;
}

/** How a certificate fares at a server that has asked nobody yet, and the source that told. */
async function fares(authority: OpensslCa, certificate: Certificate, revocation: RevocationOptionsInput) {
  const world = await tlsWorld({
    clients: [
      {
        client_id: 'app',
        token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_subject_dn: 'CN=app',
        grant_types: ['client_credentials'],
        scope: 'read',
      },
    ],
    root_cas: [authority.cert],
    revocation,
    outbound: { allow_private_hosts: [lists.host, responderHost(certificate)] },
  });
  worlds.push(world);
  const reply = await world.ask({ client_id: 'app' }, certificate);
  return { ...world.verdict(reply), source: world.last().detail?.source };
}

const good = { ...accepted, source: undefined };
const revokedBy = (source: string) => ({ ...refused('certificate_revoked'), source });
const unknown = { ...refused('certificate_revocation_unknown'), source: undefined };

describe('TCA-09 the OCSP responder of OpenSSL', () => {
  it.each<[string, Partial<OpensslOptions>, NonNullable<RevocationOptionsInput['ocsp']>]>([
    ['the CA, with RSA, without nextUpdate', {}, {}],
    ['the CA, with P-384 and nextUpdate', { key: ec, arguments: ['-nmin', '5'] }, { nonce: 'require' }],
    ['a delegate, named by key, asked by SHA-256', { delegate: true, arguments: ['-resp_key_id'] }, { hash: 'sha256' }],
  ])('TCA-09 answered by %s', async (_title, options, ocsp) => {
    const authority = await authorityOf(options);
    const [kept, stolen] = [await authority.issue('app'), await authority.issue('app')];
    const settings = { ocsp: { mode: 'require', ...ocsp } } as const;
    await authority.respond();
    expect(await fares(authority, kept, settings)).toEqual(good);
    expect(await fares(authority, stolen, settings)).toEqual(good);
    await authority.revoke(stolen);
    await authority.respond();
    expect(await fares(authority, kept, settings)).toEqual(good);
    expect(await fares(authority, stolen, settings)).toEqual(revokedBy('ocsp'));
  });

  it('TCA-09 a certificate that it does not know is refused, or told by the list', async () => {
    const authority = await authorityOf();
    const certificate = await authority.issue('app');
    const list = await authority.list();
    await authority.forget();
    await authority.respond();
    lists.answer = () => list;
    expect(await fares(authority, certificate, { ocsp: { mode: 'prefer' } })).toEqual(unknown);
    expect(await fares(authority, certificate, { ocsp: { mode: 'prefer' }, crl: { mode: 'require' } })).toEqual(good);
  });

  it('TCA-09 while it is down: prefer accepts, require refuses, the list stands in', async () => {
    const authority = await authorityOf();
    const certificate = await authority.issue('app');
    const list = await authority.list();
    lists.answer = () => list;
    // Nothing listens where the certificate says.
    expect(await fares(authority, certificate, { ocsp: { mode: 'prefer' } })).toEqual(good);
    expect(await fares(authority, certificate, { ocsp: { mode: 'require' } })).toEqual(unknown);
    expect(await fares(authority, certificate, { ocsp: { mode: 'require' }, crl: { mode: 'prefer' } })).toEqual(good);
  });
});

describe('TCA-09 the lists of OpenSSL', () => {
  it.each([
    ['RSA', rsa],
    ['P-384', ec],
  ])('TCA-09 signed with %s', async (_title, key) => {
    const authority = await authorityOf({ key });
    const [kept, stolen] = [await authority.issue('app'), await authority.issue('app')];
    const settings = { crl: { mode: 'require' } } as const;
    const before = await authority.list();
    await authority.revoke(stolen);
    const after = await authority.list();
    lists.answer = () => before;
    expect(await fares(authority, stolen, settings)).toEqual(good);
    lists.answer = () => after;
    expect(await fares(authority, stolen, settings)).toEqual(revokedBy('crl'));
    expect(await fares(authority, kept, settings)).toEqual(good);
    const other = await authorityOf({ key });
    const foreign = await other.list();
    lists.answer = () => foreign;
    expect(await fares(authority, kept, settings)).toEqual(unknown);
  });
});
