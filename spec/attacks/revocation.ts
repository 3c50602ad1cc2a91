import { gzipSync } from 'node:zlib';
import { extension, integer } from '../support/der-writer.js';
import { ca } from '../support/methods.js';
import { type Certificate, makeCa } from '../support/pki.js';
import { resolving } from '../support/resolver.js';
import { issuingPoint, makeAnswer, makeList, makeRefusal, nonceExtension } from '../support/revocation-authority.js';
import type { RevocationAnswer } from '../support/revocation-server.js';
import { RevocationSite, verdict as verdictOf } from '../support/revocation-site.js';
import { type Attack, type AttackTable, notAuthenticated, type Verdict } from './attack.js';

type Source = 'ocsp' | 'crl';
type Row = Attack<RevocationSite>;

const authorityName = 'ca.example.com';
const refused = notAuthenticated('certificate_revocation_unknown');

/** What the client comes to where one source must tell that its certificate is good. */
async function tell(
  site: RevocationSite,
  source: Source,
  answer: (identity: Certificate) => RevocationAnswer,
  { allow = true, host }: { readonly allow?: boolean | string; readonly host?: string } = {},
): Promise<Verdict> {
  const world = await site.world({ [source]: { mode: 'require' } }, { allow });
  const of = { ocsp: source === 'ocsp', crl: source === 'crl', ...(host !== undefined && { host }) };
  const identity = site.certificate(of);
  site.authority.requests.length = 0;
  site.authority.answer = answer(identity);
  const { status, error, reason } = await verdictOf(world, identity);
  return [status, error, reason];
}

const right = (source: Source) => (identity: Certificate) => () =>
  source === 'ocsp' ? makeAnswer(identity, ca) : makeList(ca);

/** A place for the status of certificates that must not be asked, though it would answer. */
const closed = (name: string, source: Source, addresses: readonly string[]): Row => ({
  at: 'token',
  name: `SSRF: ${name}`,
  attempt: (site) => place(site, source, addresses, false),
  refused,
  twin: (site) => place(site, source, ['127.0.0.1'], true),
});

/** Without addresses the URL has the address itself. */
const place = (
  site: RevocationSite,
  source: Source,
  addresses: readonly string[],
  allowed: boolean,
): Promise<Verdict> =>
  resolving({ [authorityName]: addresses }, async () => {
    const host = addresses.length === 0 ? undefined : site.authority.host.replace('127.0.0.1', authorityName);
    const verdict = await tell(site, source, right(source), {
      allow: allowed && (host ?? true),
      ...(host !== undefined && { host }),
    });
    const reached = site.authority.requests.length > 0;
    return reached === allowed ? verdict : [0, undefined, reached ? 'it was reached' : 'it was not reached'];
  });

/** An answer that must clear nobody. */
const lying = (
  source: Source,
  name: string,
  answer: (identity: Certificate, site: RevocationSite) => RevocationAnswer,
) =>
  ({
    at: 'token',
    name: `${source === 'ocsp' ? 'an OCSP answer' : 'a revocation list'} ${name}`,
    attempt: async (site) => {
      const verdict = await tell(site, source, (identity) => answer(identity, site));
      const { length } = site.authority.requests;
      return length === 1 ? verdict : [0, undefined, `${length} requests`];
    },
    refused,
    twin: (site) => tell(site, source, right(source)),
  }) satisfies Row;

const namesake = makeCa({ subject: 'CN=Spec CA' });
const unfit = ca.issue({ subject: 'CN=Responder' });
const day = 86_400_000;
const over = () => ({ thisUpdate: new Date(Date.now() - 2 * day), nextUpdate: new Date(Date.now() - day) });
const ahead = () => ({ thisUpdate: new Date(Date.now() + day), nextUpdate: new Date(Date.now() + 2 * day) });
const redirect: RevocationAnswer = () => (response) =>
  void response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
const packed = (bytes: Buffer) => (): ReturnType<RevocationAnswer> => (response) =>
  void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(bytes));

/** RFC 5280 8, RFC 6960 5: a URL in a certificate is the sender's word, and whoever answers there may be anybody. */
export const revocationRequests: AttackTable<RevocationSite> = {
  family: 'requests forged by a certificate, and their answers',
  open: () => RevocationSite.start(),
  close: async (site) => {
    await site.reset();
    await site.close();
  },
  cases: [
    closed('OCSP responder at loopback', 'ocsp', []),
    closed('distribution point at loopback', 'crl', []),
    closed('OCSP responder at a name of loopback', 'ocsp', ['127.0.0.1']),
    closed('distribution point at a name of loopback', 'crl', ['127.0.0.1']),
    closed('OCSP responder at a name of an IPv4-mapped address', 'ocsp', ['::ffff:127.0.0.1']),
    closed('distribution point at a name of any address', 'crl', ['0.0.0.0']),
    lying('ocsp', 'about the number of another certificate', (_identity, site) => () => {
      return makeAnswer(site.certificate(), ca);
    }),
    lying('ocsp', 'about the number at another CA of the name', (identity) => () => makeAnswer(identity, namesake)),
    lying(
      'ocsp',
      'signed by a CA of the same name',
      (identity) => () => makeAnswer(identity, ca, { signer: namesake }),
    ),
    lying('ocsp', 'of a delegate that may not answer', (identity) => () => {
      return makeAnswer(identity, ca, { signer: unfit, certificates: [unfit] });
    }),
    lying('ocsp', 'signed by the client itself', (identity) => () => {
      return makeAnswer(identity, ca, { signer: identity, certificates: [identity] });
    }),
    lying('ocsp', 'that has run out', (identity) => () => makeAnswer(identity, ca, over())),
    lying('ocsp', 'of tomorrow', (identity) => () => makeAnswer(identity, ca, ahead())),
    lying('ocsp', 'to another question', (identity) => () => makeAnswer(identity, ca, { nonce: Buffer.alloc(32, 7) })),
    lying('ocsp', 'with something critical that is not known', (identity) => () => {
      const responseExtensions = [extension('1.2.3.4', nonceExtension(Buffer.alloc(8)), true)];
      return makeAnswer(identity, ca, { responseExtensions });
    }),
    lying('ocsp', 'of 5 MB', () => () => Buffer.alloc(5_000_000, 0x30)),
    lying('ocsp', 'in gzip', (identity) => packed(makeAnswer(identity, ca))),
    lying('ocsp', 'that refuses, unsigned', () => () => makeRefusal(6)),
    lying('ocsp', 'behind a redirect', () => redirect),
    lying('crl', 'of another CA of the same name', () => () => makeList(namesake)),
    lying('crl', 'signed by a stranger', () => () => makeList(ca, { signer: makeCa() })),
    lying('crl', 'of a CA of another name', () => () => makeList(makeCa({ subject: 'CN=X' }))),
    lying('crl', 'that has run out', () => () => makeList(ca, over())),
    lying('crl', 'that tells only what has changed', () => () => {
      return makeList(ca, { extensions: [extension('2.5.29.27', integer(1), true)] });
    }),
    lying('crl', 'for CAs alone', () => () => makeList(ca, { extensions: [issuingPoint({ authorities: true })] })),
    lying('crl', 'for other CAs', () => () => makeList(ca, { extensions: [issuingPoint({ indirect: true })] })),
    lying('crl', 'of another place', () => () => {
      return makeList(ca, { extensions: [issuingPoint({ url: 'http://ca.example/other.crl' })] });
    }),
    lying('crl', 'cut short', () => () => makeList(ca).subarray(0, -1)),
    lying('crl', 'of 25 MB', () => () => Buffer.alloc(25_000_000, 0x30)),
    lying('crl', 'in gzip', () => packed(makeList(ca))),
    lying('crl', 'behind a redirect', () => redirect),
  ],
};
