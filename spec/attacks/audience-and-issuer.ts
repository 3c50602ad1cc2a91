import { forge, rightClaims } from '../support/assertion-requests.js';
import { assertion, issuer } from '../support/methods.js';
import { type Attack, type AttackTable, invalidGrant, invalidToken, notAuthenticated, type Verdict } from './attack.js';
import { type AttackWorld, ownWorld, secondIssuer } from './attack-world.js';

/** Claims that name another party than this server and this client. */
function claiming(name: string, claims: Record<string, unknown>, refused: Verdict): Attack<AttackWorld> {
  return {
    at: 'token',
    name,
    attempt: (world) => world.assertion(forge({ claims: rightClaims('private-key-client', claims) })),
    refused,
    twin: async (world) => world.assertion(await assertion('private-key-client')),
  };
}

const foreign = (what: string, aud: unknown) =>
  claiming(`an assertion for ${what}`, { aud }, notAuthenticated('assertion_audience_mismatch'));
const subject = notAuthenticated('assertion_subject_mismatch');

/** RFC 10070 4, RFC 9068 4, RFC 9700 4.4: what was made for one party is nothing at another. */
export const audienceAndIssuer: AttackTable<AttackWorld> = {
  family: 'audience and issuer confusion',
  ...ownWorld,
  cases: [
    foreign('another workspace of this host', secondIssuer),
    foreign('the token endpoint instead of the issuer', `${issuer}/oauth2/token`),
    foreign('the issuer with a slash', `${issuer}/`),
    foreign('the issuer in capitals', issuer.toUpperCase()),
    foreign('the issuer with its port', `${issuer}:443`),
    foreign('the issuer with user information', issuer.replace('//', '//x@')),
    foreign('this server and an attacker\u2019s', [issuer, 'https://attacker.example']),
    foreign('nobody', undefined),
    foreign('everybody', '*'),
    foreign('an object that looks like the issuer', { toString: issuer }),
    claiming('iss of another client', { iss: 'second-key-client' }, subject),
    claiming('iss of this server', { iss: issuer }, subject),
    claiming('no iss', { iss: undefined }, subject),
    claiming('sub as an array', { sub: ['private-key-client'] }, notAuthenticated('assertion_claim_invalid')),
    {
      at: 'token',
      name: 'an assertion of this workspace at another one',
      attempt: async (world) => world.assertion(await assertion('private-key-client'), { at: '/acme/second' }),
      refused: notAuthenticated('assertion_audience_mismatch'),
      twin: (world) =>
        world.assertion(forge({ claims: rightClaims('private-key-client', { aud: secondIssuer }) }), {
          at: '/acme/second',
        }),
    },
    {
      at: 'token',
      name: 'an access token as client assertion',
      attempt: async (world) => world.assertion((await world.token({ scope: 'read' })).body.access_token),
      refused: notAuthenticated('method_not_registered'),
      twin: async (world) => world.assertion(await assertion('private-key-client')),
    },
    {
      at: 'token',
      name: 'an ID token as client assertion',
      attempt: async (world) => world.assertion((await world.tokens()).id_token ?? ''),
      refused: notAuthenticated('unknown_client'),
      twin: async (world) => world.assertion(await assertion('private-key-client')),
    },
    {
      at: 'token',
      name: 'a DPoP proof as client assertion',
      attempt: async (world) => world.assertion(await world.proof('/oauth2/token')),
      refused: notAuthenticated('assertion_claim_invalid'),
      twin: async (world) => world.assertion(await assertion('private-key-client')),
    },
    {
      at: 'userinfo',
      name: 'an access token of another workspace',
      attempt: async (world) => userinfo(world, (await world.tokens({}, { at: '/acme/second' })).access_token),
      refused: invalidToken('token_issuer_mismatch'),
      twin: async (world) => userinfo(world, (await world.tokens()).access_token),
    },
    {
      at: 'userinfo',
      name: 'an ID token as access token',
      attempt: async (world) => userinfo(world, (await world.tokens()).id_token),
      refused: invalidToken('token_malformed'),
      twin: async (world) => userinfo(world, (await world.tokens()).access_token),
    },
    {
      at: '/api/hello',
      name: 'an ID token as access token',
      attempt: async (world) => world.hello((await world.tokens()).id_token ?? ''),
      refused: invalidToken('token_malformed'),
      twin: async (world) => world.hello((await world.tokens()).access_token ?? ''),
    },
    {
      at: '/api/hello',
      name: 'a client assertion as access token',
      attempt: async (world) => world.hello(await assertion('private-key-client')),
      refused: invalidToken('token_issuer_mismatch'),
      twin: async (world) => world.hello((await world.tokens()).access_token ?? ''),
    },
    {
      at: '/api/hello',
      name: 'a refresh token as access token',
      attempt: async (world) => world.hello((await world.tokens()).refresh_token ?? ''),
      refused: invalidToken('token_unknown'),
      twin: async (world) => world.hello((await world.tokens()).access_token ?? ''),
    },
    {
      at: 'token',
      name: 'a code of another workspace',
      attempt: async (world) => (await world.redeem(await world.code({}, '/acme/second'))).verdict,
      refused: invalidGrant('code_unknown'),
      twin: async (world) => (await world.redeem(await world.code())).verdict,
    },
    {
      at: 'token',
      name: 'a refresh token of another workspace',
      attempt: async (world) =>
        (await world.refresh((await world.tokens({}, { at: '/acme/second' })).refresh_token ?? '')).verdict,
      refused: invalidGrant('refresh_token_unknown'),
      twin: async (world) => (await world.refresh((await world.tokens()).refresh_token ?? '')).verdict,
    },
    {
      at: 'identity API',
      name: 'an access token of a workspace that is not the system\u2019s',
      attempt: async (world) => {
        const { body } = await world.token({ scope: 'read' });
        return (await world.identity(order, { token: body.access_token })).verdict;
      },
      refused: invalidToken('token_issuer_mismatch'),
      twin: async (world) => (await world.identity(order)).verdict,
      allowed: [201, undefined, undefined],
    },
    {
      at: 'token',
      name: 'a resource that is not this server\u2019s to grant',
      attempt: async (world) => (await world.token({ scope: 'read', resource: 'https://attacker.example' })).verdict,
      refused: [400, 'invalid_target', 'target_not_allowed'],
      twin: async (world) => (await world.token({ scope: 'read', resource: issuer })).verdict,
    },
  ],
};

const order = { type: 'authentication', address: 'johndoe@example.com' };

async function userinfo(world: AttackWorld, token = ''): Promise<Verdict> {
  return (await world.send({ path: '/userinfo', headers: { authorization: `Bearer ${token}` } })).verdict;
}
