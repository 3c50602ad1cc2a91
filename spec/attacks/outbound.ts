import type { RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { present } from '../support/assertion-requests.js';
import { json } from '../support/document-server.js';
import { first, JwksUriServer } from '../support/jwks-uri-server.js';
import { RevocationSite, verdict as revocationVerdict } from '../support/revocation-site.js';
import { type Attack, type AttackTable, notAuthenticated, type Verdict } from './attack.js';

const unavailable = notAuthenticated('key_set_unavailable');
type Row = Attack<JwksUriServer>;

const asked = async (world: JwksUriServer): Promise<Verdict> => {
  const { status, error, reason } = await world.use(first);
  return [status, error, reason];
};

/** The client\u2019s own URL once more, at a server that has not asked before. */
const twin = async (world: JwksUriServer): Promise<Verdict> => {
  world.publish([first.jwk]);
  world.server = world.serving();
  return asked(world);
};

/** A key set where no key set may be; `to` makes its URL of the port of a server that would serve one. */
const reaching = (name: string, to: (port: string) => string): Row => ({
  at: 'token',
  name: `SSRF: jwks_uri at ${name}`,
  attempt: async (world) => {
    const [, port = ''] = world.documents.host.split(':');
    world.server = world.serving(to(port), { outbound: { allow_private_hosts: [], ca: world.documents.ca } });
    const verdict = await asked(world);
    return world.fetches === 0 ? verdict : [0, undefined, 'it was reached'];
  },
  refused: unavailable,
  twin,
});

/** An answer of a host that may be asked. `most`: how many requests it may get. */
const answering = (name: string, answer: RequestListener, refused = unavailable): Row => ({
  at: 'token',
  name: `a key set ${name}`,
  attempt: async (world) => {
    world.documents.answer = answer;
    const verdict = await asked(world);
    return world.fetches === 1 ? verdict : [0, undefined, `${world.fetches} requests`];
  },
  refused,
  twin,
});

const redirect =
  (status: number, location: string): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { location }).end();
  };
const typed =
  (type: string, body: string | Buffer, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': type, ...headers }).end(body);
  };
const keys = () => JSON.stringify({ keys: [first.jwk] });

/** RFC 7591 5, RFC 9700 4.9.1: a URL that a client chose reaches no network of ours. */
export const outbound: AttackTable<JwksUriServer> = {
  family: 'requests forged by jwks_uri',
  open: () => JwksUriServer.start(),
  close: (world) => world.stop(),
  cases: [
    reaching('loopback', (port) => `https://127.0.0.1:${port}/jwks`),
    reaching('loopback by name', (port) => `https://localhost:${port}/jwks`),
    reaching('another loopback address', (port) => `https://127.1.2.3:${port}/jwks`),
    reaching('loopback in decimal', (port) => `https://2130706433:${port}/jwks`),
    reaching('loopback in hexadecimal', (port) => `https://0x7f.1:${port}/jwks`),
    reaching('loopback in octal', (port) => `https://0177.0.0.1:${port}/jwks`),
    reaching('any address', (port) => `https://0.0.0.0:${port}/jwks`),
    reaching('loopback of IPv6', (port) => `https://[::1]:${port}/jwks`),
    reaching('an IPv4-mapped address', (port) => `https://[::ffff:127.0.0.1]:${port}/jwks`),
    reaching('an IPv4-mapped address in hexadecimal', (port) => `https://[::ffff:7f00:1]:${port}/jwks`),
    reaching('an address of NAT64', (port) => `https://[64:ff9b::7f00:1]:${port}/jwks`),
    reaching('an address of 6to4', (port) => `https://[2002:7f00:1::]:${port}/jwks`),
    reaching('the metadata service of a cloud', () => 'https://169.254.169.254/latest/meta-data'),
    reaching('a private network', () => 'https://10.0.0.1/jwks'),
    reaching('a carrier\u2019s network', () => 'https://100.64.0.1/jwks'),
    reaching('a unique local address', () => 'https://[fd00::1]/jwks'),
    ...[301, 302, 307, 308].map((status) => answering(`behind a redirect by ${status}`, redirect(status, '/moved'))),
    answering('behind a redirect into the private network', redirect(302, 'https://169.254.169.254/')),
    answering('in gzip', typed('application/json', gzipSync(keys()), { 'content-encoding': 'gzip' })),
    answering(
      'that is a bomb in gzip',
      typed('application/json', gzipSync(Buffer.alloc(5_000_000)), { 'content-encoding': 'gzip' }),
    ),
    answering('of a megabyte', typed('application/json', `${keys()}${' '.repeat(1_000_000)}`)),
    answering('as HTML', typed('text/html', keys())),
    answering(
      'nested deeply',
      typed('application/json', `{"keys":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
      notAuthenticated('assertion_key_not_found'),
    ),
    answering(
      'of a thousand unusable keys',
      json({ keys: Array.from({ length: 1000 }, () => ({ kty: 'x' })) }),
      notAuthenticated('assertion_key_not_found'),
    ),
    {
      at: 'token',
      name: 'key ids made up to have the set fetched again and again',
      attempt: async (world) => {
        await asked(world);
        for (let guess = 0; guess < 20; guess += 1)
          await present(world.server, await world.make(first, `guess-${guess}`));
        const { status, error, reason } = await present(world.server, await world.make(first, 'guess'));
        return world.fetches <= 2 ? [status, error, reason] : [0, undefined, `${world.fetches} requests`];
      },
      refused: notAuthenticated('assertion_key_not_found'),
      twin,
    },
  ],
};

type RevocationRow = Attack<RevocationSite>;

/** A certificate that names a place for its status which must not be asked. */
const status = (
  name: string,
  source: 'ocsp' | 'crl',
  attempt: (site: RevocationSite) => Promise<Verdict>,
): RevocationRow => ({
  at: 'token',
  name,
  attempt,
  refused: notAuthenticated('certificate_revocation_unknown'),
  twin: async (site) => {
    const world = await site.world({ [source]: { mode: 'prefer' } });
    const { status: code, error, reason } = await revocationVerdict(world, site.certificate());
    return [code, error, reason];
  },
});

const closed = (name: string, source: 'ocsp' | 'crl') =>
  status(name, source, async (site) => {
    const world = await site.world({ [source]: { mode: 'require' } }, { allow: false });
    const { status: code, error, reason } = await revocationVerdict(world, site.certificate());
    return site.authority.requests.length === 0 ? [code, error, reason] : [0, undefined, 'it was reached'];
  });

/** RFC 5280 8: a URL in a certificate is the sender's word too. */
export const revocationRequests: AttackTable<RevocationSite> = {
  family: 'requests forged by a certificate',
  open: () => RevocationSite.start(),
  close: async (site) => {
    await site.reset();
    await site.close();
  },
  cases: [closed('SSRF: OCSP responder at loopback', 'ocsp'), closed('SSRF: distribution point at loopback', 'crl')],
};
