import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { openStore } from '../../index.js';
import type { RevocationOptionsInput } from '../../lib/certificates/revocation/options.js';
import { breakableStore } from '../support/breakable-store.js';
import { ca } from '../support/methods.js';
import { type Certificate, makeCa } from '../support/pki.js';
import { makeAnswer, makeList, responderAt } from '../support/revocation-authority.js';
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
import { accepted, refused } from '../support/tls-world.js';

let site: RevocationSite;
beforeAll(async () => {
  site = await RevocationSite.start();
});
afterEach(() => site.reset());
afterAll(() => site.close());

describe('TCA-09 what is remembered', () => {
  it('TCA-09 50 requests at once ask once; an answer serves for cache_time, a failure for retry_after', async () => {
    const identity = site.certificate();
    const world = await site.world({ ocsp: { mode: 'require', cache_time: 100 }, retry_after: 10 });
    site.authority.answer = () => status(503);
    const verdicts = await Promise.all(
      Array.from({ length: 50 }, () => world.ask({ client_id: 'revocable' }, identity)),
    );
    expect(new Set(verdicts.map((reply) => reply.status))).toEqual(new Set([401]));
    expect(site.authority.requests).toHaveLength(1);
    site.authority.answer = answering(identity);
    expect(await verdict(world, identity)).toEqual(unknown);
    site.clock = 11_000;
    expect(await verdict(world, identity)).toEqual(accepted);
    site.authority.answer = answering(identity, { status: 'revoked' });
    site.clock = 90_000;
    expect(await verdict(world, identity)).toEqual(accepted);
    expect(site.authority.requests).toHaveLength(2);
    site.clock = 120_000;
    expect(await verdict(world, identity)).toEqual(revoked);
  });

  it('TCA-09 a responder that is down is let alone, whatever certificate asks next', async () => {
    const world = await site.world({ ocsp: { mode: 'prefer' } });
    site.authority.answer = () => status(500);
    for (let index = 0; index < 3; index += 1) expect(await verdict(world, site.certificate())).toEqual(accepted);
    expect(site.authority.requests).toHaveLength(1);
    expect(warnings(world).filter(({ name }) => name === 'certificate_revocation_unchecked')).toHaveLength(3);
  });

  it('TCA-09 answers and lists are shared through the store, and verified by whoever takes them', async () => {
    const store = await openStore('memory:?acknowledge=single-process');
    const identity = site.certificate();
    site.authority.answer = ({ method }) => (method === 'POST' ? makeAnswer(identity, ca) : makeList(ca));
    const ask = async (revocation: RevocationOptionsInput) =>
      verdict(await site.world(revocation, { store }), identity);
    for (const revocation of [{ ocsp: { mode: 'require' } }, { crl: { mode: 'require' } }] as const) {
      site.authority.requests.length = 0;
      expect(await ask(revocation)).toEqual(accepted);
      expect(await ask(revocation)).toEqual(accepted);
      expect(site.authority.requests).toHaveLength(1);
      const kept: [string, string][] = [];
      for await (const { key, value } of store.scan('')) if (/(ocsp|crl)\//.test(key)) kept.push([key, value]);
      expect(kept).toHaveLength(1);
      const [[key, value]] = kept as [[string, string]];
      const dot = value.indexOf('.') + 1;
      const bytes = Buffer.from(value.slice(dot), 'base64');
      const put = (changed: Buffer) => store.set(key, value.slice(0, dot) + changed.toString('base64'), 100);
      await put(bytes.subarray(0, -1));
      expect(await ask(revocation)).toEqual(accepted);
      expect(site.authority.requests).toHaveLength(2);
      // Signed by nobody: an answer is asked for anew, a list tells nothing.
      await put(Buffer.concat([bytes.subarray(0, -1), Buffer.from([bytes.at(-1)! ^ 1])]));
      expect(await ask(revocation)).toEqual('ocsp' in revocation ? accepted : unknown);
      await store.delete(key);
    }
  });
});

describe('TCA-09 a store that is down', () => {
  it('TCA-09 keeps nobody from asking', async () => {
    const { store, broken } = breakableStore();
    const identity = site.certificate();
    site.authority.answer = ({ method }) => (method === 'POST' ? makeAnswer(identity, ca) : makeList(ca));
    for (const revocation of [{ ocsp: { mode: 'require' } }, { crl: { mode: 'require' } }] as const) {
      const world = await site.world(revocation, { store });
      for (const verb of ['get', 'set'] as const) broken.add(verb);
      // What fails is writing the token, after the client has been authenticated.
      expect((await verdict(world, identity)).reason).toBe('store_unavailable');
      site.authority.answer = () => status(500);
      for (const verb of ['get', 'set'] as const) broken.delete(verb);
      expect(await verdict(world, identity)).toEqual(accepted);
      site.authority.answer = ({ method }) => (method === 'POST' ? makeAnswer(identity, ca) : makeList(ca));
    }
  });
});

describe('TCA-09 revocation lists', () => {
  it('TCA-09 from the distribution point of the certificate', async () => {
    const [good, bad] = [site.certificate(), site.certificate()];
    site.authority.answer = () => makeList(ca, { revoked: [bad] });
    const world = await site.world({ crl: { mode: 'require' } });
    expect(await verdict(world, good)).toEqual(accepted);
    expect(await verdict(world, bad)).toEqual(revoked);
    expect(detail(world)).toMatchObject({ source: 'crl', subject: 'CN=revocable' });
    expect(site.authority.requests).toHaveLength(1);
    expect(site.authority.requests[0]).toMatchObject({ method: 'GET', path: '/ca.crl' });
  });

  it('TCA-09 from a URL, and not from distribution points where they are switched off', async () => {
    const [good, bad] = [site.certificate(), site.certificate()];
    site.authority.answer = ({ path }) => makeList(ca, { revoked: path === '/own.crl' ? [bad] : [good] });
    const urls = [site.authority.url('/own.crl')];
    const world = await site.world({ crl: { mode: 'require', urls, distribution_points: false } });
    expect(await verdict(world, good)).toEqual(accepted);
    expect(await verdict(world, bad)).toEqual(revoked);
    expect(site.authority.requests.map(({ path }) => path)).toEqual(['/own.crl']);
  });

  const past = { thisUpdate: new Date(Date.now() - 7_200_000), nextUpdate: new Date(Date.now() - 3_600_000) };
  it.each<[string, () => ReturnType<RevocationServer['answer']>, RegExp]>([
    ['that has run out', () => makeList(ca, past), /ran out/],
    ['of another CA of the same name', () => makeList(makeCa({ subject: 'CN=Spec CA' })), /not signed by the issuer/],
    ['signed by a stranger', () => makeList(ca, { signer: makeCa() }), /not signed by the issuer/],
    ['of a CA of another name', () => makeList(makeCa({ subject: 'CN=X' })), /no list of its issuer/],
    ['cut short', () => makeList(ca).subarray(0, -1), /malformed/],
    ['of 5 MB where 1 MB is allowed', () => Buffer.alloc(5_000_000, 0x30), /more than 1000000 octets/],
    ['that never comes', () => undefined, /no complete answer within 400 ms/],
  ])(
    'TCA-09 a list %s fails closed with require, and with prefer is accepted with a warning',
    async (_title, make, problem) => {
      site.authority.answer = make;
      const crl = { timeout: 0.4, max_bytes: 1_000_000 };
      const strict = await site.world({ crl: { mode: 'require', ...crl } });
      expect(await verdict(strict, site.certificate())).toEqual(unknown);
      expect(detail(strict)?.problem).toMatch(problem);
      const lenient = await site.world({ crl: { mode: 'prefer', ...crl } });
      expect(await verdict(lenient, site.certificate())).toEqual(accepted);
      expect(warnings(lenient).map(({ name }) => name)).toContain('certificate_revocation_unchecked');
    },
  );

  it('TCA-09 a list is loaded anew after reload_interval, and serves on while that fails and it has not run out', async () => {
    const identity = site.certificate();
    const world = await site.world({ crl: { mode: 'require', reload_interval: 100 }, retry_after: 10 });
    const answer = (revokedOnes: Certificate[]) => () =>
      makeList(ca, { revoked: revokedOnes, nextUpdate: new Date(Date.now() + 1_000_000) });
    site.authority.answer = answer([]);
    expect(await verdict(world, identity)).toEqual(accepted);
    site.authority.answer = answer([identity]);
    site.clock = 90_000;
    expect(await verdict(world, identity)).toEqual(accepted);
    site.authority.answer = () => status(500);
    site.clock = 110_000;
    expect(await verdict(world, identity)).toEqual(accepted);
    expect(warnings(world).map(({ name }) => name)).toEqual(['revocation_source_failed']);
    site.clock = 1_100_000;
    expect(await verdict(world, identity)).toEqual(unknown);
    site.authority.answer = answer([identity]);
    site.clock = 1_111_000;
    expect(await verdict(world, identity)).toEqual(revoked);
  });
});

describe('TCA-09 an older list that is served again', () => {
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  const reload = { crl: { mode: 'require', reload_interval: 100 } } as const;

  it('TCA-09 does not take the place of a newer one that is still current', async () => {
    const identity = site.certificate();
    const world = await site.world(reload);
    site.authority.answer = () => makeList(ca, { revoked: [identity], thisUpdate: minutesAgo(30) });
    expect(await verdict(world, identity)).toEqual(revoked);
    site.authority.answer = () => makeList(ca, { thisUpdate: minutesAgo(60) });
    site.clock = 200_000;
    expect(await verdict(world, identity)).toEqual(revoked);
    expect(site.authority.requests).toHaveLength(2);
    // One that is newer does, and so does an older one where the newer has run out.
    site.authority.answer = () => makeList(ca, { thisUpdate: minutesAgo(10), nextUpdate: minutesAgo(-20) });
    site.clock = 400_000;
    expect(await verdict(world, identity)).toEqual(accepted);
    site.authority.answer = () => makeList(ca, { revoked: [identity], thisUpdate: minutesAgo(60) });
    site.clock = 1_300_000;
    expect(await verdict(world, identity)).toEqual(revoked);
  });

  it('TCA-09 a stranger cannot block the list of the CA with one of his own', async () => {
    const [identity, bad] = [site.certificate(), site.certificate()];
    const world = await site.world(reload);
    site.authority.answer = () => makeList(ca, { signer: makeCa(), thisUpdate: minutesAgo(1) });
    expect(await verdict(world, identity)).toEqual(unknown);
    site.authority.answer = () => makeList(ca, { revoked: [bad], thisUpdate: minutesAgo(30) });
    site.clock = 200_000;
    expect(await verdict(world, identity)).toEqual(accepted);
    expect(await verdict(world, bad)).toEqual(revoked);
  });
});

describe('TCA-09 OCSP, then lists', () => {
  const both = { ocsp: { mode: 'require' }, crl: { mode: 'require' } } as const;

  it('TCA-09 the list is asked where OCSP does not tell, and not where it does', async () => {
    const identity = site.certificate();
    let ocsp: RevocationServer['answer'] = answering(identity);
    let list = makeList(ca, { revoked: [identity] });
    site.authority.answer = (request) => (request.method === 'POST' ? ocsp(request) : list);
    expect(await verdict(await site.world(both), identity)).toEqual(accepted);
    expect(site.authority.requests.map(({ method }) => method)).toEqual(['POST']);
    for (const silent of [() => status(500), answering(identity, { status: 'unknown' })]) {
      ocsp = silent;
      list = makeList(ca, { revoked: [identity] });
      expect(await verdict(await site.world(both), identity)).toEqual(revoked);
      list = makeList(ca);
      expect(await verdict(await site.world(both), identity)).toEqual(accepted);
    }
  });

  it('TCA-09 where neither tells, require of either refuses', async () => {
    site.authority.answer = () => status(500);
    const modes = ['off', 'prefer', 'require'] as const;
    for (const ocsp of modes) {
      for (const crl of modes) {
        const world = await site.world({ ocsp: { mode: ocsp }, crl: { mode: crl } });
        const expected = [ocsp, crl].includes('require') ? unknown : accepted;
        expect([ocsp, crl, await verdict(world, site.certificate())]).toEqual([ocsp, crl, expected]);
        const asked = [ocsp, crl].filter((mode) => mode !== 'off').length;
        expect(warnings(world).filter(({ name }) => name === 'revocation_source_failed')).toHaveLength(asked);
      }
    }
  });

  it("TCA-09 nothing is asked about a certificate that is not trusted or not the client's", async () => {
    const world = await site.world(both);
    const stranger = makeCa().issue({ subject: 'CN=revocable', extensions: [responderAt(site.authority.url())] });
    expect(await verdict(world, stranger)).toEqual(refused('certificate_untrusted'));
    const other = ca.issue({ subject: 'CN=other', extensions: [responderAt(site.authority.url())] });
    expect(await verdict(world, other)).toEqual(refused('certificate_name_mismatch'));
    expect(site.authority.requests).toEqual([]);
  });
});
