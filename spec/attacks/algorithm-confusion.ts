import { createPublicKey } from 'node:crypto';
import { base64url, es256, forge, hmac, rightClaims } from '../support/assertion-requests.js';
import { clientKey } from '../support/client-keys.js';
import { assertion, macAssertion, secrets, signer } from '../support/methods.js';
import { type Attack, type AttackTable, notAuthenticated } from './attack.js';
import { type AttackWorld, oneWorld } from './attack-world.js';

const refusedAlgorithm = notAuthenticated('assertion_algorithm_refused');
const badSignature = notAuthenticated('assertion_signature_invalid');
const malformed = notAuthenticated('assertion_malformed');
const publicPem = createPublicKey(signer.privateKey as never).export({ type: 'spki', format: 'pem' }) as string;
const stranger = clientKey('P-256');
const unsigned = () => Buffer.alloc(0);
const secretClaims = () => rightClaims('secret-jwt-client');

/** A forged assertion where a right one of the same client goes through. */
const forged = (name: string, make: () => string, refused: Attack<AttackWorld>['refused']): Attack<AttackWorld> => ({
  at: 'token',
  name,
  attempt: (world) => world.assertion(make()),
  refused,
  twin: async (world) => world.assertion(await assertion('private-key-client')),
});

const forgedMac = (name: string, make: () => string, refused: Attack<AttackWorld>['refused']): Attack<AttackWorld> => ({
  ...forged(name, make, refused),
  twin: async (world) => world.assertion(await macAssertion()),
});

/** RFC 8725 2.1, 3.1: whoever signs does not choose how the signature is checked. */
export const algorithmConfusion: AttackTable<AttackWorld> = {
  family: 'algorithm confusion',
  ...oneWorld,
  cases: [
    ...['none', 'None', 'NONE', 'nOnE'].map((alg) =>
      forged(`alg ${alg} without a signature`, () => forge({ header: { alg }, sign: unsigned }), malformed),
    ),
    forged('alg none with a signature', () => forge({ header: { alg: 'none' } }), refusedAlgorithm),
    forged('no alg', () => forge({ header: { kid: 'signer-1' } }), malformed),
    forged('alg as an array', () => forge({ header: { alg: ['ES256', 'none'] } }), malformed),
    forged('alg null', () => forge({ header: { alg: null } }), malformed),
    forged('alg twice, the weaker one last', () => forge({ header: '{"alg":"ES256","alg":"none"}' }), malformed),
    forged(
      'HS256 keyed with the PEM of the public key',
      () => forge({ header: { alg: 'HS256' }, sign: hmac(publicPem) }),
      refusedAlgorithm,
    ),
    forged(
      'HS256 keyed with the JWK of the public key',
      () => forge({ header: { alg: 'HS256' }, sign: hmac(JSON.stringify(signer.jwk)) }),
      refusedAlgorithm,
    ),
    forged('HS256 with an empty key', () => forge({ header: { alg: 'HS256' }, sign: hmac('') }), refusedAlgorithm),
    forged(
      'RS256 named for an EC key',
      () => forge({ header: { alg: 'RS256' } }),
      notAuthenticated('assertion_key_not_found'),
    ),
    forged('ES384, which is not enabled', () => forge({ header: { alg: 'ES384' } }), refusedAlgorithm),
    forged('ES256K', () => forge({ header: { alg: 'ES256K' } }), refusedAlgorithm),
    forged('es256 in lower case', () => forge({ header: { alg: 'es256' } }), refusedAlgorithm),
    forged('a name of Object.prototype as alg', () => forge({ header: { alg: 'constructor' } }), refusedAlgorithm),
    forged('an ES256 signature of zeros (CVE-2022-21449)', () => forge({ sign: () => Buffer.alloc(64) }), badSignature),
    forged('an empty ES256 signature', () => forge({ sign: unsigned }), malformed),
    forged(
      'a signature by a key that is nobody\u2019s',
      () => forge({ sign: es256(stranger.privateKey) }),
      badSignature,
    ),
    forged(
      'claims changed after the signature',
      () => {
        const [header, , signature] = forge().split('.');
        return `${header}.${base64url(JSON.stringify(rightClaims()))}.${signature}`;
      },
      badSignature,
    ),
    forgedMac(
      'a client of client_secret_jwt signs with ES256',
      () => forge({ claims: secretClaims() }),
      refusedAlgorithm,
    ),
    forgedMac(
      'HS256 keyed with the secret in another encoding',
      () =>
        forge({ header: { alg: 'HS256' }, claims: secretClaims(), sign: hmac(Buffer.from(secrets.jwt, 'base64url')) }),
      badSignature,
    ),
    forgedMac(
      'HS512, which is not enabled',
      () => forge({ header: { alg: 'HS512' }, claims: secretClaims(), sign: hmac(secrets.jwt, 512) }),
      refusedAlgorithm,
    ),
  ],
};
