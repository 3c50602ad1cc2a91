import { createPrivateKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as pkijs from 'pkijs';
import { encodeOcspRequest } from '../../../lib/certificates/revocation/ocsp-request.js';
import { configuredResponder } from '../../../lib/certificates/revocation/ocsp-responders.js';
import { judgeOcspResponse, type OcspRules } from '../../../lib/certificates/revocation/ocsp-verdict.js';
import { der, explicit, extension, nullValue, octetString, oid, sequence } from '../../support/der-writer.js';
import { type CertificateOptions, makeCa } from '../../support/pki.js';
import { type AnswerOptions, makeAnswer, makeRefusal, serialOf, targetOf } from '../../support/revocation-authority.js';

const now = Date.now();
const ca = makeCa();
const leaf = ca.issue();
const target = targetOf(leaf, ca);
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';
const responder = (options: CertificateOptions = {}, issuer = ca) =>
  issuer.issue({ subject: 'CN=Responder', eku: [OCSP_SIGNING], ...options });
const delegate = responder();

const rules: OcspRules = {
  responder: undefined,
  now,
  clockTolerance: 10,
  cacheTime: 3600,
  nonce: undefined,
  nonceRequired: false,
};

/** What an answer says, or why it is not believed. */
function verdictOf(answer: Buffer, changed: Partial<OcspRules> = {}): string {
  const judged = judgeOcspResponse(answer, target, { ...rules, ...changed });
  return judged.ok ? judged.verdict.status : judged.problem;
}

const says = (options: AnswerOptions, changed: Partial<OcspRules> = {}) =>
  verdictOf(makeAnswer(leaf, ca, options), changed);

describe('an OCSP answer', () => {
  it('TCA-09 tells good, revoked and unknown', () => {
    expect(says({})).toBe('good');
    expect(says({ status: 'unknown' })).toBe('unknown');
    expect(judgeOcspResponse(makeAnswer(leaf, ca, { status: 'revoked' }), target, rules)).toMatchObject({
      ok: true,
      verdict: { status: 'revoked', source: 'ocsp', revokedAt: Date.parse('2026-01-02T03:04:05Z') },
    });
  });

  it('may name the certificate by SHA-256, and its signer by key', () => {
    expect(says({ hash: 'sha256', byKey: true })).toBe('good');
    expect(says({ signer: delegate, certificates: [delegate], byKey: true })).toBe('good');
  });

  it('TCA-09 about another certificate is refused, also one of the same number from another CA', () => {
    const problem = 'the answer is about another certificate';
    const impostor = makeCa();
    expect(verdictOf(makeAnswer(ca.issue(), ca))).toBe(problem);
    expect(verdictOf(makeAnswer(leaf, impostor, { signer: ca }))).toBe(problem);
  });

  it.each([1, 2, 3, 5, 6, 7])('the refusal %i says nothing', (code) => {
    expect(verdictOf(makeRefusal(code))).toMatch(/^the responder answered [a-zA-Z]+/);
  });
});

describe('who may answer', () => {
  it('TCA-09 the issuer, or whom its key has certified for it', () => {
    expect(says({ signer: ca })).toBe('good');
    expect(says({ signer: delegate, certificates: [delegate] })).toBe('good');
    expect(says({ signer: delegate, certificates: [responder({ eku: [] }), ca, delegate] })).toBe('good');
  });

  const impostor = makeCa();
  const past = { notBefore: new Date(now - 7_200_000), notAfter: new Date(now - 3_600_000) };
  it.each([
    ['a stranger', impostor, [], 'the signature of the answer does not verify'],
    ['a stranger of another name', makeCa({ subject: 'CN=X' }), [], 'neither the issuer nor came along'],
    ['a delegate that did not come along', delegate, [], 'neither the issuer nor came along'],
    ['a delegate of a CA of the same name', responder({}, impostor), undefined, 'not certified by the issuer'],
    ['a delegate that certified itself', makeCa({ subject: 'CN=Responder' }), undefined, 'not certified by the issuer'],
    ['a delegate without OCSPSigning', responder({ eku: ['clientAuth'] }), undefined, 'lacks OCSPSigning'],
    ['a delegate for any purpose', responder({ eku: ['any'] }), undefined, 'lacks OCSPSigning'],
    ['a delegate without purposes', responder({ eku: [] }), undefined, 'lacks OCSPSigning'],
    ['a delegate that may not sign', responder({ keyUsage: [2] }), undefined, 'lacks OCSPSigning'],
    ['an expired delegate', responder(past), undefined, 'the delegated responder is not valid now'],
    ['a delegate with a weak key', responder({ keyType: 'rsa1024' }), undefined, 'weak'],
    ['the client itself', leaf, undefined, 'lacks OCSPSigning'],
    [
      'a delegate with something critical',
      responder({ extensions: [extension('1.2.3.4', nullValue, true)] }),
      undefined,
      'unknown critical extension',
    ],
  ])('TCA-09 %s is not believed', (_title, signer, certificates, problem) => {
    expect(says({ signer, certificates: certificates ?? [signer] })).toContain(problem);
  });

  it('responder_certificate alone, where it is configured, whoever issued it', () => {
    const own = makeCa({ subject: 'CN=Own responder' });
    const configured = { responder: configuredResponder(own.cert) };
    expect(says({ signer: own }, configured)).toBe('good');
    expect(says({ signer: ca }, configured)).toBe('the answer is not of responder_certificate');
    const namesake = makeCa({ subject: 'CN=Own responder' });
    expect(says({ signer: namesake, certificates: [own] }, configured)).toBe(
      'the signature of the answer does not verify',
    );
    const expired = makeCa({ subject: 'CN=Own responder', ...past });
    expect(says({ signer: expired }, { responder: configuredResponder(expired.cert) })).toMatch(/not valid now/);
  });
});

describe('how old an answer may be', () => {
  const at = (seconds: number) => new Date(now + seconds * 1000);

  it('TCA-09 one that has run out is a replay, with some tolerance', () => {
    expect(says({ thisUpdate: at(-7200), nextUpdate: at(-3600) })).toMatch(/^the answer ran out at 2/);
    expect(says({ thisUpdate: at(-7200), nextUpdate: at(-5) })).toBe('good');
    expect(says({ thisUpdate: at(60) })).toBe('the answer is of the future');
    expect(says({ thisUpdate: at(5) })).toBe('good');
    expect(says({ thisUpdate: at(-5), nextUpdate: at(-8) })).toBe('the answer ends before it begins');
  });

  it('TCA-09 without nextUpdate it may be as old as answers are cached', () => {
    expect(says({ thisUpdate: at(-3500), nextUpdate: null })).toBe('good');
    expect(says({ thisUpdate: at(-3700), nextUpdate: null })).toBe('the answer has no nextUpdate and is old');
    expect(says({ thisUpdate: at(-20), nextUpdate: null }, { cacheTime: 0 })).toMatch(/is old$/);
    expect(says({ thisUpdate: at(-5), nextUpdate: null }, { cacheTime: 0 })).toBe('good');
  });

  it('serves until it ends itself, and cache_time at most', () => {
    const until = (options: AnswerOptions) => {
      const judged = judgeOcspResponse(makeAnswer(leaf, ca, options), target, rules);
      return judged.ok ? Math.round((judged.until - now) / 1000) : judged.problem;
    };
    expect(until({ nextUpdate: at(90_000) })).toBe(3600);
    expect(until({ nextUpdate: at(60) })).toBeGreaterThanOrEqual(59);
    expect(until({ nextUpdate: at(60) })).toBeLessThanOrEqual(60);
    expect(until({ thisUpdate: at(-3000), nextUpdate: null })).toBeLessThanOrEqual(600);
  });

  it('TCA-09 the nonce of another request is refused, and none where one is required', () => {
    const nonce = randomBytes(32);
    expect(says({ nonce }, { nonce, nonceRequired: true })).toBe('good');
    expect(says({}, { nonce })).toBe('good');
    expect(says({}, { nonce, nonceRequired: true })).toBe('the answer has no nonce');
    expect(says({ nonce: randomBytes(32) }, { nonce })).toBe('the answer has the nonce of another request');
    expect(says({ nonce: Buffer.alloc(0) }, { nonce })).toBe('the answer has the nonce of another request');
    expect(says({ nonce })).toBe('good');
  });

  it('something critical that is not known is refused', () => {
    expect(says({ responseExtensions: [extension('1.2.3.4', nullValue)] })).toBe('good');
    expect(says({ responseExtensions: [extension('1.2.3.4', nullValue, true)] })).toBe('the answer is malformed');
  });
});

describe('what others write and read', () => {
  it('pkijs reads our request: the certificate by SHA-1 or SHA-256, and a nonce of 32 octets (RFC 9654)', () => {
    const nonce = randomBytes(32);
    for (const [hash, id] of [
      ['sha1', '1.3.14.3.2.26'],
      ['sha256', '2.16.840.1.101.3.4.2.1'],
    ] as const) {
      const peer = pkijs.OCSPRequest.fromBER(encodeOcspRequest(target, hash, nonce));
      const [item] = peer.tbsRequest.requestList;
      expect(item!.reqCert.hashAlgorithm.algorithmId).toBe(id);
      expect(Buffer.from(item!.reqCert.serialNumber.valueBlock.valueHexView)).toEqual(serialOf(leaf));
      const [found] = peer.tbsRequest.requestExtensions ?? [];
      expect(found?.extnID).toBe('1.3.6.1.5.5.7.48.1.2');
      expect(Buffer.from(found!.extnValue.valueBlock.valueHexView)).toEqual(octetString(nonce));
    }
    const plain = pkijs.OCSPRequest.fromBER(encodeOcspRequest(target, 'sha1', undefined));
    expect(plain.tbsRequest.requestExtensions).toBeUndefined();
  });

  it('reads what pkijs writes', async () => {
    const crypto = new pkijs.CryptoEngine({ name: 'node', crypto: globalThis.crypto });
    // RFC 5280 4.1.2.5.2: no fractions.
    const wholeSeconds = new Date(Math.floor(now / 1000) * 1000 - 60_000);
    const basic = new pkijs.BasicOCSPResponse();
    basic.tbsResponseData.responderID = pkijs.Certificate.fromBER(ca.der).subject;
    basic.tbsResponseData.producedAt = wholeSeconds;
    const single = new pkijs.SingleResponse();
    await single.certID.createForCertificate(
      pkijs.Certificate.fromBER(leaf.der),
      { hashAlgorithm: 'SHA-256', issuerCertificate: pkijs.Certificate.fromBER(ca.der) },
      crypto,
    );
    const { Primitive } = await import('asn1js');
    single.certStatus = new Primitive({ idBlock: { tagClass: 3, tagNumber: 0 } });
    single.thisUpdate = wholeSeconds;
    basic.tbsResponseData.responses.push(single);
    const pkcs8 = createPrivateKey(ca.key).export({ type: 'pkcs8', format: 'der' });
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
    const key = await globalThis.crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
    await basic.sign(key, 'SHA-256', crypto);
    const bytes = sequence(oid('1.3.6.1.5.5.7.48.1.1'), octetString(Buffer.from(basic.toSchema().toBER())));
    expect(verdictOf(sequence(der(0x0a, Buffer.from([0])), explicit(0, bytes)))).toBe('good');
  });
});

describe('junk', () => {
  it('any octet changed, cut or added gives a problem and never an error or another verdict', () => {
    const answer = makeAnswer(leaf, ca, { signer: delegate, certificates: [delegate], nonce: randomBytes(32) });
    expect(verdictOf(answer)).toBe('good');
    const believed = ['good', 'revoked', 'unknown'];
    let survivors = 0;
    fc.assert(
      fc.property(fc.nat(answer.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const mutant = Buffer.from(answer);
        mutant[at] = mutant[at]! ^ change;
        if (believed.includes(verdictOf(mutant))) survivors += 1;
        expect(believed).not.toContain(verdictOf(answer.subarray(0, at)));
        expect(believed).not.toContain(verdictOf(Buffer.concat([answer, Buffer.from([change])])));
      }),
      { numRuns: 500 },
    );
    expect(survivors).toBe(0);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(believed).not.toContain(verdictOf(Buffer.from([0x30, ...bytes])));
      }),
    );
  });

  it('values inside values, long names and crowds end soon', () => {
    let nested = nullValue;
    for (let depth = 0; depth < 5000; depth += 1) nested = der(0x30, nested);
    const wrap = (basic: Buffer) =>
      sequence(der(0x0a, Buffer.from([0])), explicit(0, sequence(oid('1.3.6.1.5.5.7.48.1.1'), octetString(basic))));
    const start = Date.now();
    for (const bomb of [
      nested,
      wrap(nested),
      wrap(sequence(sequence(nested, nested, nested))),
      Buffer.alloc(5_000_000, 0x30),
    ]) {
      expect(verdictOf(bomb)).toBe('the answer is malformed');
    }
    const crowd = Array.from({ length: 200 }, () => delegate);
    expect(
      verdictOf(makeAnswer(leaf, ca, { signer: makeCa({ subject: 'CN=Responder' }), certificates: crowd })),
    ).toMatch(/verify|certified/);
    expect(Date.now() - start).toBeLessThan(1500);
  });
});
