import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { accepted, present, refused } from '../support/assertion-requests.js';
import { clientKey } from '../support/client-keys.js';
import { json } from '../support/document-server.js';
import { first, JwksUriServer, second, third } from '../support/jwks-uri-server.js';
import { assertion, macAssertion } from '../support/methods.js';

const keyNotFound = refused('assertion_key_not_found');
const unavailable = refused('key_set_unavailable');
let remote: JwksUriServer;
beforeEach(async () => {
  remote = await JwksUriServer.start();
});
afterEach(() => remote.stop());

describe('PKJ-02 keys from jwks_uri', () => {
  it('PKJ-02 authenticate the client, fetched once', async () => {
    expect(remote.fetches).toBe(0);
    expect(await remote.use(first)).toEqual(accepted);
    expect(
      await present(
        remote.server,
        await assertion('remote', { header: { kid: undefined }, key: first.privateKey, now: remote.now }),
      ),
    ).toEqual(accepted);
    expect(await remote.use(second, 'key-1')).toEqual(refused('assertion_signature_invalid'));
    expect(remote.fetches).toBe(1);
    expect(remote.documents.requests[0]).toMatchObject({ method: 'GET', url: '/jwks' });
    expect(remote.documents.requests[0]?.headers.authorization).toBeUndefined();
    expect(remote.documents.requests[0]?.headers.cookie).toBeUndefined();
  });

  it("PKJ-02 another client's document gives this one no key", async () => {
    remote.documents.answer = (request, response) =>
      json({ keys: [request.url === '/other' ? second.jwk : first.jwk] })(request, response);
    expect(await present(remote.server, await remote.make(second, undefined, 'other'))).toEqual(accepted);
    expect(await remote.use(first)).toEqual(accepted);
    expect(await remote.use(second)).toEqual(keyNotFound);
    expect(await present(remote.server, await remote.make(first, undefined, 'other'))).toEqual(keyNotFound);
  });

  it('PKJ-02 nothing is fetched for others, nor before the cheap checks', async () => {
    expect(await present(remote.server, await assertion('private-key-client', { now: remote.now }))).toEqual(accepted);
    expect(await present(remote.server, await macAssertion({ now: remote.now }))).toEqual(accepted);
    expect(await present(remote.server, await assertion('nobody', { now: remote.now }))).toEqual(
      refused('unknown_client'),
    );
    const typed = await assertion('remote', { header: { typ: 'at+jwt' }, key: first.privateKey, now: remote.now });
    expect(await present(remote.server, typed)).toEqual(refused('assertion_typ_refused'));
    expect(
      await present(remote.server, await macAssertion({ claims: { iss: 'remote', sub: 'remote' }, now: remote.now })),
    ).toEqual(refused('assertion_algorithm_refused'));
    expect(remote.fetches).toBe(0);
  });

  it('PKJ-03 PKJ-04 unfit keys of the document are left out, the others serve', async () => {
    const weak = clientKey('RSA-1024', { kid: 'weak' });
    const encryption = { ...second.jwk, use: 'enc' };
    const full = { ...clientKey('P-256').privateJwk, kid: 'private' };
    remote.publish([{ kty: 'oct', k: 'c2VjcmV0', kid: 'mac' }, { kty: 'AKP' }, weak.jwk, encryption, full, first.jwk]);
    expect(await remote.use(first)).toEqual(accepted);
    expect(await remote.use(second)).toEqual(keyNotFound);
    const small = await assertion('remote', {
      header: { alg: 'ES256', kid: 'private' },
      key: first.privateKey,
      now: remote.now,
    });
    expect(await present(remote.server, small)).toEqual(keyNotFound);
    const mac = await macAssertion({
      key: Buffer.from('secret'),
      header: { kid: 'mac' },
      claims: { iss: 'remote', sub: 'remote' },
      now: remote.now,
    });
    expect(await present(remote.server, mac)).toEqual(refused('assertion_algorithm_refused'));
  });
});

describe('PKJ-05 new keys', () => {
  it('PKJ-05 work without restart, after one refetch', async () => {
    expect(await remote.use(first)).toEqual(accepted);
    remote.publish([first.jwk, second.jwk]);
    expect(await remote.use(second)).toEqual(accepted);
    expect(await remote.use(first)).toEqual(accepted);
    expect(remote.fetches).toBe(2);
  });

  it('PKJ-05 also for an algorithm that had no key, without a kid', async () => {
    expect(await remote.use(first)).toEqual(accepted);
    const rsa = clientKey('RSA');
    remote.publish([first.jwk, rsa.jwk]);
    const right = await assertion('remote', {
      header: { alg: 'RS256', kid: undefined },
      key: rsa.privateKey,
      now: remote.now,
    });
    expect(await present(remote.server, right)).toEqual(accepted);
    expect(remote.fetches).toBe(2);
  });

  it('PKJ-05 many requests with random kids cause one fetch per cool-down', async () => {
    expect(await remote.use(first)).toEqual(accepted);
    const storm = () =>
      Promise.all(Array.from({ length: 40 }, (_, number) => remote.use(second, `random-${remote.now}-${number}`)));
    for (const outcome of [...(await storm()), ...(await storm())]) expect(outcome).toEqual(keyNotFound);
    expect(remote.fetches).toBe(2);
    remote.later(29);
    await storm();
    expect(remote.fetches).toBe(2);
    remote.later(2);
    await storm();
    expect(remote.fetches).toBe(3);
    expect(await remote.use(first)).toEqual(accepted);
  });

  it('PKJ-05 first requests at the same time share one fetch', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => remote.use(first)));
    expect(outcomes).toEqual(outcomes.map(() => accepted));
    expect(remote.fetches).toBe(1);
  });

  it('PKJ-05 a refused signature under a known kid fetches nothing', async () => {
    await remote.use(first);
    remote.publish([{ ...second.jwk, kid: 'key-1' }]);
    expect(await remote.use(second, 'key-1')).toEqual(refused('assertion_signature_invalid'));
    expect(remote.fetches).toBe(1);
  });

  it('PKJ-05 clients with one jwks_uri share what was fetched', async () => {
    const shared = remote.serving(remote.documents.url('/other'));
    for (const client of ['remote', 'other', 'remote']) {
      expect(await present(shared, await remote.make(first, undefined, client))).toEqual(accepted);
    }
    expect(remote.fetches).toBe(1);
  });
});

describe('PKJ-06 the cache', () => {
  it.each([
    ['nothing', {}, 600],
    ['max-age=120', { 'cache-control': 'max-age=120' }, 120],
    ['max-age=1', { 'cache-control': 'max-age=1' }, 60],
    ['no-store', { 'cache-control': 'no-store' }, 60],
    ['a year', { 'cache-control': 'max-age=31536000, immutable' }, 600],
    ['nonsense', { 'cache-control': 'max-age=soon' }, 600],
  ])('PKJ-06 a reply that says %s', async (_name, headers, seconds) => {
    remote.publish([first.jwk], headers);
    expect(await remote.use(first)).toEqual(accepted);
    remote.later(seconds - 1);
    expect(await remote.use(first)).toEqual(accepted);
    expect(remote.fetches).toBe(1);
    remote.later(1);
    expect(await remote.use(first)).toEqual(accepted);
    expect(remote.fetches).toBe(2);
  });

  it('PKJ-06 a key that was withdrawn stops working within the max age', async () => {
    expect(await remote.use(first)).toEqual(accepted);
    remote.publish([second.jwk]);
    remote.later(599);
    expect(await remote.use(first)).toEqual(accepted);
    remote.later(1);
    expect(await remote.use(first)).toEqual(keyNotFound);
    expect(await remote.use(second)).toEqual(accepted);
  });

  it('PKJ-06 a refetch for another kid withdraws it at once', async () => {
    expect(await remote.use(first)).toEqual(accepted);
    remote.publish([second.jwk]);
    expect(await remote.use(second)).toEqual(accepted);
    expect(await remote.use(first)).toEqual(keyNotFound);
  });

  it('PKJ-06 a document that cannot be renewed serves a while, and then no more', async () => {
    expect(await remote.use(first)).toEqual(accepted);
    remote.documents.answer = (_request, response) => response.writeHead(500).end();
    remote.later(601);
    expect(await remote.use(first)).toEqual(accepted);
    expect(remote.server.events).toContainEqual(
      expect.objectContaining({ event: 'warning', name: 'key_set_fetch_failed' }),
    );
    remote.later(600);
    expect(await remote.use(first)).toEqual(unavailable);
    remote.publish([third.jwk]);
    remote.later(31);
    expect(await remote.use(third)).toEqual(accepted);
  });
});
