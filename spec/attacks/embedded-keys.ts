import { es256, forge, rightClaims } from '../support/assertion-requests.js';
import { clientKey } from '../support/client-keys.js';
import { assertion, ca } from '../support/methods.js';
import { type Attack, type AttackTable, invalidRequest, notAuthenticated, type Verdict } from './attack.js';
import { type AttackWorld, oneWorld } from './attack-world.js';

const own = clientKey('P-256', { kid: 'mine', alg: 'ES256' });
const badSignature = notAuthenticated('assertion_signature_invalid');
const noKey = notAuthenticated('assertion_key_not_found');
const malformed = notAuthenticated('assertion_malformed');
const critical = notAuthenticated('assertion_critical_header');

/** Signed by the attacker's own key, which the header brings along or names. */
function carrying(name: string, header: Record<string, unknown>, refused: Verdict): Attack<AttackWorld> {
  return {
    at: 'token',
    name,
    attempt: (world) => world.assertion(forge({ header: { alg: 'ES256', ...header }, sign: es256(own.privateKey) })),
    refused,
    twin: async (world) => world.assertion(await assertion('private-key-client')),
  };
}

const named = (what: string, kid: unknown, refused: Verdict = noKey) =>
  carrying(`kid that is ${what}`, { kid }, refused);

/** RFC 7515 4.1, RFC 8725 2.9 and 2.10: an assertion does not bring its own key, nor say where to find it. */
export const embeddedKeys: AttackTable<AttackWorld> = {
  family: 'embedded keys and kid tricks',
  ...oneWorld,
  cases: [
    carrying('jwk in the header', { jwk: own.jwk }, badSignature),
    carrying('jwk in the header with a kid of its own', { jwk: own.jwk, kid: 'mine' }, noKey),
    carrying('jwk in the header under the registered kid', { jwk: own.jwk, kid: 'signer-1' }, badSignature),
    carrying('jku in the header', { jku: 'https://attacker.example/jwks', kid: 'mine' }, noKey),
    carrying('x5u in the header', { x5u: 'https://attacker.example/cert.pem' }, badSignature),
    carrying('x5c in the header, of a CA that is trusted here', { x5c: [ca.der.toString('base64')] }, badSignature),
    carrying('x5t in the header', { x5t: 'AAAA', 'x5t#S256': 'AAAA' }, badSignature),
    carrying(
      'everything in the header',
      { jwk: own.jwk, jku: 'https://a.example', x5c: ['AA=='], x5u: 'x' },
      badSignature,
    ),
    carrying('crit that names jku', { crit: ['jku'], jku: 'https://attacker.example' }, critical),
    carrying('crit that names nothing', { crit: [] }, critical),
    carrying('an unencoded payload, b64 false (RFC 7797)', { b64: false, crit: ['b64'] }, critical),
    named('a path', '../../../../dev/null'),
    named('SQL', "x' UNION SELECT 'key' --"),
    named('a shell command', '|/usr/bin/id'),
    named('a URL', 'https://attacker.example/key'),
    named('__proto__', '__proto__'),
    named('constructor', 'constructor'),
    named('ten thousand octets long', 'k'.repeat(10_000), noKey),
    named('a number', 1, malformed),
    named('an array with the right one', ['signer-1'], malformed),
    named('an object', { toString: 'signer-1' }, malformed),
    named('the right one with NUL', 'signer-1\u0000'),
    {
      at: 'token',
      name: 'five parts, as of a JWE',
      attempt: async (world) => world.assertion(`${await assertion('private-key-client')}.AAAA.AAAA`),
      refused: malformed,
      twin: async (world) => world.assertion(await assertion('private-key-client')),
    },
    {
      at: 'token',
      name: 'JSON serialization of a right assertion',
      attempt: async (world) => {
        const [header, payload, signature] = (await assertion('private-key-client')).split('.');
        return world.assertion(JSON.stringify({ payload, protected: header, signature }));
      },
      refused: malformed,
      twin: async (world) => world.assertion(await assertion('private-key-client')),
    },
    {
      at: 'introspect',
      name: 'jwk in the header, away from the token endpoint',
      attempt: (world) =>
        world.assertion(forge({ header: { alg: 'ES256', jwk: own.jwk }, sign: es256(own.privateKey) }), {
          path: '/oauth2/introspect',
          more: { token: 'x' },
        }),
      refused: badSignature,
      twin: async (world) =>
        world.assertion(await assertion('private-key-client'), { path: '/oauth2/introspect', more: { token: 'x' } }),
    },
    {
      at: 'token',
      name: 'the key of one client for another one',
      attempt: (world) =>
        world.assertion(forge({ claims: rightClaims('second-key-client', { iss: 'private-key-client' }) })),
      refused: notAuthenticated('assertion_subject_mismatch'),
      twin: (world) => world.assertion(forge({ claims: rightClaims('second-key-client') })),
    },
    {
      at: 'register',
      name: 'a private key among the jwks',
      attempt: async (world) => (await world.register(keyMembers(own.privateJwk))).verdict,
      refused: [400, 'invalid_client_metadata', 'client_metadata_invalid'],
      twin: async (world) => (await world.register(keyMembers(own.jwk))).verdict,
      allowed: [201, undefined, undefined],
    },
    {
      at: 'register',
      name: 'a symmetric key among the jwks',
      attempt: async (world) => (await world.register(keyMembers({ kty: 'oct', k: 'AAAA' }))).verdict,
      refused: [400, 'invalid_client_metadata', 'client_metadata_invalid'],
      twin: async (world) => (await world.register(keyMembers(own.jwk))).verdict,
      allowed: [201, undefined, undefined],
    },
    {
      at: 'par',
      name: 'client_assertion_type of SAML for a JWT',
      attempt: async (world) => {
        const client_assertion = await assertion('private-key-client');
        const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer';
        return (await world.push({ client_id: undefined, client_assertion, client_assertion_type }, { as: null }))
          .verdict;
      },
      refused: notAuthenticated('assertion_type_unsupported'),
      twin: async (world) => (await world.push()).verdict,
      allowed: [201, undefined, undefined],
    },
    {
      at: 'revoke',
      name: 'an assertion without its type',
      attempt: async (world) =>
        (await world.post('/oauth2/revoke', { token: 'x', client_assertion: forge() }, { as: null })).verdict,
      refused: invalidRequest('assertion_incomplete'),
      twin: (world) => world.assertion(forge(), { path: '/oauth2/revoke', more: { token: 'x' } }),
    },
  ],
};

const keyMembers = (key: unknown) => ({
  grant_types: ['client_credentials'],
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [key] },
  scope: 'read',
});
