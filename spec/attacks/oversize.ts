import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { basicHeader, clientCertificate, secrets } from '../support/methods.js';
import { type Attack, type AttackTable, invalidRequest, notAuthenticated, type Verdict } from './attack.js';
import { type AttackWorld, oneWorld, type Reply } from './attack-world.js';

/** Milliseconds of the processor. Generous, as a loaded machine counts more: what backtracks takes minutes. */
const mostMilliseconds = 1000;
const many = (what: string, count: number) => what.repeat(count);

/** The verdict, or how long the processor worked where that was too long. */
async function promptly(attempt: Promise<Reply>): Promise<Verdict> {
  const begin = process.cpuUsage();
  const { verdict } = await attempt;
  const { user, system } = process.cpuUsage(begin);
  const milliseconds = (user + system) / 1000;
  return milliseconds < mostMilliseconds ? verdict : [0, undefined, `${milliseconds} ms`];
}

function row(
  at: Attack<AttackWorld>['at'],
  name: string,
  attempt: (world: AttackWorld) => Promise<Reply>,
  refused: Verdict,
): Attack<AttackWorld> {
  return {
    at,
    name,
    attempt: (world) => promptly(attempt(world)),
    refused,
    twin: async (world) => (await world.token({ scope: 'read' })).verdict,
  };
}

const scope = (name: string, value: string, refused: Verdict) =>
  row('token', `ReDoS: scope of ${name}`, (world) => world.token({ scope: value }), refused);
const packed = (coding: string, body: Buffer) =>
  row(
    'token',
    `a bomb in ${coding}`,
    (world) =>
      world.send({
        method: 'POST',
        path: '/oauth2/token',
        body,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'content-encoding': coding,
          authorization: basicHeader('web', secrets.basic),
        },
      }),
    invalidRequest('media_type_unsupported'),
  );
const bomb = Buffer.from(`grant_type=client_credentials&x=${many('0', 5_000_000)}`);
const tooLarge: Verdict = [413, 'invalid_request', 'body_too_large'];
const headersTooLarge: Verdict = [431, undefined, undefined];
const malformedScope: Verdict = [400, 'invalid_scope', 'scope_malformed'];

/** Whoever sends much gets little, at once. */
export const oversize: AttackTable<AttackWorld> = {
  family: 'oversized, compressed and slow to read',
  ...oneWorld,
  cases: [
    packed('gzip', gzipSync(bomb)),
    packed('deflate', deflateSync(bomb)),
    packed('br', brotliCompressSync(bomb)),
    packed('identity, gzip', gzipSync(bomb)),
    row('token', 'a body of one octet too many', (world) => world.token(many('x', 65_537)), tooLarge),
    row(
      'introspect',
      'a body of a megabyte',
      (world) => world.post('/oauth2/introspect', { token: many('x', 1_000_000) }),
      tooLarge,
    ),
    row(
      'revoke',
      'a body of a megabyte',
      (world) => world.post('/oauth2/revoke', { token: many('x', 1_000_000) }),
      tooLarge,
    ),
    row('par', 'a body of a megabyte', (world) => world.push({ state: many('x', 1_000_000) }), tooLarge),
    row('consent', 'a body of a megabyte', (world) => world.post('/oauth2/authorize/consent', many('x', 1_000_000)), [
      413,
      undefined,
      'body_too_large',
    ]),
    row('register', 'a body of a megabyte', (world) => world.register({ client_name: many('x', 1_000_000) }), tooLarge),
    row('identity API', 'a body of a megabyte', (world) => world.identity({ type: many('x', 1_000_000) }), tooLarge),
    row(
      'token',
      'twenty thousand parameters',
      (world) => world.token(many('a=1&', 16_000)),
      invalidRequest('parameter_missing'),
    ),
    row(
      'token',
      'one parameter ten thousand times',
      (world) => world.token(many('scope=a&', 8_000)),
      invalidRequest('parameter_repeated'),
    ),
    row(
      'token',
      'a header of 20 kB',
      (world) => world.token({}, { headers: { 'x-a': many('a', 20_000) } }),
      headersTooLarge,
    ),
    row('authorize', 'a URL of 20 kB', (world) => world.authorize({ state: many('a', 20_000) }), headersTooLarge),
    row(
      'userinfo',
      'a token of 14 kB',
      (world) => world.send({ path: '/userinfo', headers: { authorization: `Bearer ${many('a', 14_000)}` } }),
      [401, 'invalid_token', 'token_unknown'],
    ),
    row(
      '/api/hello',
      'a token of seven thousand dots',
      (world) => world.send({ path: '/api/hello', headers: { authorization: `Bearer ${many('a.', 7_000)}` } }),
      [401, 'invalid_token', 'token_malformed'],
    ),
    row(
      'token',
      'an assertion of 60 kB',
      (world) =>
        world.token(
          {
            client_assertion: many('a', 60_000),
            client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          },
          { as: null },
        ),
      notAuthenticated('assertion_malformed'),
    ),
    row(
      'token',
      'a client_id of 10 kB',
      (world) => world.token({ client_id: many('a', 10_000), client_secret: 'x' }, { as: null }),
      notAuthenticated('unknown_client'),
    ),
    row(
      'token',
      'a secret of 60 kB',
      (world) => world.token({ client_id: 'post-client', client_secret: many('a', 60_000) }, { as: null }),
      notAuthenticated('secret_mismatch'),
    ),
    row(
      'token',
      'a certificate header of ten certificates',
      (world) => world.byCertificate('tls-client', many(clientCertificate.cert, 8)),
      notAuthenticated('certificate_missing'),
    ),
    row(
      'token',
      'ReDoS: Basic of blanks',
      (world) => world.token({}, { as: null, headers: { authorization: `Basic ${many(' ', 12_000)}x` } }),
      notAuthenticated('authorization_header_malformed'),
    ),
    row(
      'token',
      'ReDoS: a scheme of 12 kB',
      (world) => world.token({}, { as: null, headers: { authorization: many('A', 12_000) } }),
      notAuthenticated('authorization_scheme_unsupported'),
    ),
    row(
      'token',
      'ReDoS: a media type of blanks',
      (world) => world.token({}, { headers: { 'content-type': `a${many(' ', 12_000)};` } }),
      invalidRequest('media_type_unsupported'),
    ),
    scope('blanks', many(' ', 60_000), malformedScope),
    scope('single letters', many('a ', 30_000).trim(), malformedScope),
    scope('dots', many('a.', 30_000), malformedScope),
    scope('one token repeated', many('read ', 10_000).trim(), malformedScope),
    row(
      'authorize',
      'ReDoS: a redirect URI of slashes',
      (world) => world.authorize({ redirect_uri: `https://${many('/', 2000)}` }),
      [400, undefined, 'redirect_uri_unregistered'],
    ),
    row(
      'authorize',
      'ReDoS: cookies without end',
      (world) => world.send({ path: '/oauth2/authorize', headers: { cookie: many('a=b; ', 2500) } }),
      [400, undefined, 'authorize_client_unknown'],
    ),
    row(
      'register',
      'ReDoS: an SAN of dots',
      (world) =>
        world.register({
          token_endpoint_auth_method: 'tls_client_auth',
          tls_client_auth_san_dns: many('a.', 20_000),
          grant_types: ['client_credentials'],
        }),
      [400, 'invalid_client_metadata', 'client_metadata_invalid'],
    ),
    row(
      'register',
      'ReDoS: a DN of escapes',
      (world) =>
        world.register({
          token_endpoint_auth_method: 'tls_client_auth',
          tls_client_auth_subject_dn: `CN=${many('\\', 20_001)}`,
          grant_types: ['client_credentials'],
        }),
      [400, 'invalid_client_metadata', 'client_metadata_invalid'],
    ),
  ],
};
