import type { RequestListener } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import { present } from '../support/assertion-requests.js';
import { documentName, json } from '../support/document-server.js';
import { first, JwksUriServer } from '../support/jwks-uri-server.js';
import { introspection, RemoteIssuerWorld } from '../support/remote-issuer.js';
import { resolving } from '../support/resolver.js';
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

/** A key set at a name that means these addresses to the resolver. */
const named = (name: string, ...addresses: string[]): Row => ({
  at: 'token',
  name: `SSRF: jwks_uri at a name of ${name}`,
  attempt: (world) => atName(world, addresses, false),
  refused: unavailable,
  // Where an exception names it, the same name leads there.
  twin: (world) => atName(world, ['127.0.0.1'], true),
});

const atName = (world: JwksUriServer, addresses: readonly string[], allowed: boolean): Promise<Verdict> =>
  resolving({ [documentName]: addresses }, async ({ asked: names }) => {
    const [, port = ''] = world.documents.host.split(':');
    const allow_private_hosts = allowed ? [`${documentName}:${port}`] : [];
    const outbound = { allow_private_hosts, ca: world.documents.ca };
    world.server = world.serving(`https://${documentName}:${port}/jwks`, { outbound });
    const verdict = await asked(world);
    const told = world.server.events.flatMap((event) =>
      event.event === 'warning' ? [String(event.detail.problem)] : [],
    );
    const closed = told.filter((problem) => problem.endsWith('is not a global address, and no exception names it'));
    const seen = { questions: names.length, fetches: world.fetches, closed: closed.length };
    const expected = { questions: 1, fetches: allowed ? 1 : 0, closed: allowed ? 0 : 1 };
    return isDeepStrictEqual(seen, expected) ? verdict : [0, undefined, JSON.stringify(seen)];
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
    named('loopback', '127.0.0.1'),
    named('loopback of IPv6', '::1'),
    named('any address', '0.0.0.0'),
    named('any address of IPv6', '::'),
    named('an IPv4-mapped address', '::ffff:127.0.0.1'),
    named('an IPv4-mapped address in hexadecimal', '::ffff:7f00:1'),
    named('a private network', '10.0.0.1'),
    named('the metadata service of a cloud', '169.254.169.254'),
    named('a unique local address', 'fd00:ec2::254'),
    named('several closed addresses', '::1', '192.168.0.1', '127.0.0.1'),
    named('no address'),
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

/** What an issuer elsewhere says of where its keys are, or who it is. */
const remote = (
  name: string,
  reason: string,
  attempt: (world: RemoteIssuerWorld, base: string) => Promise<Verdict>,
): Attack<RemoteIssuerWorld> => ({
  at: '/api/hello',
  name: `SSRF: ${name} at a name of loopback`,
  attempt: (world) =>
    resolving({ [documentName]: ['127.0.0.1'] }, async ({ asked: names }) => {
      const base = world.issuer.replace('127.0.0.1', documentName);
      const verdict = await attempt(world, base);
      return names.length === 1 ? verdict : [0, undefined, `${names.length} questions`];
    }),
  refused: [503, 'temporarily_unavailable', reason],
  twin: async (world) => {
    world.publish();
    const [status, error, told] = await world.api().verdict(await world.token());
    return [Number(status), error as undefined, told as undefined];
  },
});

/** RFC 9700 4.9.1: the metadata of an issuer are its own word too. */
export const issuerRequests: AttackTable<RemoteIssuerWorld> = {
  family: 'requests forged by metadata',
  open: () => RemoteIssuerWorld.start(),
  close: (world) => world.close(),
  cases: [
    remote('issuer', 'issuer_metadata_unavailable', async (world, base) => {
      world.publish({ issuer: base });
      const token = await world.token({ claims: { iss: base } });
      return (await world.api({ issuer: base }).verdict(token)) as unknown as Verdict;
    }),
    remote('jwks_uri of metadata', 'issuer_keys_unavailable', async (world, base) => {
      world.publish({ jwks_uri: `${base}/keys` });
      return (await world.api().verdict(await world.token())) as unknown as Verdict;
    }),
    remote('introspection endpoint', 'introspection_unavailable', async (world, base) => {
      world.publish({ introspection_endpoint: `${base}/introspect` });
      world.introspects({ active: true });
      return (await world.api({ introspection }).verdict('opaque-token')) as unknown as Verdict;
    }),
  ],
};
