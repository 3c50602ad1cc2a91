import { describe, expect, it } from '@jest/globals';
import { utf8String } from '../support/der-writer.js';
import { verdict } from '../support/path-verdict.js';
import { type CertificateOptions, makeCa, nameConstraints, nameOf } from '../support/pki.js';

const ca = makeCa();

describe('name constraints', () => {
  const constrained = (constraints: Parameters<typeof nameConstraints>[0], leaf: CertificateOptions) => {
    const sub = ca.issue({ subject: 'CN=Sub', isCa: true, extensions: [nameConstraints(constraints)] });
    return verdict(sub.issue(leaf), [ca], [sub]);
  };

  it.each<[string, Parameters<typeof nameConstraints>[0], CertificateOptions[], CertificateOptions[]]>([
    [
      'DNS',
      { permitted: ['DNS:example.com'], excluded: ['DNS:bad.example.com'] },
      [{ san: ['DNS:example.com'] }, { san: ['DNS:A.Example.COM', 'URI:https://elsewhere.org/'] }, { san: [] }],
      [
        { san: ['DNS:notexample.com'] },
        { san: ['DNS:a.example.com', 'DNS:b.org'] },
        { san: ['DNS:x.BAD.example.com.'] },
      ],
    ],
    [
      'mail',
      { permitted: ['email:example.com', 'email:.sub.example.com', 'email:me@else.org'] },
      [{ san: ['email:a@EXAMPLE.com'] }, { san: ['email:a@b.sub.example.com'] }, { san: ['email:me@else.org'] }],
      [
        { san: ['email:a@x.example.com'] },
        { san: ['email:a@sub.example.com'] },
        { san: ['email:you@else.org'] },
        { subject: nameOf([['1.2.840.113549.1.9.1', utf8String('a@evil.org')]]) },
      ],
    ],
    [
      'URI',
      { permitted: ['URI:.example.com'], excluded: ['URI:bad.example.com'] },
      [{ san: ['URI:https://a.example.com/x'] }, { san: ['URI:spiffe://u@b.example.com:8443/'] }],
      [
        { san: ['URI:https://example.com/'] },
        { san: ['URI:https://evil.org/a.example.com'] },
        { san: ['URI:https://evil.org\\@a.example.com/'] },
        { san: ['URI:urn:a.example.com'] },
        { san: ['URI:https://bad.example.com/'] },
      ],
    ],
    [
      'IP',
      { permitted: ['IP:10.0.0.0/255.0.0.0', 'IP:2001:db8::/ffff:ffff::'], excluded: ['IP:10.9.0.0/255.255.0.0'] },
      [{ san: ['IP:10.1.2.3'] }, { san: ['IP:2001:db8::1'] }],
      [{ san: ['IP:11.1.2.3'] }, { san: ['IP:10.9.2.3'] }, { san: ['IP:::ffff:10.1.2.3'] }],
    ],
    [
      'directory name',
      { permitted: ['dir:O=Acme,C=GB'], excluded: ['dir:OU=No,O=Acme,C=GB'] },
      [{ subject: 'CN=a,O=acme,C=GB' }, { subject: '' }],
      [
        { subject: 'CN=a,O=Evil,C=GB' },
        { subject: 'O=Acme,C=GB,CN=a' },
        { subject: 'CN=a,OU=no,O=Acme,C=GB' },
        { subject: 'CN=a,O=Acme,C=GB', san: ['dir:CN=x'] },
      ],
    ],
  ])('names of type %s outside of what a CA may give are refused', (_type, constraints, good, bad) => {
    expect(good.map((leaf) => constrained(constraints, leaf))).toEqual(good.map(() => 'ok'));
    expect(bad.map((leaf) => constrained(constraints, leaf))).toEqual(bad.map(() => 'name_constraints'));
  });

  it('the constraints of every CA hold, those of the anchor too, and for CAs below', () => {
    const anchor = makeCa({ extensions: [nameConstraints({ permitted: ['dir:O=Acme'] })] });
    const sub = anchor.issue({
      subject: 'CN=Sub,O=Acme',
      isCa: true,
      extensions: [nameConstraints({ permitted: ['DNS:a.org'] })],
    });
    const stranger = anchor.issue({ subject: 'CN=Sub,O=Other', isCa: true });
    expect(verdict(sub.issue({ subject: 'CN=a,O=Acme', san: ['DNS:x.a.org'] }), [anchor], [sub])).toBe('ok');
    expect(verdict(sub.issue({ subject: 'CN=a,O=Acme', san: ['DNS:b.org'] }), [anchor], [sub])).toBe(
      'name_constraints',
    );
    expect(verdict(sub.issue({ subject: 'CN=a,O=Other', san: ['DNS:x.a.org'] }), [anchor], [sub])).toBe(
      'name_constraints',
    );
    expect(verdict(stranger.issue({ subject: 'CN=a,O=Acme' }), [anchor], [stranger])).toBe('name_constraints');
  });
  it('a self-issued CA is exempt from name constraints, a self-issued leaf is not', () => {
    const top = makeCa({ subject: 'CN=Top', extensions: [nameConstraints({ permitted: ['dir:O=Acme'] })] });
    const rolled = top.issue({ subject: 'CN=Top', isCa: true });
    expect(verdict(rolled.issue({ subject: 'CN=a,O=Acme' }), [top], [rolled])).toBe('ok');
    expect(verdict(top.issue({ subject: 'CN=Top' }), [top])).toBe('name_constraints');
  });

  it('a name of which it cannot be told whether it is excluded is refused', () => {
    expect(constrained({ excluded: ['URI:bad.org'] }, { san: ['URI:https://good.org/'] })).toBe('ok');
    expect(constrained({ excluded: ['URI:bad.org'] }, { san: ['URI:urn:good'] })).toBe('name_constraints');
    expect(constrained({ excluded: ['URI:bad.org'] }, { san: ['URI:https://10.0.0.1/'] })).toBe('name_constraints');
  });
});
