import { clientKey } from '../support/client-keys.js';
import { assertion, assertionType, basicHeader, newSecret, secrets } from '../support/methods.js';
import { type Attack, type AttackTable, invalidGrant, notAuthenticated, type Verdict } from './attack.js';
import { AttackWorld, type Reply } from './attack-world.js';

const wrongOf = (code: string) => String((Number(code[0]) + 1) % 10) + code.slice(1);
const tooMany = (reason: string): Verdict => [429, 'too_many_requests', reason];
const wrongSecret = newSecret();
const stranger = clientKey('P-256');
const mostGuesses = 5;
/** Not the proxy, whose own address nobody is known by. */
const guesser = { from: '127.0.0.4' } as const;

/** What a caller can see of an answer, without what is new in every one. */
const shown = ({ status, text, headers }: Reply) =>
  JSON.stringify([status, text, headers['www-authenticate'], headers['cache-control'], headers['content-type']]);

/** Two requests whose answers must look alike, and the reason of the second. */
function alike(
  name: string,
  one: (world: AttackWorld) => Promise<Reply>,
  other: (world: AttackWorld) => Promise<Reply>,
  refused: Verdict,
  at: Attack<AttackWorld>['at'] = 'token',
): Attack<AttackWorld> {
  return {
    at,
    name: `enumeration by body: ${name}`,
    attempt: async (world) => {
      const [first, second] = [await one(world), await other(world)];
      return shown(first) === shown(second) ? second.verdict : [0, shown(first), shown(second)];
    },
    refused,
    twin: async (world) => (await world.token()).verdict,
  };
}

const byBasic =
  (id: string, secret = wrongSecret) =>
  (world: AttackWorld) =>
    world.token({}, { as: null, headers: { authorization: basicHeader(id, secret) }, ...guesser });
const byPost = (id: string) => (world: AttackWorld) =>
  world.token({ client_id: id, client_secret: wrongSecret }, { as: null, ...guesser });
const byAssertion = (id: string) => async (world: AttackWorld) => {
  const client_assertion = await assertion(id, { key: stranger.privateKey });
  return world.token({ client_assertion, client_assertion_type: assertionType }, { as: null, ...guesser });
};
const byCode =
  (username: string, password = '00000000') =>
  (world: AttackWorld) =>
    world.password(password, { username });

/** RFC 6749 10.10 and 2.3.1, RFC 9700 4.15: a guess costs, and a wrong one teaches nothing. */
export const guessing: AttackTable<AttackWorld> = {
  family: 'guessing and enumeration',
  open: async () =>
    // A day: no case is to fall into two periods.
    new AttackWorld({
      rate_limits: {
        client: { max_attempts: mostGuesses, period: 86_400 },
        source: { max_attempts: 12, period: 86_400 },
      },
    }),
  close: (world) => world.close(),
  cases: [
    {
      at: 'token',
      name: 'secrets of one client',
      attempt: async (world) => {
        for (let guess = 0; guess < mostGuesses; guess += 1) await byBasic('basic-client')(world);
        return (await byBasic('basic-client', secrets.basic)(world)).verdict;
      },
      refused: tooMany('client_guesses_exceeded'),
      // From elsewhere the client itself is not kept out.
      twin: async (world) => (await world.token({}, { as: 'basic-client', from: '127.0.0.2' })).verdict,
    },
    {
      at: 'token',
      name: 'one secret at many clients',
      attempt: async (world) => {
        for (let guess = 0; guess < 12; guess += 1) await byBasic(`client-${guess}`)(world);
        return (await byBasic('basic-client', secrets.basic)(world)).verdict;
      },
      refused: tooMany('source_guesses_exceeded'),
      twin: async (world) => (await world.token({}, { from: '127.0.0.2' })).verdict,
    },
    {
      at: 'introspect',
      name: 'secrets away from the token endpoint',
      attempt: async (world) => {
        const headers = { authorization: basicHeader('basic-client', wrongSecret) };
        for (let guess = 0; guess < mostGuesses; guess += 1)
          await world.post('/oauth2/introspect', { token: 'x' }, { as: null, headers, ...guesser });
        return (await byBasic('basic-client', secrets.basic)(world)).verdict;
      },
      refused: tooMany('client_guesses_exceeded'),
      twin: async (world) => (await world.post('/oauth2/introspect', { token: 'x' })).verdict,
    },
    {
      at: 'token',
      name: 'signatures of one client',
      attempt: async (world) => {
        for (let guess = 0; guess < mostGuesses; guess += 1) await byAssertion('private-key-client')(world);
        return world.assertion(await assertion('private-key-client'), guesser);
      },
      refused: tooMany('client_guesses_exceeded'),
      twin: async (world) => world.assertion(await assertion('second-key-client')),
    },
    {
      at: 'token',
      name: 'addresses told by a header, to be counted as many',
      attempt: async (world) => {
        for (let guess = 0; guess < mostGuesses; guess += 1) {
          const headers = {
            authorization: basicHeader('basic-client', wrongSecret),
            'x-forwarded-for': `203.0.113.${guess}`,
          };
          await world.token({}, { as: null, headers, from: '127.0.0.3' });
        }
        const { verdict } = await world.token(
          {},
          { as: 'basic-client', from: '127.0.0.3', headers: { 'x-forwarded-for': '203.0.113.9' } },
        );
        return verdict;
      },
      refused: tooMany('client_guesses_exceeded'),
      twin: async (world) => (await world.token({}, { as: 'basic-client' })).verdict,
    },
    {
      at: 'token',
      name: 'one-time codes until the code is spent',
      attempt: async (world) => {
        const code = await world.oneTimeCode();
        for (let guess = 0; guess < mostGuesses; guess += 1) await world.password(wrongOf(code));
        return (await world.password(code)).verdict;
      },
      refused: invalidGrant('otc_exhausted'),
      twin: async (world) => (await world.password(await world.oneTimeCode())).verdict,
    },
    {
      at: 'token',
      name: 'a one-time code of the wrong shape',
      attempt: async (world) => {
        await world.oneTimeCode();
        return (await world.password('12 OR 1=1')).verdict;
      },
      refused: invalidGrant('otc_mismatch'),
      twin: async (world) => (await world.password(await world.oneTimeCode())).verdict,
    },
    {
      at: 'token',
      name: 'an older one-time code after a newer one',
      attempt: async (world) => {
        const older = await world.oneTimeCode();
        await world.oneTimeCode();
        return (await world.password(older)).verdict;
      },
      refused: invalidGrant('otc_mismatch'),
      twin: async (world) => (await world.password(await world.oneTimeCode())).verdict,
    },
    {
      at: 'token',
      name: 'a one-time code after its ten minutes',
      attempt: async (world) => {
        const code = await world.oneTimeCode();
        world.ahead += 601_000;
        return (await world.password(code)).verdict;
      },
      refused: invalidGrant('otc_expired'),
      twin: async (world) => (await world.password(await world.oneTimeCode())).verdict,
    },
    {
      at: 'identity API',
      name: 'codes ordered and guessed for a day',
      attempt: async (world) => {
        for (let order = 0; order < 8; order += 1) {
          const { body, verdict } = await world.identity({ type: 'authentication', address: 'johndoe@example.com' });
          if (body.code === undefined) return verdict;
          for (let guess = 0; guess < mostGuesses; guess += 1) await world.password(wrongOf(body.code));
        }
        return [0, undefined, 'no end'];
      },
      refused: tooMany('otc_budget_spent'),
      twin: async (world) => (await world.token()).verdict,
    },
    {
      at: 'identity API',
      name: 'a pool of another tenant by a path of dots',
      attempt: async (world) =>
        (await world.identity({ type: 'authentication', address: 'johndoe@example.com' }, { pool: 'other' })).verdict,
      refused: [404, 'not_found', 'pool_unknown'],
      twin: async (world) => (await world.identity({ type: 'authentication', address: 'johndoe@example.com' })).verdict,
      allowed: [201, undefined, undefined],
    },
    {
      at: 'register',
      name: 'a guessed initial access token',
      attempt: async (world) =>
        (await world.register({ redirect_uris: ['https://app.example.com/cb'] }, wrongSecret)).verdict,
      refused: [401, 'invalid_token', 'initial_token_unknown'],
      twin: async (world) => (await world.register({ redirect_uris: ['https://app.example.com/cb'] })).verdict,
      allowed: [201, undefined, undefined],
    },
    alike(
      'unknown client and wrong secret, Basic',
      byBasic('nobody'),
      byBasic('basic-client'),
      notAuthenticated('secret_mismatch'),
    ),
    alike(
      'unknown client and wrong secret, post',
      byPost('nobody'),
      byPost('post-client'),
      notAuthenticated('secret_mismatch'),
    ),
    alike(
      'unknown client and wrong signature',
      byAssertion('nobody'),
      byAssertion('private-key-client'),
      notAuthenticated('assertion_signature_invalid'),
    ),
    alike(
      'unknown client and another method',
      byBasic('nobody'),
      byBasic('private-key-client'),
      notAuthenticated('method_not_registered'),
    ),
    alike(
      'unknown client and an inactive one',
      byBasic('nobody'),
      byBasic('asleep', secrets.basic),
      notAuthenticated('client_inactive'),
    ),
    alike(
      'unknown client and a public one with a secret',
      byPost('nobody'),
      byPost('app'),
      notAuthenticated('method_not_registered'),
    ),
    alike(
      'unknown person and one without a code',
      byCode('nobody@example.com'),
      byCode('johndoe@example.com'),
      invalidGrant('otc_mismatch'),
    ),
    alike(
      'code that never was and code of another client',
      (world) => world.redeem('A'.repeat(43)),
      async (world) => world.redeem(await world.code({ client_id: 'other' })),
      invalidGrant('code_client_mismatch'),
    ),
    alike(
      'token that never was and token of another client',
      (world) => world.post('/oauth2/introspect', { token: 'A'.repeat(43) }),
      async (world) =>
        world.post('/oauth2/introspect', {
          token: (await world.tokens({ client_id: 'other' }, { as: 'other' })).access_token ?? '',
        }),
      [200, undefined, undefined],
      'introspect',
    ),
  ],
};
