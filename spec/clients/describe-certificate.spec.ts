import { describe, expect, it } from '@jest/globals';
import { clientMetadataSchema, describeCertificate } from '../../index.js';
import { compileCertificateName } from '../../lib/certificates/certificate-name.js';
import { parseClientCertificate } from '../../lib/certificates/client-certificate.js';
import { explicit, extension, ia5String, oid, sequence, utf8String } from '../support/der-writer.js';
import { type Certificate, makeCa, nameOf, selfSigned } from '../support/pki.js';

const ca = makeCa();
const day = 86_400_000;
const warningsOf = (certificate: Certificate) => describeCertificate(certificate.der).warnings;

describe('describeCertificate', () => {
  it('TCA-02 gives every name as the member that registers it', () => {
    const san = [
      'DNS:a.example.com',
      'DNS:*.example.com',
      'URI:urn:a?b=c',
      'IP:192.0.2.7',
      'IP:2001:db8::1',
      'email:John@Example.com',
    ];
    const certificate = ca.issue({ subject: 'CN=client,O=Example', san, eku: ['clientAuth', '1.2.3.4'] });
    const described = describeCertificate(certificate.cert);
    expect(described.tls_client_auth).toEqual([
      { tls_client_auth_subject_dn: 'CN=client,O=Example' },
      { tls_client_auth_san_dns: 'a.example.com' },
      { tls_client_auth_san_dns: '*.example.com' },
      { tls_client_auth_san_uri: 'urn:a?b=c' },
      { tls_client_auth_san_email: 'John@Example.com' },
      { tls_client_auth_san_ip: '192.0.2.7' },
      { tls_client_auth_san_ip: '2001:db8::1' },
    ]);
    expect(described).toMatchObject({
      subject: 'CN=client,O=Example',
      issuer: 'CN=Test CA,O=Example',
      public_key: { type: 'ec', curve: 'P-256' },
      self_signed: false,
      extended_key_usage: ['clientAuth', '1.2.3.4'],
      'x5t#S256': parseClientCertificate(certificate.der)?.digest,
      warnings: [],
    });
    expect(Date.parse(described.not_after) - Date.now()).toBeGreaterThan(364 * day);
    expect(describeCertificate(certificate.der)).toEqual(described);
  });

  it.each<[string, Buffer]>([
    ['CN=a\\,O\\=b', nameOf([['2.5.4.3', utf8String('a,O=b')]])],
    ['CN=\\ \\#x\\ ', nameOf([['2.5.4.3', utf8String(' #x ')]])],
    ['CN="', nameOf([['2.5.4.3', utf8String('"+;<>\\')]])],
    ['CN=Zoë', nameOf([['2.5.4.3', utf8String('Zoë')]])],
    ['1.2.3.4=#', nameOf([['1.2.3.4', utf8String('own')]])],
    ['emailAddress', nameOf([['1.2.840.113549.1.9.1', ia5String('a@example.com')]])],
    [
      'CN+OU',
      nameOf([
        ['2.5.4.3', utf8String('a')],
        ['2.5.4.11', utf8String('b')],
      ]),
    ],
  ])('TCA-03 the subject it prints can be registered and matches: %s', (_, subject) => {
    const certificate = ca.issue({ subject });
    const [{ tls_client_auth_subject_dn: name } = {}] = describeCertificate(certificate.der).tls_client_auth;
    const compiled = compileCertificateName('tls_client_auth_subject_dn', String(name));
    expect(compiled).toMatchObject({ ok: true });
    expect(compiled.ok && compiled.matcher.matches(parseClientCertificate(certificate.der)!)).toBe(true);
    expect(compiled.ok && compiled.matcher.matches(parseClientCertificate(ca.der)!)).toBe(false);
  });

  it('TCA-05 names that cannot be registered are left out', () => {
    const withNul = ca.issue({ subject: nameOf([['2.5.4.3', utf8String('a\0b')]]), san: ['DNS:a.example.com'] });
    const described = describeCertificate(withNul.der);
    expect(described).not.toHaveProperty('subject');
    expect(described.tls_client_auth).toEqual([{ tls_client_auth_san_dns: 'a.example.com' }]);
    expect(described.warnings).toEqual(['A name or an extension is malformed: tls_client_auth refuses it.']);
    expect(describeCertificate(ca.issue({ subject: '', san: ['DNS:a.b'] }).der).tls_client_auth).toEqual([
      { tls_client_auth_san_dns: 'a.b' },
    ]);
  });

  it.each(['rsa', 'ec', 'ec384', 'ed25519'] as const)(
    'SST-01 the JWK of a certificate with an %s key can be registered',
    (keyType) => {
      const certificate = selfSigned({ keyType });
      const { jwk, self_signed } = describeCertificate(certificate.cert);
      expect(self_signed).toBe(true);
      expect(jwk).toMatchObject({ x5c: [certificate.der.toString('base64')] });
      expect(JSON.stringify(jwk)).not.toMatch(/"d"/);
      const client = {
        client_id: 'a',
        token_endpoint_auth_method: 'self_signed_tls_client_auth',
        jwks: { keys: [jwk] },
      };
      expect(clientMetadataSchema.safeParse(client).success).toBe(true);
    },
  );

  it('SST-02 of keys that may not be registered it gives none', () => {
    for (const keyType of ['rsa1024', 'secp256k1'] as const) {
      const described = describeCertificate(selfSigned({ keyType }).der);
      expect(described).not.toHaveProperty('jwk');
      expect(described.warnings).toEqual(['Its key is too weak, or of an unknown kind: tls_client_auth refuses it.']);
    }
    expect(describeCertificate(selfSigned({ keyType: 'rsa' }).der).public_key).toEqual({ type: 'rsa', bits: 2048 });
  });

  it('TCA-08 warns of what would keep it from being accepted', () => {
    const now = Date.now();
    const in_days = (days: number) => new Date(now + days * day + 3_600_000);
    const past = { notBefore: in_days(-20), notAfter: in_days(-10) };
    expect(warningsOf(ca.issue(past))).toEqual(['It has expired.']);
    expect(warningsOf(ca.issue({ notBefore: in_days(5) }))).toEqual(['It is not valid yet.']);
    expect(warningsOf(ca.issue({ notAfter: in_days(29) }))).toEqual(['It expires in 29 days.']);
    expect(warningsOf(ca.issue({ notAfter: in_days(1) }))).toEqual(['It expires in 1 day.']);
    expect(warningsOf(ca.issue({ notAfter: in_days(31) }))).toEqual([]);
    expect(warningsOf(ca.issue({ hash: 'sha1' }))).toEqual([
      'It is signed with SHA-1 or something else that is not trusted: tls_client_auth refuses it.',
    ]);
    expect(warningsOf(ca.issue({ eku: ['serverAuth'] }))).toEqual([
      'extendedKeyUsage lacks clientAuth: tls_client_auth refuses it.',
    ]);
    expect(warningsOf(ca.issue({ keyUsage: [2] }))).toEqual([
      'keyUsage lacks digitalSignature: tls_client_auth refuses it.',
    ]);
    expect(warningsOf(ca)).toContain('It is a certificate of a CA: tls_client_auth refuses it as that of a client.');
    const unknown = extension('1.2.3.4', sequence(explicit(0, oid('1.2.3'))), true);
    expect(warningsOf(ca.issue({ extensions: [unknown] }))).toEqual([
      'The critical extension 1.2.3.4 is not known: tls_client_auth refuses it.',
    ]);
  });

  it('refuses what is not one certificate', () => {
    const { cert, key, der } = ca.issue();
    for (const wrong of [
      '',
      'junk',
      key,
      `junk${cert}`,
      der.subarray(1),
      der.subarray(0, -1),
      Buffer.concat([der, der]),
    ]) {
      expect(() => describeCertificate(wrong)).toThrow(TypeError);
    }
    expect(() => describeCertificate(cert + cert)).toThrow('several certificates');
  });
});

describe('a certificate in the metadata', () => {
  const [one, two] = [selfSigned(), selfSigned({ keyType: 'rsa' })];
  const client = {
    client_id: 'a',
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    grant_types: ['client_credentials'],
  };
  const jwkOf = ({ cert }: Certificate) => describeCertificate(cert).jwk;

  it('SST-01 becomes a JWK with x5c, beside those that are there, once', () => {
    const parsed = clientMetadataSchema.parse({ ...client, certificate: one.cert });
    expect(parsed.jwks?.keys).toEqual([jwkOf(one)]);
    const both = clientMetadataSchema.parse({ ...client, certificate: one.cert, jwks: { keys: [jwkOf(two)] } });
    expect(both.jwks?.keys).toEqual([jwkOf(two), jwkOf(one)]);
    expect(clientMetadataSchema.parse(both)).toEqual(both);
  });

  it('SST-01 stays as it is beside jwks_uri, and with the other method', () => {
    const jwks_uri = 'https://app.example.com/jwks';
    expect(clientMetadataSchema.parse({ ...client, certificate: one.cert, jwks_uri }).jwks).toBeUndefined();
    const byAuthority = { client_id: 'a', token_endpoint_auth_method: 'tls_client_auth', certificate: one.cert };
    expect(clientMetadataSchema.parse(byAuthority).jwks).toBeUndefined();
  });
});
