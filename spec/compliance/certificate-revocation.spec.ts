import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ca } from '../support/methods.js';
import { type Certificate, makeCa } from '../support/pki.js';
import { makeAnswer, makeRefusal, responderAt } from '../support/revocation-authority.js';
import type { RevocationServer } from '../support/revocation-server.js';
import {
  answering,
  detail,
  RevocationSite,
  revoked,
  status,
  unknown,
  verdict,
  warnings,
} from '../support/revocation-site.js';
import { accepted } from '../support/tls-world.js';

let site: RevocationSite;
beforeAll(async () => {
  site = await RevocationSite.start();
});
afterEach(() => site.reset());
afterAll(() => site.close());

describe('TCA-09 OCSP', () => {
  it('TCA-09 good is accepted, revoked refused, whatever the mode', async () => {
    for (const mode of ['require', 'prefer'] as const) {
      const world = await site.world({ ocsp: { mode } });
      const [good, bad] = [site.certificate(), site.certificate()];
      site.authority.answer = answering(good);
      expect(await verdict(world, good)).toEqual(accepted);
      site.authority.answer = answering(bad, { status: 'revoked' });
      expect(await verdict(world, bad)).toEqual(revoked);
      expect(detail(world)).toMatchObject({
        client_id: 'revocable',
        source: 'ocsp',
        subject: 'CN=revocable',
        revoked_at: '2026-01-02T03:04:05.000Z',
      });
      expect(warnings(world)).toEqual([]);
    }
    expect(site.authority.requests[0]).toMatchObject({
      method: 'POST',
      path: '/ocsp',
      type: 'application/ocsp-request',
    });
  });

  const stranger = makeCa({ subject: 'CN=Stranger' });
  const past = { notBefore: new Date(Date.now() - 7_200_000), notAfter: new Date(Date.now() - 3_600_000) };
  const expired = ca.issue({ subject: 'CN=Responder', eku: ['1.3.6.1.5.5.7.3.9'], ...past });
  const unfit = ca.issue({ subject: 'CN=Responder' });
  const yesterday = { thisUpdate: new Date(Date.now() - 172_800_000), nextUpdate: new Date(Date.now() - 86_400_000) };
  it.each<[string, (identity: Certificate) => RevocationServer['answer'], RegExp]>([
    ['about another certificate', () => answering(site.certificate()), /about another certificate/],
    ['signed by a stranger', (it) => answering(it, { signer: stranger }), /neither the issuer nor came along/],
    ['by an expired delegate', (it) => answering(it, { signer: expired, certificates: [expired] }), /not valid now/],
    ['without OCSPSigning', (it) => answering(it, { signer: unfit, certificates: [unfit] }), /lacks OCSPSigning/],
    ['that is a replay', (it) => answering(it, yesterday), /ran out/],
    ['cut short', (it) => () => makeAnswer(it, ca).subarray(0, -1), /malformed/],
    ['of 5 MB', () => () => Buffer.alloc(5_000_000, 0x30), /more than 65536 octets/],
    ['tryLater', () => () => makeRefusal(3), /tryLater/],
    ['404', () => () => status(404), /status is 404/],
    ['that never comes', () => () => undefined, /no complete answer within 400 ms/],
  ])(
    'TCA-09 an answer %s fails closed with require, and with prefer is accepted with a warning',
    async (_title, make, problem) => {
      const identity = site.certificate();
      site.authority.answer = make(identity);
      const strict = await site.world({ ocsp: { mode: 'require', timeout: 0.4 } });
      const start = Date.now();
      expect(await verdict(strict, identity)).toEqual(unknown);
      expect(Date.now() - start).toBeLessThan(2000);
      expect(detail(strict)?.problem).toMatch(problem);
      expect(warnings(strict)).toMatchObject([
        { name: 'revocation_source_failed', detail: { source: site.authority.url('/ocsp') } },
      ]);
      const lenient = await site.world({ ocsp: { mode: 'prefer', timeout: 0.4 } });
      expect(await verdict(lenient, identity)).toEqual(accepted);
      expect(warnings(lenient)).toMatchObject([
        { name: 'revocation_source_failed' },
        { name: 'certificate_revocation_unchecked', detail: { client_id: 'revocable', subject: 'CN=revocable' } },
      ]);
    },
  );

  it('TCA-09 a responder on a private address is not asked, unless an exception names it', async () => {
    const identity = site.certificate();
    site.authority.answer = answering(identity);
    const world = await site.world({ ocsp: { mode: 'require' } }, { allow: false });
    expect(await verdict(world, identity)).toEqual(unknown);
    expect(detail(world)?.problem).toMatch(/not a global address/);
    expect(site.authority.requests).toEqual([]);
  });

  it('TCA-09 unknown is refused even with prefer, unless allow_unknown takes it with a warning', async () => {
    const identity = site.certificate();
    site.authority.answer = answering(identity, { status: 'unknown' });
    for (const mode of ['require', 'prefer'] as const) {
      expect(await verdict(await site.world({ ocsp: { mode } }), identity)).toEqual(unknown);
      const open = await site.world({ ocsp: { mode, allow_unknown: true } });
      expect(await verdict(open, identity)).toEqual(accepted);
      expect(warnings(open).map(({ name }) => name)).toEqual(['certificate_revocation_unchecked']);
    }
  });

  it('TCA-09 a certificate that names no responder is unchecked; responder_url is asked in place of the named one', async () => {
    const silent = site.certificate({ ocsp: false });
    expect(await verdict(await site.world({ ocsp: { mode: 'require' } }), silent)).toEqual(unknown);
    const configured = { mode: 'require', responder_url: site.authority.url('/own') } as const;
    for (const identity of [silent, site.certificate()]) {
      site.authority.answer = answering(identity);
      expect(await verdict(await site.world({ ocsp: configured }), identity)).toEqual(accepted);
      expect(site.authority.requests.at(-1)?.path).toBe('/own');
    }
    const own = makeCa({ subject: 'CN=Own' });
    const pinned = { ...configured, responder_certificate: own.cert };
    const identity = site.certificate();
    site.authority.answer = answering(identity, { signer: own });
    expect(await verdict(await site.world({ ocsp: pinned }), identity)).toEqual(accepted);
    site.authority.answer = answering(identity);
    expect(await verdict(await site.world({ ocsp: pinned }), identity)).toEqual(unknown);
  });

  it('TCA-09 each request has a new nonce; require refuses an answer without it', async () => {
    const [one, two] = [site.certificate(), site.certificate()];
    const world = await site.world({ ocsp: { mode: 'require', nonce: 'require' } });
    site.authority.answer = ({ body }) => makeAnswer(one, ca, { nonce: body.subarray(-32) });
    expect(await verdict(world, one)).toEqual(accepted);
    site.authority.answer = answering(two);
    expect(await verdict(world, two)).toEqual(unknown);
    const nonces = site.authority.requests.map(({ body }) => body.subarray(-32).toString('hex'));
    expect(new Set(nonces).size).toBe(2);
  });

  it('TCA-09 covers the intermediates, and not the anchor', async () => {
    const middle = ca.issue({
      subject: 'CN=Middle',
      isCa: true,
      extensions: [responderAt(site.authority.url('/middle'))],
    });
    const identity = site.certificate({ issuer: middle });
    const world = await site.world({ ocsp: { mode: 'require', cache_time: 0 } });
    let middleStatus: 'good' | 'revoked' = 'good';
    site.authority.answer = ({ path }) =>
      path === '/middle' ? makeAnswer(middle, ca, { status: middleStatus }) : makeAnswer(identity, middle);
    expect(await verdict(world, [identity, middle])).toEqual(accepted);
    expect(site.authority.requests.map(({ path }) => path).sort()).toEqual(['/middle', '/ocsp']);
    middleStatus = 'revoked';
    expect(await verdict(world, [identity, middle])).toEqual(revoked);
    expect(detail(world)?.subject).toBe('CN=Middle');
  });
});
