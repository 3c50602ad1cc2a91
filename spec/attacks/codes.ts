import { basicHeader, secrets } from '../support/methods.js';
import { type Attack, type AttackTable, invalidGrant, invalidRequest, type Verdict } from './attack.js';
import { type AttackWorld, type Caller, type Changes, ownWorld } from './attack-world.js';

const toApp: Verdict = [303, undefined, undefined];
const created: Verdict = [201, undefined, undefined];
const app: Caller = { as: null };

/** A code redeemed otherwise than it was asked for; the code itself is spent only where a guess must cost. */
function redeeming(
  name: string,
  asked: Changes,
  redeemed: Changes,
  refused: Verdict,
  caller: Caller = {},
): Attack<AttackWorld> {
  return {
    at: 'token',
    name,
    attempt: async (world) => (await world.redeem(await world.code(asked), redeemed, caller)).verdict,
    refused,
    twin: async (world) => (await world.redeem(await world.code())).verdict,
  };
}

/** A weakened authorization request; the refusal goes to the client. */
const weakened = (name: string, changes: Changes, reason: string): Attack<AttackWorld> => ({
  at: 'authorize',
  name,
  attempt: async (world) => (await world.authorize(changes)).verdict,
  refused: [303, 'invalid_request', reason],
  twin: async (world) => (await world.authorize()).verdict,
  allowed: toApp,
});

/** The reference to a request that was pushed, and nothing beside it. */
const reference = (request_uri: string, client_id = 'web'): Changes => ({
  response_type: undefined,
  redirect_uri: undefined,
  scope: undefined,
  state: undefined,
  code_challenge: undefined,
  code_challenge_method: undefined,
  client_id,
  request_uri,
});

const pushed = async (world: AttackWorld) => (await world.push()).body.request_uri as string;

/** RFC 7636 4, RFC 9700 2.1.1, 4.5 and 4.8, RFC 9126 7: a code is of one client, one request and one verifier. */
export const codes: AttackTable<AttackWorld> = {
  family: 'PKCE downgrade, code injection and substitution',
  ...ownWorld,
  cases: [
    weakened('no code_challenge', { code_challenge: undefined, code_challenge_method: undefined }, 'challenge_missing'),
    weakened('an empty code_challenge', { code_challenge: '' }, 'challenge_invalid'),
    weakened('code_challenge_method plain', { code_challenge_method: 'plain' }, 'challenge_invalid'),
    weakened('no code_challenge_method, which means plain', { code_challenge_method: undefined }, 'challenge_invalid'),
    weakened('code_challenge_method in lower case', { code_challenge_method: 's256' }, 'challenge_invalid'),
    weakened('a code_challenge of another length', { code_challenge: 'AAAA' }, 'challenge_invalid'),
    redeeming('no code_verifier', {}, { code_verifier: undefined }, invalidGrant('verifier_missing')),
    redeeming('an empty code_verifier', {}, { code_verifier: '' }, invalidGrant('verifier_missing')),
    redeeming(
      'the challenge as verifier',
      {},
      { code_verifier: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' },
      invalidGrant('verifier_mismatch'),
    ),
    redeeming('a verifier that is too short', {}, { code_verifier: 'short' }, invalidRequest('verifier_malformed')),
    redeeming(
      'a verifier of 129 letters',
      {},
      { code_verifier: 'a'.repeat(129) },
      invalidRequest('verifier_malformed'),
    ),
    redeeming('a code injected into another client', {}, {}, invalidGrant('code_client_mismatch'), { as: 'other' }),
    redeeming(
      'a code of a confidential client by a public one',
      {},
      { client_id: 'app' },
      invalidGrant('code_client_mismatch'),
      app,
    ),
    redeeming(
      'another redirect_uri',
      {},
      { redirect_uri: 'https://attacker.example' },
      invalidGrant('redirect_uri_mismatch'),
    ),
    redeeming('no redirect_uri', {}, { redirect_uri: undefined }, invalidGrant('redirect_uri_mismatch')),
    {
      at: 'token',
      name: 'the right verifier after a wrong one',
      attempt: async (world) => {
        const code = await world.code();
        await world.redeem(code, { code_verifier: 'x'.repeat(43) });
        return (await world.redeem(code)).verdict;
      },
      refused: invalidGrant('code_used'),
      twin: async (world) => (await world.redeem(await world.code())).verdict,
    },
    {
      at: 'token',
      name: 'a code guessed from another one',
      attempt: async (world) => {
        const code = await world.code();
        return (await world.redeem(`${code.slice(0, -1)}${code.endsWith('A') ? 'B' : 'A'}`)).verdict;
      },
      refused: invalidGrant('code_unknown'),
      twin: async (world) => (await world.redeem(await world.code())).verdict,
    },
    {
      at: 'token',
      name: 'a code after its minute',
      attempt: async (world) => {
        const code = await world.code();
        world.ahead += 61_000;
        return (await world.redeem(code)).verdict;
      },
      refused: invalidGrant('code_expired'),
      twin: async (world) => (await world.redeem(await world.code())).verdict,
    },
    {
      at: '/api/hello',
      name: 'tokens of a code that was replayed',
      attempt: async (world) => {
        const code = await world.code();
        const { body } = await world.redeem(code);
        await world.redeem(code);
        return world.hello(body.access_token);
      },
      refused: [401, 'invalid_token', 'token_revoked'],
      twin: async (world) => world.hello((await world.tokens()).access_token ?? ''),
    },
    {
      at: 'token',
      name: 'a code as refresh token',
      attempt: async (world) => (await world.refresh(await world.code())).verdict,
      refused: invalidGrant('refresh_token_unknown'),
      twin: async (world) => (await world.refresh((await world.tokens()).refresh_token ?? '')).verdict,
    },
    {
      at: 'token',
      name: 'scope widened when the code is redeemed',
      attempt: async (world) => {
        const { body } = await world.redeem(await world.code({ scope: 'openid' }), {
          scope: 'openid read offline_access',
        });
        return [body.refresh_token === undefined ? 200 : 0, undefined, body.scope];
      },
      refused: [200, undefined, 'openid'],
      twin: async (world) => (await world.redeem(await world.code())).verdict,
    },
    {
      at: 'authorize',
      name: 'a request_uri that another client has pushed',
      attempt: async (world) => (await world.authorize(reference(await pushed(world), 'other'))).verdict,
      refused: [400, undefined, 'request_uri_client_mismatch'],
      twin: async (world) => (await world.authorize(reference(await pushed(world)))).verdict,
      allowed: toApp,
    },
    {
      at: 'authorize',
      name: 'parameters beside request_uri that would replace the pushed ones',
      attempt: async (world) => {
        const all = { ...reference(await pushed(world)), state: 'attacker', scope: 'openid' };
        const { headers, verdict } = await world.authorize(all);
        return new URL(String(headers.location)).searchParams.get('state') === 'attacker'
          ? [0, undefined, 'replaced']
          : verdict;
      },
      refused: toApp,
      twin: async (world) => (await world.authorize(reference(await pushed(world)))).verdict,
      allowed: toApp,
    },
    {
      at: 'authorize',
      name: 'a request_uri that was guessed',
      attempt: async (world) => (await world.authorize(reference('urn:ietf:params:oauth:request_uri:guess'))).verdict,
      refused: [400, undefined, 'request_uri_unknown'],
      twin: async (world) => (await world.authorize(reference(await pushed(world)))).verdict,
      allowed: toApp,
    },
    {
      at: 'par',
      name: 'a request_uri inside a pushed request',
      attempt: async (world) => (await world.push({ request_uri: await pushed(world) })).verdict,
      refused: invalidRequest('parameter_invalid'),
      twin: async (world) => (await world.push()).verdict,
      allowed: created,
    },
    {
      at: 'par',
      name: 'a push in the name of another client',
      attempt: async (world) => (await world.push({ client_id: 'other' })).verdict,
      refused: invalidRequest('client_id_conflict'),
      twin: async (world) => (await world.push()).verdict,
      allowed: created,
    },
    {
      at: 'par',
      name: 'a push without PKCE',
      attempt: async (world) =>
        (await world.push({ code_challenge: undefined, code_challenge_method: undefined })).verdict,
      refused: invalidRequest('challenge_missing'),
      twin: async (world) =>
        (await world.push({}, { headers: { authorization: basicHeader('web', secrets.basic) } })).verdict,
      allowed: created,
    },
  ],
};
