import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as pkijs from 'pkijs';
import {
  certificateDigest,
  isWithinValidity,
  parseClientCertificate,
} from '../../lib/certificates/client-certificate.js';
import { decodeBase64, parsePemCertificates } from '../../lib/certificates/pem.js';
import { extension, octetString } from '../support/der-writer.js';
import { makeCa, selfSigned } from '../support/pki.js';

const ca = makeCa();

function pemProblem(text: string): string {
  const parsed = parsePemCertificates(text);
  return parsed.ok ? 'none' : parsed.problem;
}

describe('parseClientCertificate', () => {
  it('SST-01 the digest is SHA-256 of the DER in base64url', () => {
    const { der } = ca.issue();
    const certificate = parseClientCertificate(der)!;
    const fingerprint = Buffer.from(new X509Certificate(der).fingerprint256.replaceAll(':', ''), 'hex').toString(
      'base64url',
    );
    expect(certificate.digest).toBe(fingerprint);
    expect(certificate.digest).toMatch(/^[\w-]{43}$/);
    expect(certificate.digest).toBe(certificateDigest(der));
  });

  it('SST-03 another certificate for the same key has another digest', () => {
    const first = selfSigned({ subject: 'CN=a' });
    const second = selfSigned({ subject: 'CN=a', sameKeyAs: first });
    const [one, two] = [first, second].map(({ der }) => parseClientCertificate(der)!);
    expect(one?.fields.subjectPublicKeyInfo).toEqual(two?.fields.subjectPublicKeyInfo);
    expect(one?.digest).not.toBe(two?.digest);
  });

  it('reads the same as OpenSSL and pkijs do', () => {
    for (const year of [2049, 2050]) {
      const { der } = ca.issue({ subject: 'CN=app,O=y', notAfter: new Date(Date.UTC(year, 11, 31, 23, 59, 59)) });
      const certificate = parseClientCertificate(der)!;
      const peer = pkijs.Certificate.fromBER(der);
      expect(certificate.notBefore).toBe(Date.parse(certificate.x509.validFrom));
      expect(certificate.notAfter).toBe(Date.UTC(year, 11, 31, 23, 59, 59));
      expect(certificate.notAfter).toBe(peer.notAfter.value.getTime());
      expect(certificate.fields.tbs).toEqual(Buffer.from(peer.tbsView));
      expect([...certificate.fields.extensions.keys()]).toEqual(peer.extensions?.map(({ extnID }) => extnID));
    }
  });

  it('gives the chain and the verdict of the proxy as they came', () => {
    const certificate = parseClientCertificate(ca.issue().der, [ca.der, Buffer.from('x')], {
      verdict: 'FAILED:expired',
    })!;
    expect(certificate.chain).toEqual([ca.der, Buffer.from('x')]);
    expect(certificate.proxyVerdict).toBe('FAILED:expired');
    const other = parseClientCertificate(certificate.der, [ca.der])!;
    expect(certificate.chainDigest).toMatch(/^[\w-]{43}$/);
    expect(other.chainDigest).not.toBe(certificate.chainDigest);
    expect(parseClientCertificate(certificate.der)?.chainDigest).toBe('');
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from(ca.cert)],
    ['bytes after it', Buffer.concat([ca.der, Buffer.from([0])])],
    ['half of it', ca.der.subarray(0, ca.der.length - 1)],
    ['another structure', Buffer.from('3000', 'hex')],
    ['more than 64 KiB', ca.issue({ extensions: [extension('1.2.3', octetString(Buffer.alloc(65_536)))] }).der],
  ])('%s is no certificate', (_name, bytes) => {
    expect(parseClientCertificate(bytes)).toBeUndefined();
  });

  it('SST-01 a certificate just under 64 KiB is one', () => {
    expect(
      parseClientCertificate(ca.issue({ extensions: [extension('1.2.3', octetString(Buffer.alloc(64_000)))] }).der),
    ).toBeDefined();
  });

  it('a date that does not exist, or is not in UTC, makes it malformed', () => {
    const { der } = ca.issue({ notAfter: new Date(Date.UTC(2030, 1, 28)) });
    const withDate = (text: string) => {
      const changed = Buffer.from(der);
      changed.write(text, changed.indexOf('300228000000Z'));
      return parseClientCertificate(changed);
    };
    expect(withDate('300228000000Z')).toBeDefined();
    for (const text of ['300230000000Z', '300228000000+', '301328000000Z', '300228250000Z', '30022800000 Z']) {
      expect(withDate(text)).toBeUndefined();
    }
  });
});

describe('isWithinValidity', () => {
  it('MTL-06 includes both ends, and begins earlier by the tolerance in seconds', () => {
    const period = { notBefore: 10_000, notAfter: 20_000 };
    expect([9_999, 10_000, 20_000, 20_001].map((now) => isWithinValidity(period, now))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect([4_999, 5_000, 20_000, 20_001].map((now) => isWithinValidity(period, now, 5))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

describe('parsePemCertificates', () => {
  it('gives every certificate, in order', () => {
    const leaf = ca.issue();
    const parsed = parsePemCertificates(`\n${leaf.cert}\r\n${ca.cert.replaceAll('\n', '\r\n')}`);
    expect(parsed.ok && parsed.certificates).toEqual([leaf.der, ca.der]);
  });

  it('blanks may stand for the line ends', () => {
    const parsed = parsePemCertificates(ca.cert.replaceAll('\n', ' '));
    expect(parsed.ok && parsed.certificates).toEqual([ca.der]);
  });

  it.each([
    ['', 'there is no CERTIFICATE'],
    [`junk ${ca.cert}`, 'something other'],
    [`${ca.cert}junk`, 'something other'],
    [`${ca.cert}# comment\n${ca.cert}`, 'something other'],
    [ca.key, 'something other'],
    [ca.cert.replaceAll('CERTIFICATE', 'X509 CRL'), 'something other'],
    [ca.cert.replace('-----END CERTIFICATE-----', ''), 'no end'],
    [ca.cert.replace('MII', 'MI*I'), 'not base64'],
    [ca.cert.replace('MII', 'MI-I'), 'not base64'],
    [ca.cert.replace('\n-----END', '=\n-----END'), 'not base64'],
    [`${ca.cert.split('\n')[0]}\n${ca.cert}`, 'not base64'],
    ['-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----', 'not base64'],
    [`-----BEGIN CERTIFICATE-----${'A'.repeat(87_400)}-----END CERTIFICATE-----`, 'larger than 64 KiB'],
    [`-----BEGIN CERTIFICATE-----${'A'.repeat(200_000)}-----END CERTIFICATE-----`, 'larger than 64 KiB'],
  ])('refuses what is not exactly certificates (%#)', (text, expected) => {
    expect(pemProblem(text)).toContain(expected);
  });
});

describe('decodeBase64', () => {
  it('takes nothing that Buffer would skip or fix', () => {
    expect(decodeBase64('YWI=')?.toString()).toBe('ab');
    for (const text of ['YWI', 'YWI==', 'YW I=', 'YWJ=', '_-8=', 'YWI=YWI='])
      expect(decodeBase64(text)).toBeUndefined();
    expect(decodeBase64('YWI', true)?.toString()).toBe('ab');
    expect(decodeBase64('YWJ', true)).toBeUndefined();
  });
});
