import { describe, expect, it } from '@jest/globals';
import { compileCertificateName } from '../../lib/certificates/certificate-name.js';
import { type ClientCertificate, parseClientCertificate } from '../../lib/certificates/client-certificate.js';
import { ipAddressBytes } from '../../lib/certificates/ip-address.js';
import { explicit, extension, oid, sequence, utf8String } from '../support/der-writer.js';
import { makeCa } from '../support/pki.js';

const ca = makeCa();

function certificate(...san: (string | Buffer)[]): ClientCertificate {
  return parseClientCertificate(ca.issue({ subject: 'CN=cn.example.com', san }).der)!;
}

/** Whether a registered value matches; the problem, when the value is refused. */
function match(type: 'dns' | 'uri' | 'ip' | 'email', text: string, presented: ClientCertificate): boolean | string {
  const compiled = compileCertificateName(`tls_client_auth_san_${type}`, text);
  return compiled.ok ? compiled.matcher.matches(presented) : compiled.problem;
}

const raw = (tag: number, content: string) =>
  Buffer.concat([Buffer.from([tag, content.length]), Buffer.from(content, 'latin1')]);

describe('TCA-06 names as text', () => {
  it('TCA-06 a DNS name matches without regard to case, and any of them may', () => {
    const presented = certificate('DNS:other.example.com', 'DNS:App.Example.com');
    expect(match('dns', 'aPP.example.COM', presented)).toBe(true);
    expect(match('dns', 'example.com', presented)).toBe(false);
    expect(match('dns', 'x.app.example.com', presented)).toBe(false);
    expect(match('dns', 'app.example.com.', presented)).toBe('it is not a DNS name in ASCII');
  });

  it('TCA-06 a wildcard of the certificate is no pattern', () => {
    const presented = certificate('DNS:*.example.com');
    expect(match('dns', 'app.example.com', presented)).toBe(false);
    expect(match('dns', '*.example.com', presented)).toBe(true);
    expect(match('dns', '*.example.com', certificate('DNS:app.example.com'))).toBe(false);
  });

  it('TCA-06 the CN is never a fallback', () => {
    expect(match('dns', 'cn.example.com', certificate())).toBe(false);
    expect(match('dns', 'cn.example.com', certificate('DNS:cn.example.com'))).toBe(true);
  });

  it('TCA-06 a URI matches exactly', () => {
    const presented = certificate('URI:spiffe://example.com/App?x=%41');
    expect(match('uri', 'spiffe://example.com/App?x=%41', presented)).toBe(true);
    for (const other of [
      'spiffe://EXAMPLE.com/App?x=%41',
      'spiffe://example.com/app?x=%41',
      'spiffe://example.com/App?x=A',
    ]) {
      expect(match('uri', other, presented)).toBe(false);
    }
    expect(match('uri', 'example.com/App', presented)).toBe('it is not an absolute URI in ASCII');
  });

  it('TCA-06 a mail address matches with its domain in any case, its local part exactly', () => {
    const presented = certificate('email:Joe@Example.com');
    expect(match('email', 'Joe@eXample.COM', presented)).toBe(true);
    expect(match('email', 'joe@example.com', presented)).toBe(false);
    expect(match('email', 'Joe', presented)).toBe('it is not a mail address in ASCII');
  });

  it('TCA-06 a name of one type does not match another', () => {
    const presented = certificate('URI:dns:app.example.com', 'email:app@example.com', 'dir:CN=app.example.com');
    expect(match('dns', 'app.example.com', presented)).toBe(false);
    expect(match('dns', 'example.com', presented)).toBe(false);
    expect(match('uri', 'dns:app.example.com', presented)).toBe(true);
  });

  it('TCA-06 a name that pretends to be two in text is one', () => {
    const presented = certificate(
      raw(0x86, 'https://a/,DNS:app.example.com'),
      raw(0x82, 'evil.org, DNS:app.example.com'),
    );
    expect(match('dns', 'app.example.com', presented)).toBe(false);
    expect(presented.subjectAlternativeNames?.dns).toEqual(['evil.org, DNS:app.example.com']);
  });

  it.each([
    ['NUL', raw(0x82, 'app.example.com\0.evil.org')],
    ['NUL at the end', raw(0x82, 'app.example.com\0')],
    ['a line end', raw(0x82, 'app.example.com\nx')],
    ['Latin-1', raw(0x82, 'café.example.com')],
    ['an empty name', raw(0x82, '')],
    ['an address of five octets', raw(0x87, 'abcde')],
    ['an unknown type of name', raw(0x89, 'x')],
  ])('TCA-07 with %s among them, none of the names count', (_name, broken) => {
    const presented = certificate('DNS:app.example.com', broken);
    expect(presented.subjectAlternativeNames).toBeUndefined();
    expect(match('dns', 'app.example.com', presented)).toBe(false);
    expect(match('dns', 'app.example.com', certificate('DNS:app.example.com'))).toBe(true);
  });

  it('names of other types are passed over', () => {
    const otherName = explicit(0, oid('1.3.6.1.4.1.311.20.2.3'), explicit(0, utf8String('joe@example.com')));
    const presented = certificate(otherName, 'DNS:app.example.com');
    expect(match('dns', 'app.example.com', presented)).toBe(true);
    expect(match('email', 'joe@example.com', presented)).toBe(false);
    expect(presented.subjectAlternativeNames?.otherTypes).toEqual([0]);
  });

  it('an extension without names is malformed', () => {
    const { der } = ca.issue({ extensions: [extension('2.5.29.17', sequence())] });
    expect(parseClientCertificate(der)?.subjectAlternativeNames).toBeUndefined();
  });
});

describe('TCA-07 addresses', () => {
  it('TCA-07 are compared as octets', () => {
    const presented = certificate('IP:2001:db8::1', 'IP:10.0.0.1');
    expect(match('ip', '2001:0db8:0:0::1', presented)).toBe(true);
    expect(match('ip', '2001:DB8:0:0:0:0:0:1', presented)).toBe(true);
    expect(match('ip', '2001:db8::2', presented)).toBe(false);
    expect(match('ip', '10.0.0.1', presented)).toBe(true);
    expect(match('ip', '10.0.0.2', presented)).toBe(false);
  });

  it('TCA-07 an IPv4-mapped IPv6 address is not the IPv4 address', () => {
    expect(match('ip', '::ffff:10.0.0.1', certificate('IP:10.0.0.1'))).toBe(false);
    expect(match('ip', '10.0.0.1', certificate('IP:::ffff:10.0.0.1'))).toBe(false);
    expect(match('ip', '::ffff:a00:1', certificate('IP:::ffff:10.0.0.1'))).toBe(true);
  });

  it.each(['', '10.0.0', '10.0.0.256', '010.0.0.1', '10.0.0.0/8', 'fe80::1%eth0', '1::2::3', '[::1]', '0x7f000001'])(
    'TCA-07 %j is no address',
    (text) => {
      expect(ipAddressBytes(text)).toBeUndefined();
      expect(match('ip', text, certificate('IP:10.0.0.1'))).toBe('it is not an IP address');
    },
  );

  it.each([
    ['::', '00000000000000000000000000000000'],
    ['1::', '00010000000000000000000000000000'],
    ['::1:2', '00000000000000000000000000010002'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
    ['192.0.2.33', 'c0000221'],
  ])('TCA-07 %s has its octets', (text, hex) => {
    expect(ipAddressBytes(text)?.toString('hex')).toBe(hex);
  });
});

describe('a registered certificate name', () => {
  it('says which member it was, and what a certificate offers instead', () => {
    const compiled = compileCertificateName('tls_client_auth_subject_dn', 'CN=app');
    const matcher = compiled.ok ? compiled.matcher : undefined;
    const presented = certificate('DNS:a.org', 'DNS:b.org', 'IP:10.0.0.1');
    expect([matcher?.member, matcher?.expected]).toEqual(['tls_client_auth_subject_dn', 'CN=app']);
    expect(matcher?.matches(presented)).toBe(false);
    expect(matcher?.found(presented)).toBe('CN=cn.example.com');
    expect(matcher?.matches(parseClientCertificate(ca.issue({ subject: 'CN=APP' }).der)!)).toBe(true);
    const found = (type: string, value: string) => {
      const name = compileCertificateName(`tls_client_auth_san_${type}`, value);
      return name.ok && name.matcher.found(presented);
    };
    expect(found('dns', 'c.org')).toBe('a.org b.org');
    expect(found('ip', '10.0.0.2')).toBe('0a000001');
    expect(found('uri', 'urn:x')).toBe('(none)');
  });

  it('refuses an unknown member and a malformed value', () => {
    expect(() => compileCertificateName('tls_client_auth_san_phone', '1')).toThrow(TypeError);
    expect(compileCertificateName('tls_client_auth_subject_dn', 'CN=')).toEqual({
      ok: false,
      problem: 'an attribute has no value',
    });
  });
});
