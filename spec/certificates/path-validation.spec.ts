import { createPublicKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import forge from 'node-forge';
import { parseClientCertificate } from '../../lib/certificates/client-certificate.js';
import { trustAnchors, validatePath } from '../../lib/certificates/path-validation.js';
import { isStrongKey } from '../../lib/certificates/signature.js';
import { extension, nullValue, sequence, utf8String } from '../support/der-writer.js';
import { verdict } from '../support/path-verdict.js';
import { type CertificateOptions, makeCa, nameConstraints, nameOf, selfSigned } from '../support/pki.js';

const DAY = 86_400_000;
const now = Date.now();
const ca = makeCa();

describe('a path to an anchor', () => {
  it('TCA-01 a certificate of a configured CA is accepted, until the earliest expiry in its path', () => {
    const intermediate = ca.issue({ subject: 'CN=Sub', isCa: true, notAfter: new Date(now + 10 * DAY) });
    const leaf = intermediate.issue();
    const certificate = parseClientCertificate(leaf.der, [intermediate.der])!;
    const result = validatePath(certificate, trustAnchors([ca.der]), { now });
    expect(result).toMatchObject({ ok: true, validUntil: Date.parse(new X509Certificate(intermediate.der).validTo) });
    expect(result.ok && result.path.map(({ der }) => der)).toEqual([leaf.der, intermediate.der, ca.der]);
    expect(validatePath(parseClientCertificate(leaf.der)!, trustAnchors([ca.der]), { now }).ok).toBe(false);
  });

  it('TCA-01 the same subject from another CA of the same name is refused', () => {
    const impostor = makeCa();
    expect(verdict(ca.issue(), [ca])).toBe('ok');
    expect(verdict(impostor.issue(), [ca])).toBe('untrusted');
    expect(verdict(impostor.issue(), [ca], [impostor])).toBe('untrusted');
  });

  it('TCA-01 without anchors nothing is trusted', () => {
    expect(verdict(ca.issue(), [])).toBe('untrusted');
    expect(verdict(ca.issue(), [], [ca])).toBe('untrusted');
    expect(verdict(ca.issue(), [ca])).toBe('ok');
  });

  it('two anchors of one name and different keys are both tried', () => {
    const twin = makeCa();
    expect(verdict(ca.issue(), [twin, ca])).toBe('ok');
    expect(verdict(twin.issue(), [twin, ca])).toBe('ok');
    expect(verdict(makeCa().issue(), [twin, ca])).toBe('untrusted');
  });

  it('TCA-09 a renewed certificate with a new key is accepted with the same anchors', () => {
    const [old, renewed] = [ca.issue({ subject: 'CN=app' }), ca.issue({ subject: 'CN=app' })];
    expect(renewed.key).not.toBe(old.key);
    expect([verdict(old, [ca]), verdict(renewed, [ca])]).toEqual(['ok', 'ok']);
    expect(verdict(makeCa({ subject: 'CN=Other CA' }).issue({ subject: 'CN=app' }), [ca])).toBe('untrusted');
  });

  it('an intermediate that is missing, foreign or rubbish leads nowhere; the order of the chain does not matter', () => {
    const upper = ca.issue({ subject: 'CN=Upper', isCa: true });
    const lower = upper.issue({ subject: 'CN=Lower', isCa: true });
    const leaf = lower.issue();
    const rubbish = { ...ca, der: Buffer.from('rubbish') };
    expect(verdict(leaf, [ca], [lower, upper])).toBe('ok');
    expect(verdict(leaf, [ca], [rubbish, upper, ca, leaf, lower])).toBe('ok');
    expect(verdict(leaf, [ca], [lower])).toBe('untrusted');
    expect(verdict(leaf, [ca], [upper, ca.issue({ subject: 'CN=Lower', isCa: true })])).toBe('untrusted');
  });

  it('an intermediate may be the anchor itself', () => {
    const intermediate = ca.issue({ subject: 'CN=Sub', isCa: true });
    expect(verdict(intermediate.issue(), [intermediate])).toBe('ok');
    expect(verdict(ca.issue(), [intermediate])).toBe('untrusted');
  });

  it('CAs that certify each other end the search, not the process', () => {
    const one = makeCa({ subject: 'CN=One' });
    const two = makeCa({ subject: 'CN=Two' });
    const oneByTwo = two.issue({ subject: 'CN=One', isCa: true, sameKeyAs: one });
    const twoByOne = one.issue({ subject: 'CN=Two', isCa: true, sameKeyAs: two });
    const started = performance.now();
    expect(verdict(one.issue(), [ca], [oneByTwo, twoByOne, one, two], { maxDepth: 50 })).toBe('untrusted');
    expect(verdict(one.issue(), [two], [oneByTwo, twoByOne, one])).toBe('ok');
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('when one path fails and another holds, the certificate is accepted', () => {
    const expired = makeCa({ notAfter: new Date(now - DAY), notBefore: new Date(now - 2 * DAY), sameKeyAs: ca });
    const leaf = ca.issue();
    expect(verdict(leaf, [expired, ca])).toBe('ok');
    expect(verdict(leaf, [expired])).toBe('expired');
  });

  it('the depth of a path is limited', () => {
    const first = ca.issue({ subject: 'CN=1', isCa: true });
    const second = first.issue({ subject: 'CN=2', isCa: true });
    const leaf = second.issue();
    expect(verdict(leaf, [ca], [first, second], { maxDepth: 2 })).toBe('ok');
    expect(verdict(leaf, [ca], [first, second], { maxDepth: 1 })).toBe('path_too_long');
  });
});

describe('time', () => {
  it('MTL-06 expired and not yet valid certificates are refused, at every place of the path', () => {
    const past: CertificateOptions = { notBefore: new Date(now - 2 * DAY), notAfter: new Date(now - DAY) };
    const future: CertificateOptions = { notBefore: new Date(now + DAY), notAfter: new Date(now + 2 * DAY) };
    expect(verdict(ca.issue(past), [ca])).toBe('expired');
    expect(verdict(ca.issue(future), [ca])).toBe('not_yet_valid');
    const intermediate = ca.issue({ subject: 'CN=Sub', isCa: true, ...past });
    expect(verdict(intermediate.issue(), [ca], [intermediate])).toBe('expired');
    const anchor = makeCa(future);
    expect(verdict(anchor.issue(), [anchor])).toBe('not_yet_valid');
    expect(verdict(ca.issue(future), [ca], [], { at: now + DAY + 5000 })).toBe('ok');
  });

  it('MTL-06 the tolerance is in seconds, and for the beginning alone', () => {
    const leaf = ca.issue({ notAfter: new Date(now - 5000) });
    expect(verdict(leaf, [ca], [], { toleranceSeconds: 10, at: now })).toBe('expired');
    const early = ca.issue({ notBefore: new Date(now + 5000) });
    expect(verdict(early, [ca], [], { toleranceSeconds: 10, at: now })).toBe('ok');
    expect(verdict(early, [ca], [], { toleranceSeconds: 3, at: now })).toBe('not_yet_valid');
  });

  it('a remembered verdict ends with the validity, and a refusal is worked out anew', () => {
    const certificate = parseClientCertificate(
      ca.issue({ notBefore: new Date(now), notAfter: new Date(now + DAY) }).der,
    )!;
    const anchors = trustAnchors([ca.der]);
    const at = (time: number) => {
      const result = validatePath(certificate, anchors, { now: time });
      return result.ok ? 'ok' : result.reason;
    };
    expect([at(now - 1000), at(now + 1000), at(now + DAY + 1000), at(now + 2000)]).toEqual([
      'not_yet_valid',
      'ok',
      'expired',
      'ok',
    ]);
    expect(validatePath(certificate, anchors, { now: now + 2000 })).toBe(
      validatePath(certificate, anchors, { now: now + 3000 }),
    );
  });
});

describe('what a leaf must be', () => {
  it('TCA-08 extendedKeyUsage, where present, has clientAuth or any', () => {
    expect(verdict(ca.issue({ eku: [] }), [ca])).toBe('ok');
    expect(verdict(ca.issue({ eku: ['clientAuth'] }), [ca])).toBe('ok');
    expect(verdict(ca.issue({ eku: ['any'] }), [ca])).toBe('ok');
    expect(verdict(ca.issue({ eku: ['serverAuth'] }), [ca])).toBe('not_a_client_certificate');
    const serversOnly = ca.issue({ subject: 'CN=Servers', isCa: true, eku: ['serverAuth'] });
    expect(verdict(serversOnly.issue(), [ca], [serversOnly])).toBe('not_a_client_certificate');
  });

  it('keyUsage, where present, has digitalSignature', () => {
    expect(verdict(ca.issue({ keyUsage: [] }), [ca])).toBe('ok');
    expect(verdict(ca.issue({ keyUsage: [0, 2] }), [ca])).toBe('ok');
    expect(verdict(ca.issue({ keyUsage: [2] }), [ca])).toBe('not_a_client_certificate');
  });

  it('TCA-08 a CA certificate as leaf is refused, also the anchor itself', () => {
    const intermediate = ca.issue({ subject: 'CN=Sub', isCa: true, keyUsage: [0, 5] });
    expect(verdict(intermediate, [ca])).toBe('ca_certificate');
    expect(verdict(ca, [ca])).toBe('ca_certificate');
    expect(verdict(ca.issue({ keyUsage: [0, 5] }), [ca])).toBe('ca_certificate');
  });

  it('an anchor that is no CA vouches for itself alone', () => {
    const pinned = selfSigned({ subject: 'CN=Pinned' });
    expect(verdict(pinned, [pinned])).toBe('ok');
    expect(verdict(selfSigned({ subject: 'CN=Pinned', sameKeyAs: pinned }), [pinned])).toBe('untrusted');
    expect(verdict(pinned.issue({ subject: 'CN=Child' }), [pinned])).toBe('untrusted');
    expect(verdict(pinned, [pinned], [], { at: now + 400 * DAY })).toBe('expired');
  });

  it('a self-signed certificate is untrusted', () => {
    expect(verdict(selfSigned(), [ca])).toBe('untrusted');
  });

  it('a leaf issues nothing', () => {
    const leaf = ca.issue({ subject: 'CN=Leaf' });
    expect(verdict(leaf.issue({ subject: 'CN=admin' }), [ca], [leaf])).toBe('not_a_ca');
    const withoutBit = ca.issue({ subject: 'CN=Sub', isCa: true, keyUsage: [6] });
    expect(verdict(withoutBit.issue(), [ca], [withoutBit])).toBe('not_a_ca');
  });
});

describe('keys and signatures', () => {
  it.each(['ec', 'ec384', 'ed25519', 'rsa'] as const)('%s keys and their signatures are accepted', (keyType) => {
    const authority = makeCa({ keyType });
    expect(verdict(authority.issue({ keyType }), [authority])).toBe('ok');
    expect(verdict(makeCa({ keyType }).issue({ keyType }), [authority])).toBe('untrusted');
  });

  it('RSA-PSS, SHA-384 and SHA-512 are accepted, SHA-1 is not', () => {
    const authority = makeCa({ keyType: 'rsa' });
    expect(verdict(authority.issue({ pss: true }), [authority])).toBe('ok');
    expect(verdict(authority.issue({ pss: true, hash: 'sha512' }), [authority])).toBe('ok');
    expect(verdict(authority.issue({ hash: 'sha384' }), [authority])).toBe('ok');
    expect(verdict(authority.issue({ hash: 'sha1' }), [authority])).toBe('weak_signature');
    expect(verdict(authority.issue({ pss: true, hash: 'sha1' }), [authority])).toBe('weak_signature');
    expect(verdict(ca.issue({ hash: 'sha1' }), [ca])).toBe('weak_signature');
    expect(verdict(ca.issue({ hash: 'sha512' }), [ca])).toBe('ok');
  });

  it('weak keys are refused in the leaf, on the way, and as anchors', () => {
    expect(verdict(ca.issue({ keyType: 'rsa1024' }), [ca])).toBe('weak_key');
    expect(verdict(ca.issue({ keyType: 'secp256k1' }), [ca])).toBe('weak_key');
    expect(verdict(ca.issue({ keyType: 'ecExplicit' }), [ca])).toBe('weak_key');
    const weak = ca.issue({ subject: 'CN=Weak', isCa: true, keyType: 'rsa1024' });
    expect(verdict(weak.issue(), [ca], [weak])).toBe('weak_key');
    expect(() => trustAnchors([ca.der, makeCa({ keyType: 'rsa1024' }).der])).toThrow('trust anchor 1 has a weak');
  });

  it('an RSA exponent of one is refused', () => {
    const n = Buffer.alloc(256, 0xc5).toString('base64url');
    const key = (e: string) => createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });
    expect(isStrongKey(key('AQAB'))).toBe(true);
    expect(isStrongKey(key('AQ'))).toBe(false);
  });

  it('a changed certificate is untrusted', () => {
    const changed = Buffer.from(ca.issue({ subject: 'CN=alice' }).der);
    changed.write('clive', changed.indexOf('alice'));
    expect(verdict(changed, [ca])).toBe('untrusted');
  });

  it('whichever octet is changed, the certificate is refused and nothing throws', () => {
    const { der } = ca.issue({ san: ['DNS:a.example.com', 'IP:10.0.0.1'], subject: 'CN=alice+OU=x,O=y' });
    const anchors = trustAnchors([ca.der]);
    const accepted = [...der.keys()].filter((at) => {
      const changed = Buffer.from(der);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const certificate = parseClientCertificate(changed);
      return certificate !== undefined && validatePath(certificate, anchors, { now }).ok;
    });
    expect(accepted).toEqual([]);
    expect(verdict(der, [ca])).toBe('ok');
  });

  it('a signature algorithm that differs inside and outside is malformed', () => {
    const changed = Buffer.from(ca.issue().der);
    const ecdsaSha256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
    changed[changed.lastIndexOf(ecdsaSha256) + 11] = 3;
    expect(verdict(changed, [ca])).toBe('unparsable');
  });

  it('certificates of node-forge are accepted', () => {
    const keys = forge.pki.rsa.generateKeyPair(2048);
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = keys.publicKey;
    certificate.serialNumber = '01';
    certificate.validity.notBefore = new Date(now - DAY);
    certificate.validity.notAfter = new Date(now + DAY);
    certificate.setSubject([{ name: 'commonName', value: 'Forge' }]);
    certificate.setIssuer([{ name: 'commonName', value: 'Forge' }]);
    certificate.setExtensions([
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
    ]);
    const toDer = () => ({
      ...ca,
      der: Buffer.from(forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes(), 'latin1'),
    });
    certificate.sign(keys.privateKey, forge.md.sha256.create());
    const good = toDer();
    expect(verdict(good, [good])).toBe('ok');
    certificate.setExtensions([
      { name: 'basicConstraints', cA: true },
      { name: 'keyUsage', keyCertSign: true },
    ]);
    certificate.sign(keys.privateKey, forge.md.sha256.create());
    expect(verdict(toDer(), [toDer()])).toBe('ca_certificate');
  });
});

describe('extensions', () => {
  it('pathLenConstraint counts the CAs below, but not self-issued ones', () => {
    const top = makeCa({ subject: 'CN=Top', pathLen: 0 });
    const sub = top.issue({ subject: 'CN=Sub', isCa: true });
    const rolled = top.issue({ subject: 'CN=Top', isCa: true });
    expect(verdict(top.issue(), [top])).toBe('ok');
    expect(verdict(sub.issue(), [top], [sub])).toBe('path_too_long');
    expect(verdict(rolled.issue(), [top], [rolled])).toBe('ok');
    const one = ca.issue({ subject: 'CN=One', isCa: true, pathLen: 1 });
    const two = one.issue({ subject: 'CN=Two', isCa: true });
    const three = two.issue({ subject: 'CN=Three', isCa: true });
    expect(verdict(two.issue(), [ca], [one, two])).toBe('ok');
    expect(verdict(three.issue(), [ca], [one, two, three])).toBe('path_too_long');
  });

  it('an unknown critical extension is refused, an unknown one is not', () => {
    const unknown = (critical: boolean) => ({ extensions: [extension('1.2.3.4', nullValue, critical)] });
    expect(verdict(ca.issue(unknown(false)), [ca])).toBe('ok');
    expect(verdict(ca.issue(unknown(true)), [ca])).toBe('unknown_critical_extension');
    const sub = ca.issue({ subject: 'CN=Sub', isCa: true, ...unknown(true) });
    expect(verdict(sub.issue(), [ca], [sub])).toBe('unknown_critical_extension');
    const policyConstraints = extension('2.5.29.36', sequence(Buffer.from('800100', 'hex')), true);
    const restricted = ca.issue({ subject: 'CN=Sub', isCa: true, extensions: [policyConstraints] });
    expect(verdict(restricted.issue(), [ca], [restricted])).toBe('unknown_critical_extension');
  });

  // All of them fit into what OpenSSL lets through in a handshake.
  const marks = `a${'\u0316\u0301'.repeat(15_000)}`;
  const times = <T>(count: number, of: (index: number) => T) => Array.from({ length: count }, (_, index) => of(index));
  const common = ['2.5.4.3', utf8String('a')] as const;
  it.each<[string, CertificateOptions, string]>([
    ['a name that takes long to normalize', { subject: nameOf([['2.5.4.3', utf8String(marks)]]) }, 'malformed'],
    ['a name of 680 RDNs', { subject: nameOf(...times(680, () => [common])) }, 'malformed'],
    ['an RDN of 680 attributes', { subject: nameOf(times(680, () => common)) }, 'malformed'],
    ['2000 directory names', { san: times(2000, () => 'dir:CN=a,O=b') }, 'malformed'],
    [
      '1500 directory subtrees',
      { extensions: [nameConstraints({ permitted: times(1500, () => 'dir:CN=a') })] },
      'malformed',
    ],
    ['4000 subtrees', { extensions: [nameConstraints({ excluded: times(4000, () => 'DNS:a.b') })] }, 'malformed'],
    ['7000 purposes', { eku: times(7000, (index) => `1.2.3.${index}`) }, 'malformed'],
    ['4000 extensions', { extensions: times(4000, (index) => extension(`1.2.3.${index}`, nullValue)) }, 'unparsable'],
  ])('%s are refused at once, and disturb nothing where they came along', (_title, options, expected) => {
    const sub = ca.issue({ subject: 'CN=Sub', isCa: true });
    const [leaf, slow] = [sub.issue(), ca.issue(options)];
    const started = performance.now();
    expect(verdict(slow, [ca])).toBe(expected);
    expect(verdict(leaf, [ca], [slow, sub])).toBe('ok');
    expect(performance.now() - started).toBeLessThan(250);
  });

  it('what large PKIs have is taken', () => {
    const san = [...times(900, () => 'DNS:a.b'), ...times(20, () => 'dir:CN=a,O=b')];
    const subject = nameOf(...times(64, () => [common]));
    const wide = nameConstraints({ permitted: [...times(900, () => 'DNS:b'), ...times(20, () => 'dir:CN=a')] });
    const sub = ca.issue({ subject: 'CN=Sub', isCa: true, extensions: [wide] });
    expect(verdict(ca.issue({ san, subject }), [ca])).toBe('ok');
    expect(verdict(sub.issue({ subject: 'CN=b,CN=a', san: ['DNS:a.b'] }), [ca], [sub])).toBe('ok');
  });

  it('an extension that appears twice, or is broken, is malformed', () => {
    const twice = [extension('1.2.3.4', nullValue), extension('1.2.3.4', nullValue)];
    expect(verdict(ca.issue({ extensions: twice }), [ca])).toBe('unparsable');
    expect(verdict(ca.issue({ eku: [], extensions: [extension('2.5.29.37', nullValue)] }), [ca])).toBe('malformed');
    expect(verdict(ca.issue({ san: [Buffer.from('82036100', 'hex')] }), [ca])).toBe('malformed');
    expect(verdict(ca.issue({ san: [Buffer.from('82026100', 'hex')] }), [ca])).toBe('malformed');
    expect(verdict(ca.issue({ san: [Buffer.from('82026162', 'hex')] }), [ca])).toBe('ok');
  });
});

describe('trustAnchors', () => {
  it('refuses what could never be an anchor, by its index', () => {
    expect(() => trustAnchors([ca.der, Buffer.from('no')])).toThrow('trust anchor 1 is not a well-formed certificate');
    expect(() => trustAnchors([makeCa({ keyUsage: [6] }).der])).toThrow(
      'trust anchor 0 is a CA whose keyUsage lacks keyCertSign',
    );
    expect(() => trustAnchors([makeCa({ extensions: [extension('1.2.3', nullValue, true)] }).der])).toThrow('1.2.3');
    expect(trustAnchors([ca.der, ca.der]).size).toBe(2);
  });
});
