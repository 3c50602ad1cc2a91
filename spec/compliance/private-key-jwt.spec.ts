import type { JsonWebKey, KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { clientCredentials, grantRouter, OptionsError, standardStrategies } from '../../index.js';
import { accepted, es256, forge, present, refused } from '../support/assertion-requests.js';
import { clientKey } from '../support/client-keys.js';
import { type allClients, assertion, clientPerMethod, issuer } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';

const id = 'private-key-client';
const own = { ...clientPerMethod.private_key_jwt };
type Clients = typeof allClients;

function clientWith(keys: readonly JsonWebKey[], more: Record<string, unknown> = {}) {
  return { ...own, jwks: { keys }, ...more };
}
const serverWith = (keys: readonly JsonWebKey[], more: Record<string, unknown> = {}) =>
  specServer({ clients: [clientWith(keys, more)] as unknown as Clients });
const make = (alg: string, key: KeyObject, kid?: string, clientId: string = id) =>
  assertion(clientId, { header: { alg, kid }, key });

describe('PKJ-02 keys of this client alone', () => {
  const [first, second] = [clientKey('P-256', { kid: 'same' }), clientKey('P-256', { kid: 'same' })];
  const server = specServer({
    clients: [
      clientWith([first.jwk], { client_id: 'one' }),
      clientWith([second.jwk], { client_id: 'two' }),
    ] as unknown as Clients,
  });

  it.each(['same', undefined])("PKJ-02 another client's key is refused, kid %s", async (kid) => {
    expect(await present(server, await make('ES256', first.privateKey, kid, 'one'))).toEqual(accepted);
    expect(await present(server, await make('ES256', second.privateKey, kid, 'two'))).toEqual(accepted);
    const crossed = await make('ES256', second.privateKey, kid, 'one');
    expect(await present(server, crossed)).toEqual(refused('assertion_signature_invalid'));
    expect(await present(server, await make('ES256', first.privateKey, kid, 'two'))).toEqual(
      refused('assertion_signature_invalid'),
    );
  });

  it('PKJ-02 jwks beside jwks_uri, or neither, is refused when the client is made', () => {
    const both = clientWith([first.jwk], { jwks_uri: 'https://client.example/jwks' });
    const neither = { ...own, jwks: undefined };
    for (const client of [both, neither]) {
      expect(() => specServer({ clients: [client] as unknown as Clients })).toThrow(OptionsError);
    }
  });
});

describe('PKJ-03 which keys are tried', () => {
  const [a, b, rsa, p384] = [clientKey('P-256'), clientKey('P-256'), clientKey('RSA'), clientKey('P-384')];
  const outcome = async (keys: JsonWebKey[], alg: string, key: KeyObject, kid?: string) =>
    present(serverWith(keys), await make(alg, key, kid));

  it.each([undefined, 'k'])('PKJ-03 several candidates are tried, kid %s', async (kid) => {
    const keys = [
      { ...a.jwk, kid: 'k' },
      { ...rsa.jwk, kid: 'k' },
      { ...p384.jwk, kid: 'k' },
      { ...b.jwk, kid: 'k' },
    ];
    expect(await outcome(keys, 'ES256', a.privateKey, kid)).toEqual(accepted);
    expect(await outcome(keys, 'ES256', b.privateKey, kid)).toEqual(accepted);
    expect(await outcome(keys, 'RS256', rsa.privateKey, kid)).toEqual(accepted);
    expect(await outcome(keys, 'ES256', clientKey().privateKey, kid)).toEqual(refused('assertion_signature_invalid'));
  });

  it('PKJ-03 a kid that no key has is refused, even beside keys without one', async () => {
    expect(await outcome([a.jwk, { ...b.jwk, kid: 'b' }], 'ES256', a.privateKey, 'other')).toEqual(
      refused('assertion_key_not_found'),
    );
    expect(await outcome([a.jwk, { ...b.jwk, kid: 'b' }], 'ES256', a.privateKey)).toEqual(accepted);
    expect(
      await outcome(
        [
          { ...a.jwk, kid: 'a' },
          { ...b.jwk, kid: 'b' },
        ],
        'ES256',
        a.privateKey,
        'b',
      ),
    ).toEqual(refused('assertion_signature_invalid'));
  });

  it.each([
    ['use', { use: 'enc' }, { use: 'sig' }],
    ['key_ops', { key_ops: ['encrypt'] }, { key_ops: ['verify'] }],
    ['key_ops for signing only', { key_ops: ['sign'] }, { key_ops: ['sign', 'verify'] }],
    ['empty key_ops', { key_ops: [] }, {}],
    ['alg', { alg: 'ES384' }, { alg: 'ES256' }],
    ['alg of encryption', { alg: 'ECDH-ES' }, {}],
  ])('PKJ-03 %s leaves a key out', async (_name, unfit, fit) => {
    // The other key keeps the client registrable.
    expect(await outcome([{ ...a.jwk, ...unfit }, b.jwk], 'ES256', a.privateKey)).toEqual(
      refused('assertion_signature_invalid'),
    );
    expect(await outcome([{ ...a.jwk, ...fit }, b.jwk], 'ES256', a.privateKey)).toEqual(accepted);
  });

  it.each([
    ['PS256', { alg: 'RS256' }, { alg: 'PS256' }],
    ['RS256', { alg: 'PS256' }, { alg: 'RS256' }],
    ['RS256', { alg: 'RS512' }, {}],
  ])('PKJ-03 the alg of a key binds it: %s', async (alg, unfit, fit) => {
    const keys = (extra: object) => [{ ...rsa.jwk, kid: 'r', ...extra }, b.jwk];
    expect(await outcome(keys(unfit), alg, rsa.privateKey, 'r')).toEqual(refused('assertion_key_not_found'));
    expect(await outcome(keys(fit), alg, rsa.privateKey, 'r')).toEqual(accepted);
  });

  it('PKJ-03 the curve must be that of the algorithm', async () => {
    const keys = [{ ...p384.jwk, kid: 'k' }];
    const forged = forge({ header: { alg: 'ES256', kid: 'k' }, sign: es256(p384.privateKey) });
    expect(await present(serverWith(keys), forged)).toEqual(refused('assertion_key_not_found'));
  });

  it('PKJ-03 not more than eight are tried', async () => {
    const others = Array.from({ length: 8 }, () => clientKey('P-256').jwk);
    expect(await outcome([...others.slice(1), a.jwk], 'ES256', a.privateKey)).toEqual(accepted);
    const server = serverWith([...others, a.jwk]);
    expect(await present(server, await make('ES256', a.privateKey))).toEqual(refused('assertion_signature_invalid'));
    expect(server.last().detail).toMatchObject({ keys_tried: 8 });
    expect(await outcome([...others, { ...a.jwk, kid: 'a' }], 'ES256', a.privateKey, 'a')).toEqual(accepted);
  });
});

describe('PKJ-04 keys that are refused when the client is made', () => {
  const good = clientKey('P-256');
  it.each<[string, JsonWebKey]>([
    ['RSA of 1024 bits', clientKey('RSA-1024').jwk],
    ['secp256k1', clientKey('secp256k1').jwk],
    ['X25519', clientKey('X25519').jwk],
    ['a private EC key', clientKey('P-256').privateJwk],
    ['a private RSA key', clientKey('RSA').privateJwk],
    ['a private Ed25519 key', clientKey('Ed25519').privateJwk],
    ['an oct key', { kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTAx' }],
    ['an oct key with the look of RSA', { ...clientKey('RSA').jwk, k: 'AAAA' }],
    ['no key at all', {}],
  ])('PKJ-04 %s', (_name, jwk) => {
    const start = (keys: JsonWebKey[]) =>
      grantRouter({
        issuer,
        clients: [clientWith(keys)] as unknown as Clients,
        strategies: standardStrategies(),
        grants: [clientCredentials()],
      });
    for (const keys of [[jwk], [good.jwk, jwk]]) {
      let message = '';
      try {
        start(keys);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(OptionsError);
        message = (thrown as Error).message;
      }
      expect(message).toContain(`clients[0].jwks.keys[${keys.length - 1}]`);
      for (const member of [jwk.d, jwk.k]) if (member && member.length > 8) expect(message).not.toContain(member);
    }
    expect(() => start([good.jwk])).not.toThrow();
  });
});

describe('PKJ-08 Ed25519 and EdDSA are one algorithm', () => {
  const { privateKey, jwk } = clientKey('Ed25519', { kid: 'ed' });
  const names = ['Ed25519', 'EdDSA', undefined];
  const cases = names.flatMap((ofKey) =>
    names.flatMap((pin) => ['Ed25519', 'EdDSA'].map((sent) => [sent, ofKey, pin] as const)),
  );

  it.each(cases)('PKJ-08 %s for a key of %s and a client of %s', async (sent, alg, pin) => {
    const server = serverWith([{ ...jwk, ...(alg && { alg }) }], pin ? { token_endpoint_auth_signing_alg: pin } : {});
    for (const kid of ['ed', undefined])
      expect(await present(server, await make(sent, privateKey, kid))).toEqual(accepted);
    const stranger = clientKey('Ed25519').privateKey;
    expect(await present(server, await make(sent, stranger, 'ed'))).toEqual(refused('assertion_signature_invalid'));
  });

  it('PKJ-08 neither is accepted where Ed25519 is not listed', async () => {
    const server = specServer({
      clients: [clientWith([jwk])] as unknown as Clients,
      token_endpoint_auth_signing_alg_values: ['ES256'],
    });
    for (const alg of ['Ed25519', 'EdDSA']) {
      expect(await present(server, await make(alg, privateKey))).toEqual(refused('assertion_algorithm_refused'));
    }
  });

  it('PKJ-08 the metadata list both, or neither', async () => {
    const advertised = async (values?: 'ES256'[]) => {
      const { router } = specServer(values ? { token_endpoint_auth_signing_alg_values: values } : {});
      const { body } = await request(router).get('/.well-known/oauth-authorization-server');
      return body.token_endpoint_auth_signing_alg_values_supported as string[];
    };
    expect(await advertised()).toEqual(expect.arrayContaining(['Ed25519', 'EdDSA', 'ES256', 'PS256']));
    expect(await advertised()).not.toContain('none');
    expect(await advertised(['ES256'])).toEqual(['ES256']);
  });

  it.each(['ES256', 'PS256', 'RS256'])('PKJ-08 %s stays', async (alg) => {
    const pair = clientKey(alg === 'ES256' ? 'P-256' : 'RSA');
    expect(await present(serverWith([pair.jwk]), await make(alg, pair.privateKey))).toEqual(accepted);
  });
});
