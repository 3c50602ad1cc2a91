import type { AttackWorld } from '../attacks/attack-world.js';
import { forge, rightClaims } from '../support/assertion-requests.js';
import { basicHeader, clientCertificate } from '../support/methods.js';

/** Everything lives a second or two, so that what is never let go of shows soon. */
export const shortLived = {
  token_ttls: { access_token: 2, refresh_token: 2, authorization_code: 1 },
  refresh_idle_ttl: 2,
  refresh_grace_seconds: 0,
  clock_tolerance: 0,
  pushed_authorization_request_ttl: 5,
  rate_limits: { client: { max_attempts: 1_000_000, period: 2 }, source: { max_attempts: 1_000_000, period: 2 } },
};

type Work = readonly [name: string, status: number, run: (world: AttackWorld) => Promise<{ readonly status: number }>];

const shortClaims = () => rightClaims('private-key-client', { exp: Math.floor(Date.now() / 1000) + 2 });
const assertion = (world: AttackWorld, jws: string) => world.assertion(jws).then(([status]) => ({ status }));
const hello = (world: AttackWorld, token: string) => world.hello(token).then(([status]) => ({ status }));

/** What honest callers do, and what must come of it. */
const honest: readonly Work[] = [
  ['a token by secret', 200, (world) => world.token({ scope: 'read' })],
  ['a token by assertion', 200, (world) => assertion(world, forge({ claims: shortClaims() }))],
  ['a token by certificate', 200, (world) => world.byCertificate('tls-client', clientCertificate.cert)],
  ['a code and a refresh', 200, async (world) => world.refresh((await world.tokens()).refresh_token ?? '')],
  ['a call of the API', 200, async (world) => hello(world, (await world.token({ scope: 'read' })).body.access_token)],
  [
    'an introspection',
    200,
    async (world) => world.post('/oauth2/introspect', { token: (await world.token()).body.access_token }),
  ],
  [
    'a revocation',
    200,
    async (world) => world.post('/oauth2/revoke', { token: (await world.tokens()).refresh_token ?? '' }),
  ],
  ['a pushed request', 201, (world) => world.push()],
  ['the metadata', 200, (world) => world.send({ path: '/.well-known/openid-configuration' })],
];

const wrong = { as: null, headers: { authorization: basicHeader('web', 'wrong') }, from: '127.0.0.9' };

/** What attackers do. */
const hostile: readonly Work[] = [
  ['a wrong secret', 401, (world) => world.token({}, wrong)],
  [
    'an unknown client',
    401,
    (world) => world.token({ client_id: `x${Math.random()}`, client_secret: 'x' }, { as: null, from: '127.0.0.9' }),
  ],
  [
    'a forged assertion',
    401,
    (world) => assertion(world, forge({ claims: shortClaims(), sign: () => Buffer.alloc(64, 1) })),
  ],
  [
    'a key id made up',
    401,
    (world) => assertion(world, forge({ header: { alg: 'ES256', kid: `${Math.random()}` }, claims: shortClaims() })),
  ],
  ['a code that never was', 400, (world) => world.redeem(`${Math.random()}`.padEnd(43, 'x'))],
  ['a body that is too large', 413, (world) => world.token('x'.repeat(70_000), { as: null })],
  [
    'a body that is no form',
    400,
    (world) => world.token('{', { as: null, headers: { 'content-type': 'application/json' } }),
  ],
  ['a token that never was', 401, (world) => hello(world, `${Math.random()}`)],
  ['a certificate that never was', 401, (world) => world.byCertificate('tls-client', `x${Math.random()}`)],
  ['a client that does not redeem', 303, (world) => world.authorize()],
];

/** Turn after turn of one caller until `end`, one in ten hostile; answers the milliseconds each took. */
export async function callUntil(end: number, world: AttackWorld, took: number[]): Promise<void> {
  for (let turn = 0; performance.now() < end; turn += 1) {
    const works = turn % 10 === 9 ? hostile : honest;
    const [name, expected, run] = works[Math.floor(turn / (works === hostile ? 10 : 1)) % works.length] as Work;
    const begin = performance.now();
    const { status } = await run(world);
    took.push(performance.now() - begin);
    if (status !== expected) throw new Error(`${name}: ${status} in place of ${expected}`);
    // What the world remembers for others would look like a leak.
    world.events.length = 0;
  }
}
