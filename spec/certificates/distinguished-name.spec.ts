import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import forge from 'node-forge';
import {
  compileSubjectDn,
  formatDistinguishedName,
  parseDistinguishedName,
  readDistinguishedName,
} from '../../lib/certificates/distinguished-name.js';
import {
  bitString,
  bmpString,
  der,
  ia5String,
  nullValue,
  printableString,
  t61String,
  utf8String,
} from '../support/der-writer.js';
import { nameOf } from '../support/pki.js';

const CN = '2.5.4.3';
const O = '2.5.4.10';
const OU = '2.5.4.11';
const C = '2.5.4.6';
const EMAIL = '1.2.840.113549.1.9.1';

/** Whether a registered text matches a subject; the problem, when the text is refused. */
function match(text: string, subject: Buffer): boolean | string {
  const compiled = compileSubjectDn(text);
  return compiled.ok ? compiled.matches(readDistinguishedName(subject)) : compiled.problem;
}

function problem(text: string): string {
  const parsed = parseDistinguishedName(text);
  return parsed.ok ? 'none' : parsed.problem;
}

const example = nameOf([[C, printableString('US')]], [[O, utf8String('Example, Inc')]], [[CN, utf8String('App One')]]);

describe('distinguishedNameMatch', () => {
  it('TCA-04 RFC 4514 writes the RDNs in the reverse order of the certificate', () => {
    expect(match('CN=App One,O=Example\\, Inc,C=US', example)).toBe(true);
  });

  it('TCA-04 a reversed DN does not match', () => {
    expect(match('C=US,O=Example\\, Inc,CN=App One', example)).toBe(false);
  });

  it('TCA-03 more, fewer or other RDNs do not match', () => {
    expect(match('CN=App One,O=Example\\, Inc', example)).toBe(false);
    expect(match('O=Example\\, Inc,C=US', example)).toBe(false);
    expect(match('CN=App One,OU=x,O=Example\\, Inc,C=US', example)).toBe(false);
    expect(match('CN=App Two,O=Example\\, Inc,C=US', example)).toBe(false);
    expect(match('CN=App One,OU=Example\\, Inc,C=US', example)).toBe(false);
  });

  it('TCA-03 case and insignificant space do not count, inner space does', () => {
    expect(match('cn=  app   ONE ,o=example\\, inc,c=us', example)).toBe(true);
    expect(match('CN=AppOne,O=Example\\, Inc,C=US', example)).toBe(false);
    expect(match('CN=\\20App One\\ ,O=Example\\, Inc,C=US', example)).toBe(true);
  });

  it('TCA-03 a multi-valued RDN is a set, and is not two RDNs', () => {
    const subject = nameOf(
      [[O, utf8String('y')]],
      [
        [CN, utf8String('a')],
        [OU, utf8String('b')],
      ],
    );
    expect(match('CN=a+OU=b,O=y', subject)).toBe(true);
    expect(match('OU=b + CN=a, O=y', subject)).toBe(true);
    expect(match('CN=a,OU=b,O=y', subject)).toBe(false);
    expect(match('CN=a,O=y', subject)).toBe(false);
    expect(match('CN=a+OU=b+OU=b,O=y', subject)).toBe(false);
  });

  it('TCA-03 types are compared by OID, whatever they are called', () => {
    const subject = nameOf([[EMAIL, ia5String('a@example.com')]]);
    for (const type of ['E', 'e', 'emailAddress', 'EMAIL', EMAIL])
      expect(match(`${type}=A@example.com`, subject)).toBe(true);
    expect(match('CN=a@example.com', subject)).toBe(false);
    const odd = nameOf(
      [['1.3.6.1.4.1.311.60.2.1.3', printableString('GB')]],
      [['2.5.4.15', utf8String('Private Organization')]],
    );
    expect(match('businessCategory=private organization,jurisdictionC=GB', odd)).toBe(true);
    expect(match('2.5.4.15=Private Organization,jurisdictionCountryName=GB', odd)).toBe(true);
    expect(match('businessCategory=Private Organization,C=GB', odd)).toBe(false);
  });

  it('TCA-04 OID=#hex values are understood, and a string is one whatever its ASN.1 type', () => {
    const subject = nameOf([['2.5.4.15', utf8String('Private')]]);
    expect(match('2.5.4.15=#0c0750726976617465', subject)).toBe(true);
    expect(match('businessCategory=#130750726976617465', subject)).toBe(true);
    expect(match('2.5.4.15=#0c0750726976617466', subject)).toBe(false);
    const bits = nameOf([['2.5.4.45', bitString(Buffer.from([1]))]]);
    expect(match('2.5.4.45=#03020001', bits)).toBe(true);
    expect(match('2.5.4.45=#03020002', bits)).toBe(false);
    expect(match('2.5.4.45=\\01', bits)).toContain('forbidden character');
    expect(match('2.5.4.45=\\#03020001', bits)).toBe(false);
  });

  it.each([
    ['UTF8String', utf8String('Grüße'), 'CN=grüße'],
    ['UTF8String in decomposed form', utf8String('Gru\u0308ße'), 'CN=Gr\\C3\\BC\\C3\\9Fe'],
    ['BMPString', bmpString('Grüße'), 'CN=Grüße'],
    ['T61String', t61String('Grüße'), 'CN=Grüße'],
    ['PrintableString', printableString('Abc'), 'CN=abc'],
    ['IA5String', ia5String('Abc'), 'CN=ABC'],
    ['UniversalString', der(0x1c, Buffer.from('000000410001f600', 'hex')), 'CN=a😀'],
    ['fullwidth letters', utf8String('ＡＢＣ'), 'CN=abc'],
    ['final sigma', utf8String('ΟΔΟΣ'), 'CN=οδοσ'],
  ])('TCA-03 %s is compared by its characters', (_name, value, text) => {
    expect(match(text, nameOf([[CN, value]]))).toBe(true);
    expect(match(`${text}x`, nameOf([[CN, value]]))).toBe(false);
  });

  it('TCA-05 a CN with a separator inside never matches two RDNs', () => {
    const sly = nameOf([[CN, utf8String('a,O=b')]]);
    expect(match('CN=a,O=b', sly)).toBe(false);
    expect(match('CN=a\\,O\\=b', sly)).toBe(true);
    expect(match('CN=a\\2CO=b', sly)).toBe(true);
    expect(match('CN=a+O=b', nameOf([[CN, utf8String('a+O=b')]]))).toBe(false);
    expect(match('CN=a,O=b', nameOf([[O, utf8String('b')]], [[CN, utf8String('a')]]))).toBe(true);
    expect(match('CN=a+OU=b', nameOf([[CN, utf8String('a","2.5.4.11=\\"b')]]))).toBe(false);
  });

  it.each([
    ['NUL', utf8String('a\0b')],
    ['a control', utf8String('a\x01b')],
    ['a zero-width space', utf8String('a\u200bb')],
    ['a right-to-left override', utf8String('a\u202eb')],
    ['broken UTF-8', der(0x0c, Buffer.from([0x61, 0xc3]))],
    ['half a BMP character', der(0x1e, Buffer.from([0x61]))],
    ['a surrogate', der(0x1e, Buffer.from([0xd8, 0x00]))],
    ['nothing', utf8String('')],
    ['blanks only', utf8String('  ')],
  ])('TCA-05 a subject with %s in it matches nothing', (_name, value) => {
    expect(readDistinguishedName(nameOf([[CN, value]]))).toBeUndefined();
    expect(match('CN=ab', nameOf([[CN, value]]))).toBe(false);
  });

  it('a subject of broken DER matches nothing', () => {
    expect(readDistinguishedName(Buffer.from('3003', 'hex'))).toBeUndefined();
    expect(readDistinguishedName(nullValue)).toBeUndefined();
    expect(readDistinguishedName(Buffer.from('30023100', 'hex'))).toBeUndefined();
    expect(readDistinguishedName(Buffer.concat([example, Buffer.from([0])]))).toBeUndefined();
    expect(readDistinguishedName(example)).toBeDefined();
  });

  it('the empty subject matches nothing', () => {
    expect(readDistinguishedName(nameOf())?.rdns).toEqual([]);
    expect(match('CN=a', nameOf())).toBe(false);
  });
});

describe('the string form of RFC 4514', () => {
  it.each([
    ['', 'the name is empty'],
    ['  ', 'the name is empty'],
    ['/C=US/CN=a', 'slash form'],
    ['CN', 'expected at character 1'],
    ['CN=', 'no value'],
    ['CN=a,', 'expected at character 6'],
    ['CN=a,,O=b', 'expected at character 6'],
    ['CN=a+', 'expected at character 6'],
    [',CN=a', 'expected at character 1'],
    ['CN=a;O=b', '; stands unescaped'],
    ['CN="a"', '" stands unescaped'],
    ['CN=<a>', '< stands unescaped'],
    ['CN=a\\', 'escape at character 5'],
    ['CN=a\\x', 'escape at character 5'],
    ['CN=a\\4', 'escape at character 5'],
    ['CN=a\\00b', 'NUL'],
    ['CN=a\0b', 'NUL'],
    ['CN=a\\C3', 'not UTF-8'],
    ['CN=#zz', 'other than hex'],
    ['CN=#', 'other than hex'],
    ['CN=#0c', 'truncated'],
    ['CN=#0c016100', 'truncated'],
    ['CN=#0c01610c0162', 'not one BER value'],
    ['CN=#0c0100', 'forbidden character'],
    ['CN=\\20', 'empty or holds'],
    ['XYZ=a', 'attribute type "XYZ" is unknown'],
    ['2.5.04.3=a', 'unknown'],
    ['3.5=a', 'unknown'],
  ])('TCA-05 %j is refused', (text, expected) => {
    expect(problem(text)).toContain(expected);
  });

  it.each([
    ['all escapes', 'CN=\\"\\+\\,\\;\\<\\=\\>\\\\\\#\\ x', '"+,;<=>\\# x'],
    ['a hash at the start', 'CN=\\#1', '#1'],
    ['a hash as hex', 'CN=\\231', '#1'],
    ['an equals sign and a hash inside', 'CN=a=b#c', 'a=b#c'],
    ['octets of one character', 'CN=Lu\\C4\\8Di\\C4\\87', 'Lučić'],
  ])('TCA-05 %s are read', (_name, text, value) => {
    const parsed = parseDistinguishedName(text);
    expect(parsed.ok && parsed.name.rdns[0]?.[0]?.text).toBe(value);
  });

  it('formats a subject as what would be registered for it', () => {
    const subject = nameOf(
      [[C, printableString('US')]],
      [
        [O, utf8String('Example, Inc')],
        ['0.9.2342.19200300.100.1.1', utf8String('#7')],
      ],
      [['1.2.3.4', utf8String('x')]],
      [[CN, utf8String(' a "b" ')]],
    );
    const text = formatDistinguishedName(readDistinguishedName(subject)!);
    expect(text).toContain('CN=\\ a \\"b\\"\\ ,1.2.3.4=#0c0178,');
    expect(text).toContain('UID=\\#7');
    expect(match(text, subject)).toBe(true);
    expect(match(text.replace('US', 'GB'), subject)).toBe(false);
  });

  it('whatever a value holds, its formatted name matches it and only it', () => {
    const values = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(values, values, (one, other) => {
        const [first, second] = [one, other].map((value) => nameOf([[O, utf8String('o')]], [[CN, utf8String(value)]]));
        const name = readDistinguishedName(first!);
        if (name === undefined) return;
        const text = formatDistinguishedName(name);
        expect(match(text, first!)).toBe(true);
        expect(match(text, second!)).toBe(readDistinguishedName(second!)?.key === name.key);
      }),
    );
  });

  it('reads the subject that node-forge writes', () => {
    const certificate = forge.pki.createCertificate();
    certificate.setSubject([
      { name: 'countryName', value: 'US' },
      { name: 'organizationName', value: 'Example, Inc' },
      { name: 'commonName', value: 'App One' },
    ]);
    const bytes = forge.asn1.toDer(forge.pki.distinguishedNameToAsn1(certificate.subject)).getBytes();
    expect(match('CN=App One,O=Example\\, Inc,C=US', Buffer.from(bytes, 'latin1'))).toBe(true);
    expect(match('C=US,O=Example\\, Inc,CN=App One', Buffer.from(bytes, 'latin1'))).toBe(false);
  });
});
