import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as pkijs from 'pkijs';
import { readLists } from '../../../lib/certificates/revocation/list-sources.js';
import { readRevocationList } from '../../../lib/certificates/revocation/revocation-list.js';
import { judgeList } from '../../../lib/certificates/revocation/revocation-lists.js';
import { der, extension, integer, nullValue, oid, sequence } from '../../support/der-writer.js';
import { type Certificate, makeCa } from '../../support/pki.js';
import {
  issuingPoint,
  type ListOptions,
  listsAt,
  makeList,
  serialOf,
  targetOf,
} from '../../support/revocation-authority.js';

const now = Date.now();
const ca = makeCa();
const leaf = ca.issue();
const other = ca.issue();

/** What one list says of a certificate. */
async function verdictOf(list: Buffer, certificate: Certificate = leaf, issuer = ca, at = now): Promise<string> {
  const read = readRevocationList(list);
  if (!read.ok) return read.problem;
  const verdict = await judgeList(read.list, targetOf(certificate, issuer), { now: () => at, clockTolerance: 10 });
  return verdict?.status === 'undetermined' ? verdict.problem : (verdict?.status ?? 'of another issuer');
}

const says = (options: ListOptions, certificate = leaf) => verdictOf(makeList(ca, options), certificate);

describe('a revocation list', () => {
  it('TCA-09 tells the revoked certificates from the others', async () => {
    expect(await says({ revoked: [other] })).toBe('good');
    expect(await says({ revoked: [leaf] })).toBe('revoked');
    expect(await says({ revoked: [] })).toBe('good');
    expect(
      await says({ revoked: [other, leaf], entryExtensions: [extension('2.5.29.21', der(0x0a, Buffer.from([1])))] }),
    ).toBe('revoked');
  });

  it('TCA-09 of another CA of the same name, or signed by a stranger, is not believed', async () => {
    const impostor = makeCa();
    const stranger = makeCa({ subject: 'CN=Stranger' });
    const problem = 'the list is not signed by the issuer of the certificate';
    expect(await verdictOf(makeList(impostor, { revoked: [leaf] }))).toBe(problem);
    expect(await says({ signer: stranger })).toBe(problem);
    expect(await verdictOf(makeList(stranger))).toBe('of another issuer');
  });

  it('the issuer must be allowed to sign lists, with a key and an algorithm that are strong', async () => {
    const mute = makeCa({ keyUsage: [5] });
    expect(await verdictOf(makeList(mute), mute.issue(), mute)).toBe('the keyUsage of its issuer lacks cRLSign');
    const unsaid = makeCa({ keyUsage: [] });
    expect(await verdictOf(makeList(unsaid), unsaid.issue(), unsaid)).toBe('good');
    const weak = makeCa({ keyType: 'rsa1024' });
    expect(await verdictOf(makeList(weak), weak.issue(), weak)).toMatch(/weak/);
  });

  it('TCA-09 that has run out clears nobody, and still revokes', async () => {
    const past = { thisUpdate: new Date(now - 7_200_000), nextUpdate: new Date(now - 3_600_000) };
    expect(await says(past)).toMatch(/^the list ran out at 2/);
    expect(await says({ ...past, revoked: [leaf] })).toBe('revoked');
    expect(await says({ nextUpdate: new Date(now - 5000) })).toBe('good');
    expect(await says({ nextUpdate: null })).toBe('the list has no nextUpdate');
    expect(await says({ thisUpdate: new Date(now + 60_000) })).toBe('the list is of the future');
    expect(await says({ thisUpdate: new Date(now + 5000) })).toBe('good');
  });

  it.each([
    ['a delta list', [extension('2.5.29.27', integer(1), true)], 'it is a delta list'],
    ['a delta list that is not critical', [extension('2.5.29.27', integer(1))], 'it is a delta list'],
    [
      'an unknown critical extension',
      [extension('1.2.3.4', nullValue, true)],
      'the list has the unknown critical extension 1.2.3.4',
    ],
    [
      'an indirect list',
      [issuingPoint({ indirect: true })],
      'the list is indirect, or for some reasons or attribute certificates alone',
    ],
    ['a list for CAs alone', [issuingPoint({ authorities: true })], 'the list is for authorities alone'],
    [
      'a list for another distribution point',
      [issuingPoint({ url: 'http://ca.example/other.crl' })],
      'the list is for another distribution point',
    ],
    ['a broken scope', [extension('2.5.29.28', sequence(der(0x84, Buffer.from([1]))), true)], 'the list is malformed'],
    [
      'an unknown scope',
      [extension('2.5.29.28', sequence(der(0x86, Buffer.from([0xff]))), true)],
      'the list is malformed',
    ],
  ])('%s is refused', async (_title, extensions, problem) => {
    expect(await says({ extensions, revoked: [other] })).toBe(problem);
  });

  it('harmless extensions and a scope that fits are taken', async () => {
    expect(await says({ extensions: [extension('2.5.29.20', integer(7))] })).toBe('good');
    expect(await says({ extensions: [extension('1.2.3.4', nullValue)] })).toBe('good');
    expect(await says({ extensions: [issuingPoint({ users: true })] })).toBe('good');
    const authority = ca.issue({ isCa: true, subject: 'CN=Sub' });
    expect(await says({ extensions: [issuingPoint({ authorities: true })] }, authority)).toBe('good');
    expect(await says({ extensions: [issuingPoint({ users: true })] }, authority)).toBe('the list is for users alone');
    const url = 'http://ca.example/list.crl';
    const pointing = ca.issue({ extensions: [listsAt('http://ca.example/x.crl', url)] });
    expect(await says({ extensions: [issuingPoint({ url })] }, pointing)).toBe('good');
  });

  it('an entry for another CA, or with something critical, spoils the list', async () => {
    const problem = 'the list has entries that are malformed or not understood';
    const foreign = extension('2.5.29.29', sequence());
    expect(await says({ revoked: [other], entryExtensions: [foreign] })).toBe(problem);
    expect(await says({ revoked: [leaf], entryExtensions: [extension('1.2.3.4', nullValue, true)] })).toBe(problem);
    expect(await says({ revoked: [leaf], entryExtensions: [extension('1.2.3.4', nullValue)] })).toBe('revoked');
  });

  it('serial numbers are compared whole', async () => {
    const serial = serialOf(leaf);
    expect(await says({ revoked: [serial.subarray(1), Buffer.concat([serial, Buffer.from([0])])] })).toBe('good');
    expect(await says({ revoked: [serial.subarray(1), serial] })).toBe('revoked');
  });

  it('a list of 100,000 certificates is indexed once and does not hold up others', async () => {
    const revoked = Array.from({ length: 100_000 }, (_, index) => {
      const serial = Buffer.alloc(16, 0x55);
      serial.writeUInt32BE(index, 12);
      return serial;
    });
    const list = readLists(makeList(ca, { revoked: [...revoked, leaf] }), 10_000_000);
    const [read] = list.ok ? list.lists : [];
    const dependencies = { now: () => now, clockTolerance: 0 };
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    expect(await judgeList(read!, targetOf(leaf, ca), dependencies)).toMatchObject({ status: 'revoked' });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
    const target = targetOf(other, ca);
    const start = process.hrtime.bigint();
    for (let index = 0; index < 1000; index += 1) await judgeList(read!, target, dependencies);
    expect(Number(process.hrtime.bigint() - start) / 1e6).toBeLessThan(500);
  });
});

describe('reading lists', () => {
  const list = makeList(ca, { revoked: [leaf] });
  const pem = (bytes: Buffer) => `-----BEGIN X509 CRL-----\n${bytes.toString('base64')}\n-----END X509 CRL-----\n`;

  it('takes DER, and one or more in PEM', () => {
    const count = (bytes: Buffer) => {
      const read = readLists(bytes, 100_000);
      return read.ok ? read.lists.length : read.problem;
    };
    expect(count(list)).toBe(1);
    expect(count(Buffer.from(pem(list) + pem(makeList(makeCa()))))).toBe(2);
    expect(count(Buffer.from(pem(list).replaceAll('X509 CRL', 'CERTIFICATE')))).toMatch(/other than X509 CRL/);
    expect(count(Buffer.from('<html></html>'))).toMatch(/other than X509 CRL/);
    expect(count(Buffer.alloc(0))).toBe('there is no X509 CRL in it');
    expect(count(list.subarray(0, -1))).toBe('the list is malformed');
    expect(count(Buffer.from(pem(Buffer.alloc(200_000, 1))))).toMatch(/larger than/);
  });

  it('reads what pkijs writes, and pkijs reads what the specs write', async () => {
    expect(pkijs.CertificateRevocationList.fromBER(list).revokedCertificates).toHaveLength(1);
    const engine = new pkijs.CryptoEngine({ name: 'node', crypto: globalThis.crypto });
    const peer = new pkijs.CertificateRevocationList();
    const issuer = pkijs.Certificate.fromBER(ca.der);
    peer.version = 1;
    peer.issuer = issuer.subject;
    peer.thisUpdate = new pkijs.Time({ value: new Date(now - 60_000) });
    peer.nextUpdate = new pkijs.Time({ value: new Date(now + 60_000) });
    const { serialNumber } = pkijs.Certificate.fromBER(leaf.der);
    peer.revokedCertificates = [
      new pkijs.RevokedCertificate({
        userCertificate: serialNumber,
        revocationDate: new pkijs.Time({ value: new Date(now) }),
      }),
    ];
    const { createPrivateKey } = await import('node:crypto');
    const pkcs8 = createPrivateKey(ca.key).export({ type: 'pkcs8', format: 'der' });
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
    const key = await globalThis.crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
    await peer.sign(key, 'SHA-256', engine);
    const written = Buffer.from(peer.toSchema().toBER());
    expect(await verdictOf(written, leaf)).toBe('revoked');
    expect(await verdictOf(written, other)).toBe('good');
  });
});

describe('junk', () => {
  const list = makeList(ca, {
    revoked: [other],
    extensions: [extension('2.5.29.20', integer(7)), issuingPoint({ users: true })],
    entryExtensions: [extension('2.5.29.21', der(0x0a, Buffer.from([1])))],
  });
  let good: string;
  beforeAll(async () => {
    good = await verdictOf(list);
  });

  it('any octet changed, cut or added gives a problem and never an error or another verdict', async () => {
    expect(good).toBe('good');
    await fc.assert(
      fc.asyncProperty(fc.nat(list.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const mutant = Buffer.from(list);
        mutant[at] = mutant[at]! ^ change;
        expect(['good', 'revoked']).not.toContain(await verdictOf(mutant));
        expect(readLists(list.subarray(0, at), 100_000).ok).toBe(false);
        expect(readLists(Buffer.concat([list, Buffer.from([change])]), 100_000).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(readLists(Buffer.from([0x30, ...bytes]), 100_000).ok).toBe(false);
      }),
    );
  });

  it('values inside values, and long names and identifiers, end soon', () => {
    let nested = nullValue;
    for (let depth = 0; depth < 10_000; depth += 1) nested = der(0x30, nested);
    const bombs = [
      nested,
      sequence(nested, sequence(), Buffer.alloc(0)),
      Buffer.concat([Buffer.from('3084ffffffff', 'hex'), Buffer.alloc(100)]),
      Buffer.from(`3080${'00'.repeat(50)}`, 'hex'),
      sequence(sequence(integer(1), sequence(oid('1.2.3')), sequence(der(0x06, Buffer.alloc(100_000, 0x81))))),
    ];
    bombs.push(sequence(sequence(Buffer.alloc(9_000_000, nullValue))), sequence(Buffer.alloc(9_000_000, nullValue)));
    const start = Date.now();
    for (const bomb of bombs) expect(readLists(bomb, 10_000_000).ok).toBe(false);
    expect(Date.now() - start).toBeLessThan(1000);
  });
});
