import { describe, expect, it } from '@jest/globals';
import { explicit, extension, implicit, nullValue, oid, sequence } from '../../support/der-writer.js';
import { generalName, makeCa } from '../../support/pki.js';
import { listsAt, responderAt, targetOf } from '../../support/revocation-authority.js';

const ca = makeCa();
const target = (...extensions: Buffer[]) => targetOf(ca.issue({ extensions }), ca);
const name = (url: string) => generalName(`URI:${url}`);
const access = (method: string, location: Buffer) => sequence(oid(method), location);
const information = (...descriptions: Buffer[]) => extension('1.3.6.1.5.5.7.1.1', sequence(...descriptions));
const points = (...items: Buffer[]) => extension('2.5.29.31', sequence(...items));
const full = (...names: Buffer[]) => explicit(0, explicit(0, ...names));

const OCSP = '1.3.6.1.5.5.7.48.1';
const ISSUERS = '1.3.6.1.5.5.7.48.2';

describe('what a certificate names', () => {
  it('responders and lists, by http and https', () => {
    const found = target(
      responderAt('http://ocsp.example/'),
      listsAt('http://ca.example/1.crl', 'https://ca.example/2'),
    );
    expect(found.responders).toEqual(['http://ocsp.example/']);
    expect(found.listUrls).toEqual(['http://ca.example/1.crl', 'https://ca.example/2']);
    expect(target()).toMatchObject({ responders: [], listUrls: [] });
  });

  it('not where certificates of issuers are, and nothing of ldap or file', () => {
    const found = target(
      information(
        access(ISSUERS, name('http://ca.example/ca.crt')),
        access(OCSP, name('ldap://ca.example/')),
        access(OCSP, generalName('DNS:ocsp.example')),
        access(OCSP, name('http://ocsp.example/')),
      ),
      listsAt('ldap://ca.example/cn=x', 'file:///etc/passwd', 'http://ca.example/a.crl'),
    );
    expect(found.responders).toEqual(['http://ocsp.example/']);
    expect(found.listUrls).toEqual(['http://ca.example/a.crl']);
  });

  it('not lists for some reasons, of other CAs, or below a relative name', () => {
    const url = name('http://ca.example/a.crl');
    const reasons = sequence(full(url), implicit(1, Buffer.from([6, 0x40])));
    const indirect = sequence(full(url), explicit(2, generalName('dir:CN=X')));
    const relative = sequence(explicit(0, explicit(1, nullValue)));
    expect(target(points(reasons, indirect, relative)).listUrls).toEqual([]);
    expect(target(points(reasons, sequence(full(url)))).listUrls).toEqual(['http://ca.example/a.crl']);
  });

  it('nothing in what is malformed, and no more than four', () => {
    expect(target(information(nullValue)).responders).toEqual([]);
    expect(target(extension('2.5.29.31', nullValue)).listUrls).toEqual([]);
    expect(target(points(sequence(explicit(0, nullValue, nullValue)))).listUrls).toEqual([]);
    const many = Array.from({ length: 9 }, (_, index) => `http://ca.example/${index}`);
    expect(target(listsAt(...many)).listUrls).toEqual(many.slice(0, 4));
  });

  it('the id tells issuers of one name, and serial numbers, apart', () => {
    const leaf = ca.issue();
    expect(targetOf(leaf, ca).id).toBe(targetOf(leaf, ca).id);
    expect(targetOf(leaf, makeCa()).id).not.toBe(targetOf(leaf, ca).id);
    expect(targetOf(ca.issue(), ca).id).not.toBe(targetOf(leaf, ca).id);
  });
});
