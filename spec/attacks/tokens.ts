import { createPublicKey } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { base64url, es256, forge, hmac } from '../support/assertion-requests.js';
import { clientKey } from '../support/client-keys.js';
import { ProofMaker } from '../support/dpop.js';
import { issuer } from '../support/methods.js';
import { type Attack, type AttackTable, invalidGrant, invalidRequest, invalidToken, type Verdict } from './attack.js';
import { type AttackWorld, ownWorld } from './attack-world.js';

const own = clientKey('P-256', { kid: 'mine', alg: 'ES256' });
const offline = async (world: AttackWorld) => (await world.tokens()).refresh_token ?? '';
const access = async (world: AttackWorld) => (await world.tokens()).access_token ?? '';

/** An access token that is forged from a right one. */
function forging(
  name: string,
  make: (claims: Record<string, unknown>, header: Record<string, unknown>, jwk: Record<string, unknown>) => string,
  reason = 'token_signature_invalid',
): Attack<AttackWorld> {
  return {
    at: '/api/hello',
    name,
    attempt: async (world) => {
      const token = await access(world);
      const { body } = await world.send({ path: '/.well-known/jwks.json' });
      return world.hello(make(decodeJwt(token), { ...decodeProtectedHeader(token) }, body.keys[0]));
    },
    refused: invalidToken(reason),
    twin: async (world) => world.hello(await access(world)),
  };
}

const refreshing = (name: string, attempt: Attack<AttackWorld>['attempt'], refused: Verdict): Attack<AttackWorld> => ({
  at: 'token',
  name,
  attempt,
  refused,
  twin: async (world) => (await world.refresh(await offline(world))).verdict,
});

/** A token bound to the world's DPoP key, presented in this way. */
const presenting = (
  name: string,
  headers: (world: AttackWorld, token: string) => Promise<Record<string, string>>,
  refused: Verdict,
): Attack<AttackWorld> => ({
  at: '/api/hello',
  name,
  attempt: async (world) => {
    const token = await bound(world);
    return world.hello(token, await headers(world, token));
  },
  refused,
  twin: async (world) => {
    const token = await bound(world);
    return world.hello(token, { authorization: `DPoP ${token}`, dpop: await world.proof('/api/hello', token, 'GET') });
  },
});

const pem = (jwk: Record<string, unknown>) =>
  createPublicKey({ key: jwk, format: 'jwk' } as never).export({ type: 'spki', format: 'pem' }) as string;

/** RFC 6749 10.4, RFC 9700 4.14, RFC 8725, RFC 7009 2.1, RFC 7662 4: stolen, forged and other people's tokens. */
export const tokens: AttackTable<AttackWorld> = {
  family: 'refresh theft and token forgery',
  ...ownWorld,
  cases: [
    refreshing(
      'a stolen refresh token at another client',
      async (world) => (await world.refresh(await offline(world), {}, { as: 'other' })).verdict,
      invalidGrant('refresh_token_client_mismatch'),
    ),
    refreshing(
      'the successor after the theft was noticed',
      async (world) => {
        const first = await offline(world);
        const { body } = await world.refresh(first);
        await world.refresh(body.refresh_token);
        world.ahead += 60_000;
        await world.refresh(first);
        return (await world.refresh(body.refresh_token)).verdict;
      },
      invalidGrant('grant_revoked'),
    ),
    refreshing(
      'scope beyond what was granted',
      async (world) =>
        (
          await world.refresh((await world.tokens({ scope: 'openid offline_access' })).refresh_token ?? '', {
            scope: 'read',
          })
        ).verdict,
      [400, 'invalid_scope', 'scope_not_allowed'],
    ),
    refreshing(
      'a refresh token that was guessed',
      async (world) => (await world.refresh('A'.repeat(43))).verdict,
      invalidGrant('refresh_token_unknown'),
    ),
    refreshing(
      'an access token as refresh token',
      async (world) => (await world.refresh(await access(world))).verdict,
      invalidGrant('refresh_token_unknown'),
    ),
    refreshing(
      'a refresh token after its revocation',
      async (world) => {
        const token = await offline(world);
        await world.post('/oauth2/revoke', { token });
        return (await world.refresh(token)).verdict;
      },
      invalidGrant('grant_revoked'),
    ),
    refreshing(
      'a public client\u2019s refresh token without the key that it is bound to',
      async (world) => {
        const form = { client_id: 'app', redirect_uri: 'http://127.0.0.1/cb' };
        const code = await world.code(form);
        const dpop = await world.proof('/oauth2/token');
        const { body } = await world.redeem(code, form, { as: null, headers: { dpop } });
        const theirs = await new ProofMaker().proof('POST', `${issuer}/oauth2/token`);
        return (await world.refresh(body.refresh_token, { client_id: 'app' }, { as: null, headers: { dpop: theirs } }))
          .verdict;
      },
      invalidGrant('refresh_token_binding_mismatch'),
    ),
    forging(
      'alg none',
      (claims) => forge({ header: { alg: 'none', typ: 'at+jwt' }, claims, sign: () => Buffer.alloc(0) }),
      'token_signature_invalid',
    ),
    forging('HS256 keyed with the published key', (claims, header, jwk) =>
      forge({ header: { ...header, alg: 'HS256' }, claims, sign: hmac(pem(jwk)) }),
    ),
    forging('the attacker\u2019s key under the published kid', (claims, header) =>
      forge({ header, claims, sign: es256(own.privateKey) }),
    ),
    forging('the attacker\u2019s key in the header', (claims, header) =>
      forge({ header: { ...header, kid: 'mine', jwk: own.jwk }, claims, sign: es256(own.privateKey) }),
    ),
    forging('jku in the header', (claims, header) =>
      forge({
        header: { ...header, kid: 'mine', jku: 'https://attacker.example' },
        claims,
        sign: es256(own.privateKey),
      }),
    ),
    forging('another subject', (claims, header) => {
      const input = forge({ header, claims: { ...claims, sub: 'u-admin' }, sign: es256(own.privateKey) });
      return input;
    }),
    forging(
      'iss of another server',
      (claims, header) =>
        forge({ header, claims: { ...claims, iss: 'https://attacker.example' }, sign: es256(own.privateKey) }),
      'token_issuer_mismatch',
    ),
    forging(
      'claims that are no JSON',
      (_claims, header) => forge({ header, claims: '{"a":', sign: es256(own.privateKey) }),
      'token_malformed',
    ),
    {
      at: '/api/hello',
      name: 'a token in the query',
      attempt: async (world) => (await world.send({ path: `/api/hello?access_token=${await access(world)}` })).verdict,
      refused: invalidToken('token_missing'),
      twin: async (world) => world.hello(await access(world)),
    },
    {
      at: '/api/hello',
      name: 'a token whose grant was revoked',
      attempt: async (world) => {
        const { access_token = '', refresh_token = '' } = await world.tokens();
        await world.post('/oauth2/revoke', { token: refresh_token });
        return world.hello(access_token);
      },
      refused: invalidToken('token_revoked'),
      twin: async (world) => world.hello(await access(world)),
    },
    {
      at: '/api/hello',
      name: 'a token after its hour',
      attempt: async (world) => {
        const token = await access(world);
        world.ahead += 3_700_000;
        return world.hello(token);
      },
      refused: invalidToken('token_expired'),
      twin: async (world) => world.hello(await access(world)),
    },
    presenting('a DPoP-bound token as Bearer', async () => ({}), invalidToken('token_scheme_mismatch')),
    presenting(
      'a DPoP-bound token with a proof of another key',
      async (_world, token) => ({
        authorization: `DPoP ${token}`,
        dpop: await new ProofMaker().forToken(token, 'GET', `${issuer}/api/hello`),
      }),
      invalidToken('token_binding_mismatch'),
    ),
    presenting('a DPoP-bound token without proof', async (_world, token) => ({ authorization: `DPoP ${token}` }), [
      401,
      'invalid_dpop_proof',
      'dpop_proof_missing',
    ]),
    presenting(
      'a proof for another method',
      async (world, token) => ({
        authorization: `DPoP ${token}`,
        dpop: await world.proof('/api/hello', token, 'POST'),
      }),
      [401, 'invalid_dpop_proof', 'dpop_method_mismatch'],
    ),
    presenting(
      'a proof for another token',
      async (world, token) => ({
        authorization: `DPoP ${token}`,
        dpop: await world.proof('/api/hello', 'other', 'GET'),
      }),
      [401, 'invalid_dpop_proof', 'dpop_token_mismatch'],
    ),
    presenting(
      'a proof with a private key in its header',
      async (world, token) => ({
        authorization: `DPoP ${token}`,
        dpop: await world.dpop.forToken(token, 'GET', `${issuer}/api/hello`, {
          header: { jwk: world.dpop.pair.privateJwk },
        }),
      }),
      [401, 'invalid_dpop_proof', 'dpop_key_refused'],
    ),
    presenting(
      'a proof with a symmetric key in its header',
      async (_world, token) => ({
        authorization: `DPoP ${token}`,
        dpop: forge({
          header: { alg: 'HS256', typ: 'dpop+jwt', jwk: { kty: 'oct', k: base64url('k') } },
          claims: { jti: 'x', htm: 'GET', htu: `${issuer}/api/hello`, iat: Math.floor(Date.now() / 1000) },
          sign: hmac('k'),
        }),
      }),
      [401, 'invalid_dpop_proof', 'dpop_algorithm_refused'],
    ),
    {
      at: 'introspect',
      name: 'a token of another client',
      attempt: async (world) => {
        const { body, verdict } = await world.post(
          '/oauth2/introspect',
          { token: await access(world) },
          { as: 'other' },
        );
        return Object.keys(body).join() === 'active' && body.active === false ? verdict : [0, undefined, 'told'];
      },
      refused: [200, undefined, undefined],
      twin: async (world) => {
        const { body } = await world.post('/oauth2/introspect', { token: await access(world) }, { as: 'auditor' });
        return [body.active === true ? 200 : 0, undefined, undefined];
      },
    },
    {
      at: 'introspect',
      name: 'nobody asks about a token',
      attempt: async (world) =>
        (await world.post('/oauth2/introspect', { token: await access(world) }, { as: null })).verdict,
      refused: [401, 'invalid_client', 'no_credentials'],
      twin: async (world) => (await world.post('/oauth2/introspect', { token: await access(world) })).verdict,
    },
    {
      at: 'revoke',
      name: 'a token of another client',
      attempt: async (world) =>
        (await world.post('/oauth2/revoke', { token: await access(world) }, { as: 'other' })).verdict,
      refused: invalidRequest('token_client_mismatch'),
      twin: async (world) => (await world.post('/oauth2/revoke', { token: await access(world) })).verdict,
    },
    {
      at: 'userinfo',
      name: 'a token of a client for itself',
      attempt: async (world) => userinfo(world, (await world.token({ scope: 'read' })).body.access_token),
      refused: [403, 'insufficient_scope', 'scope_insufficient'],
      twin: async (world) => userinfo(world, await access(world)),
    },
    {
      at: 'userinfo',
      name: 'a token without openid',
      attempt: async (world) => userinfo(world, (await world.tokens({ scope: 'read' })).access_token),
      refused: [403, 'insufficient_scope', 'scope_insufficient'],
      twin: async (world) => userinfo(world, await access(world)),
    },
    {
      at: 'token',
      name: 'a client asks for scope that it does not have',
      attempt: async (world) => (await world.token({ scope: 'write' })).verdict,
      refused: [400, 'invalid_scope', 'scope_not_allowed'],
      twin: async (world) => (await world.token({ scope: 'read' })).verdict,
    },
    {
      at: 'token',
      name: 'a client asks for the server\u2019s own scopes',
      attempt: async (world) => (await world.token({ scope: 'introspect_tokens revoke_tokens' })).verdict,
      refused: [400, 'invalid_scope', 'scope_not_allowed'],
      twin: async (world) => (await world.token({ scope: 'introspect_tokens' }, { as: 'auditor' })).verdict,
    },
    {
      at: 'token',
      name: 'a grant that the client does not have',
      attempt: async (world) =>
        (await world.token({ grant_type: 'password', username: 'x', password: 'y' }, { as: 'basic-client' })).verdict,
      refused: [400, 'unauthorized_client', 'grant_type_not_allowed'],
      twin: async (world) => (await world.token({}, { as: 'basic-client' })).verdict,
    },
  ],
};

async function bound(world: AttackWorld): Promise<string> {
  const dpop = await world.proof('/oauth2/token');
  return (await world.token({ scope: 'read' }, { headers: { dpop } })).body.access_token;
}

async function userinfo(world: AttackWorld, token = ''): Promise<Verdict> {
  return (await world.send({ path: '/userinfo', headers: { authorization: `Bearer ${token}` } })).verdict;
}
