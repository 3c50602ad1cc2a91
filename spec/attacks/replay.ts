import { forge, rightClaims } from '../support/assertion-requests.js';
import { assertion } from '../support/methods.js';
import { type Attack, type AttackTable, invalidGrant, notAuthenticated, type Verdict } from './attack.js';
import { type AttackWorld, ownWorld } from './attack-world.js';

const replayed = notAuthenticated('assertion_replayed');
type Places = Pick<Attack<AttackWorld>, 'at' | 'name'> & {
  readonly path?: string;
  readonly node?: 0 | 1;
  readonly more?: Record<string, string>;
};

/** A right assertion that was used at the token endpoint of the first process before. */
const again = ({ path = '/oauth2/token', node = 0, more = {}, ...row }: Places): Attack<AttackWorld> => ({
  ...row,
  attempt: async (world) => {
    const jws = await assertion('private-key-client');
    expectPassed(await world.assertion(jws));
    return world.assertion(jws, { path, node, more });
  },
  refused: replayed,
  twin: async (world) => world.assertion(await assertion('private-key-client'), { path, node, more }),
});

/** RFC 7523 3, RFC 9449 11.1, RFC 6749 4.1.2: what is good once is good once, wherever it is shown. */
export const replay: AttackTable<AttackWorld> = {
  family: 'replay across endpoints and processes',
  ...ownWorld,
  cases: [
    again({ at: 'token', name: 'an assertion a second time' }),
    again({ at: 'token', name: 'an assertion at the other process', node: 1 }),
    again({
      at: 'introspect',
      name: 'an assertion of the token endpoint',
      path: '/oauth2/introspect',
      more: { token: 'x' },
    }),
    again({ at: 'revoke', name: 'an assertion of the token endpoint', path: '/oauth2/revoke', more: { token: 'x' } }),
    again({
      at: 'revoke',
      name: 'an assertion of the token endpoint at the other process',
      path: '/oauth2/revoke',
      node: 1,
      more: { token: 'x' },
    }),
    {
      at: 'token',
      name: 'another assertion with the same jti',
      attempt: async (world) => {
        expectPassed(await world.assertion(forge({ claims: rightClaims('private-key-client', { jti: 'one' }) })));
        return world.assertion(forge({ claims: rightClaims('private-key-client', { jti: 'one', nbf: 1 }) }));
      },
      refused: replayed,
      twin: (world) => world.assertion(forge({ claims: rightClaims('second-key-client', { jti: 'one' }) })),
    },
    {
      at: 'token',
      name: 'an assertion whose signature is spelled with other spare bits',
      attempt: async (world) => {
        const jws = await assertion('private-key-client');
        expectPassed(await world.assertion(jws));
        const last = String.fromCharCode(jws.charCodeAt(jws.length - 1) + 1);
        return world.assertion(jws.slice(0, -1) + last);
      },
      refused: notAuthenticated('assertion_malformed'),
      twin: async (world) => world.assertion(await assertion('private-key-client')),
    },
    codeTwice('a code a second time', 0),
    codeTwice('a code at the other process', 1),
    {
      at: 'authorize',
      name: 'a request_uri that was answered',
      attempt: async (world) => {
        const { body } = await world.push();
        const reference = { client_id: 'web', request_uri: body.request_uri };
        const none = { response_type: undefined, redirect_uri: undefined, scope: undefined, state: undefined };
        const all = { ...none, code_challenge: undefined, code_challenge_method: undefined, ...reference };
        await world.code(all);
        return (await world.authorize(all)).verdict;
      },
      refused: [400, undefined, 'request_uri_used'],
      twin: async (world) => (await world.authorize()).verdict,
      allowed: [303, undefined, undefined],
    },
    proofTwice('a DPoP proof a second time', '/oauth2/token', 0, 'dpop_replayed'),
    proofTwice('a DPoP proof at the other process', '/oauth2/token', 1, 'dpop_replayed'),
    proofTwice('a DPoP proof of another endpoint', '/oauth2/par', 0, 'dpop_url_mismatch'),
    {
      at: '/api/hello',
      name: 'a DPoP proof of the same request',
      attempt: async (world) => {
        const token = await boundToken(world);
        const proof = await world.proof('/api/hello', token, 'GET');
        const headers = { authorization: `DPoP ${token}`, dpop: proof };
        expectPassed(await world.hello(token, headers));
        return world.hello(token, headers);
      },
      refused: [401, 'invalid_dpop_proof', 'dpop_replayed'],
      twin: async (world) => {
        const token = await boundToken(world);
        return world.hello(token, {
          authorization: `DPoP ${token}`,
          dpop: await world.proof('/api/hello', token, 'GET'),
        });
      },
    },
    {
      at: 'token',
      name: 'a refresh token after its successor was used',
      attempt: async (world) => {
        const { refresh_token = '' } = await world.tokens();
        const next = await world.refresh(refresh_token);
        await world.refresh(next.body.refresh_token);
        world.ahead += 60_000;
        return (await world.refresh(refresh_token, {}, { node: 1 })).verdict;
      },
      refused: invalidGrant('refresh_token_reused'),
      twin: async (world) => (await world.refresh((await world.tokens()).refresh_token ?? '')).verdict,
    },
    {
      at: 'token',
      name: 'a one-time code a second time',
      attempt: async (world) => {
        const code = await world.oneTimeCode();
        expectPassed((await world.password(code)).verdict);
        return (await world.password(code, {}, { node: 1 })).verdict;
      },
      refused: invalidGrant('otc_used'),
      twin: async (world) => (await world.password(await world.oneTimeCode())).verdict,
    },
  ],
};

function codeTwice(name: string, node: 0 | 1): Attack<AttackWorld> {
  return {
    at: 'token',
    name,
    attempt: async (world) => {
      const code = await world.code();
      expectPassed((await world.redeem(code)).verdict);
      return (await world.redeem(code, {}, { node })).verdict;
    },
    refused: invalidGrant('code_used'),
    twin: async (world) => (await world.redeem(await world.code(), {}, { node })).verdict,
  };
}

function proofTwice(name: string, made: string, node: 0 | 1, reason: string): Attack<AttackWorld> {
  return {
    at: 'token',
    name,
    attempt: async (world) => {
      const dpop = await world.proof(made);
      if (made === '/oauth2/token') expectPassed((await world.token({ scope: 'read' }, { headers: { dpop } })).verdict);
      return (await world.token({ scope: 'read' }, { node, headers: { dpop } })).verdict;
    },
    refused: [400, 'invalid_dpop_proof', reason],
    twin: async (world) =>
      (await world.token({ scope: 'read' }, { node, headers: { dpop: await world.proof('/oauth2/token') } })).verdict,
  };
}

async function boundToken(world: AttackWorld): Promise<string> {
  const dpop = await world.proof('/oauth2/token');
  return (await world.token({ scope: 'read' }, { headers: { dpop } })).body.access_token;
}

function expectPassed([status, error, reason]: Verdict): void {
  if (status !== 200) throw new Error(`the first use was refused: ${status} ${error} ${reason}`);
}
