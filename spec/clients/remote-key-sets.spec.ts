import type { JsonWebKey } from 'node:crypto';
import { createHash } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ClientKeys } from '../../lib/clients/client.js';
import { RemoteKeySets } from '../../lib/clients/remote-key-sets.js';
import { OAuthError } from '../../lib/errors.js';
import { documentFetcher } from '../../lib/http/outbound.js';
import { OptionsError } from '../../lib/options.js';
import { certificateJwk, clientKey } from '../support/client-keys.js';
import { type DocumentServer, documentServer, json } from '../support/document-server.js';
import { selfSigned } from '../support/pki.js';

const first = clientKey('P-256', { kid: 'first' }).jwk;
const second = clientKey('P-256', { kid: 'second' }).jwk;
const es = (kid?: string) => ({ alg: 'ES256', ...(kid !== undefined && { kid }) });

const brokenJson: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"keys": [');
};

describe('jwks_uri', () => {
  let server: DocumentServer;
  let sets: RemoteKeySets;
  let keys: ClientKeys;
  let time: number;
  let warnings: { name: string; detail: Readonly<Record<string, unknown>> }[];

  beforeEach(async () => {
    server = await documentServer(json({ keys: [first] }));
    time = Date.parse('2026-11-21T12:00:00Z');
    warnings = [];
    const fetchDocument = documentFetcher({ allow_private_hosts: [server.host], ca: server.ca });
    const warn = (name: string, detail: Readonly<Record<string, unknown>>) => void warnings.push({ name, detail });
    sets = new RemoteKeySets({ fetchDocument, warn, now: () => time }, { timeout: 0.4 });
    keys = sets.at(server.url());
  });
  afterEach(() => server.close());

  const later = (seconds: number) => {
    time += seconds * 1000;
  };
  const publish = (jwks: JsonWebKey[], headers: Record<string, string> = {}) => {
    server.answer = json({ keys: jwks }, headers);
  };
  const breakDown = () => {
    server.answer = (_request, response) => response.writeHead(503).end('out of order: secret detail');
  };
  const found = async (kid?: string) => (await keys.candidates(es(kid))).length;
  const fetches = () => server.requests.length;
  const refusal = async (kid?: string) => {
    const error: unknown = await Promise.resolve(keys.candidates(es(kid))).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OAuthError);
    return error as OAuthError;
  };

  it('PKJ-02 is fetched when first needed, once, and shared by URI', async () => {
    expect(fetches()).toBe(0);
    expect(await found('first')).toBe(1);
    expect(keys.candidates(es('first'))).toHaveLength(1);
    expect(sets.at(server.url())).toBe(keys);
    expect(await sets.at(server.url('/other')).candidates(es('first'))).toHaveLength(1);
    expect(fetches()).toBe(2);
    expect(warnings).toEqual([]);
  });

  it('PKJ-05 a new key works without restart', async () => {
    await found('first');
    publish([first, second]);
    expect(await found('second')).toBe(1);
    expect(fetches()).toBe(2);
  });

  it('PKJ-05 no match without a kid causes the refetch too', async () => {
    publish([clientKey('RSA').jwk]);
    expect(await found()).toBe(0);
    publish([first]);
    expect(await found()).toBe(1);
    expect(fetches()).toBe(2);
  });

  it('PKJ-05 a hundred random kids at once cause one fetch', async () => {
    const random = () => Promise.all(Array.from({ length: 100 }, (_, index) => found(`random-${index}`)));
    expect(await random()).toEqual(new Array(100).fill(0));
    expect(fetches()).toBe(1);
    await random();
    expect(fetches()).toBe(2);
    await random();
    later(29);
    await random();
    expect(fetches()).toBe(2);
    later(1);
    await random();
    expect(fetches()).toBe(3);
    expect(await found('first')).toBe(1);
    expect(fetches()).toBe(3);
  });

  it('PKJ-05 inside the cool-down a new key has to wait, outside it works', async () => {
    await found('first');
    expect(await found('guess')).toBe(0);
    publish([second]);
    expect(await found('second')).toBe(0);
    later(30);
    expect(await found('second')).toBe(1);
  });

  it('PKJ-01 algorithms that no public key verifies cause no fetch', async () => {
    for (const alg of ['HS256', 'none', 'XX']) expect(await keys.candidates({ alg })).toEqual([]);
    expect(fetches()).toBe(0);
  });

  it.each([
    ['max-age=1', 60],
    ['no-store', 60],
    ['max-age=120', 120],
    ['max-age=86400', 600],
    ['', 600],
  ])('PKJ-06 with Cache-Control %j a removed key stops working after %d s', async (control, seconds) => {
    publish([first], { 'cache-control': control });
    await found('first');
    publish([second], { 'cache-control': control });
    later(seconds - 1);
    expect(await found('first')).toBe(1);
    expect(fetches()).toBe(1);
    later(1);
    expect(await found('first')).toBe(0);
    expect(fetches()).toBe(2);
  });

  it('PKJ-06 Age counts, and Expires does without Cache-Control', async () => {
    publish([first], { 'cache-control': 'max-age=500', age: '400' });
    await found('first');
    publish([second], { expires: new Date(time + 300_000).toUTCString(), date: new Date(time).toUTCString() });
    later(100);
    expect(await found('first')).toBe(0);
    later(199);
    expect(await found('second')).toBe(1);
    expect(fetches()).toBe(2);
  });

  it('PKJ-06 a cool-down does not keep an outdated set alive', async () => {
    const fetchDocument = documentFetcher({ allow_private_hosts: [server.host], ca: server.ca });
    const brief = new RemoteKeySets(
      { fetchDocument, warn: () => undefined, now: () => time },
      { min_age: 0, max_age: 10 },
    );
    keys = brief.at(server.url());
    await found('first');
    await found('guess');
    publish([second]);
    later(10);
    expect(await found('first')).toBe(0);
    expect(await found('second')).toBe(1);
    expect(fetches()).toBe(3);
  });

  it('PKJ-07 a failure is remembered for the cool-down, and nothing of it leaks', async () => {
    breakDown();
    const error = await refusal('first');
    expect(error).toMatchObject({ reason: 'key_set_unavailable', status: 401, error: 'invalid_client' });
    expect(error.detail).toEqual({ jwks_uri: server.url(), problem: 'the status is 503, not 200' });
    expect(error.message).toBe('Client authentication failed.');
    await Promise.all(Array.from({ length: 20 }, () => refusal('first')));
    publish([first]);
    later(29);
    await refusal('first');
    expect(fetches()).toBe(1);
    expect(warnings).toEqual([
      { name: 'key_set_fetch_failed', detail: { jwks_uri: server.url(), problem: 'the status is 503, not 200' } },
    ]);
    later(1);
    expect(await found('first')).toBe(1);
  });

  it('serves the last set while it cannot be renewed, and not longer than the cap', async () => {
    await found('first');
    breakDown();
    later(600);
    expect(await found('first')).toBe(1);
    expect(fetches()).toBe(2);
    expect(await found('first')).toBe(1);
    expect(await found('other')).toBe(0);
    expect(fetches()).toBe(2);
    later(599);
    expect(await found('first')).toBe(1);
    expect(fetches()).toBe(3);
    later(1);
    expect((await refusal('first')).reason).toBe('key_set_unavailable');
    publish([first]);
    later(30);
    expect(await found('first')).toBe(1);
  });

  it('a failed refetch for a missing key leaves the others working', async () => {
    await found('first');
    breakDown();
    expect(await found('second')).toBe(0);
    expect(await found('first')).toBe(1);
    expect(warnings).toHaveLength(1);
  });

  it('PKJ-05 there is one fetch at a time, so that a slow old answer replaces nothing', async () => {
    await found('first');
    const held: (() => void)[] = [];
    server.answer = (request, response) => void held.push(() => json({ keys: [first, second] })(request, response));
    const lookups = [found('second'), found('second'), keys.hasCertificate('x')];
    while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    later(40);
    lookups.push(found('third'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(held).toHaveLength(1);
    held[0]!();
    expect(await Promise.all(lookups)).toEqual([1, 1, false, 0]);
    expect(fetches()).toBe(2);
  });

  it('PKJ-07 a server that hangs costs the timeout, once', async () => {
    server.answer = () => undefined;
    const started = Date.now();
    expect((await refusal('first')).detail.problem).toBe('no complete answer within 400 ms');
    await refusal('first');
    expect(Date.now() - started).toBeLessThan(1500);
    expect(fetches()).toBe(1);
  });

  it.each([
    ['a giant body', 'more than 262144 octets', json({ keys: [], padding: 'x'.repeat(262_144) })],
    ['HTML', 'the media type is "text/html"', json({ keys: [] }, { 'content-type': 'text/html' })],
    ['no key set', 'not a JWK Set', json({ key: 1 })],
    ['null', 'not a JWK Set', json(null)],
    ['broken JSON', 'not a JWK Set', brokenJson],
  ])('PKJ-07 %s is a failure', async (_name, problem, answer) => {
    server.answer = answer;
    expect((await refusal('first')).detail.problem).toContain(problem);
  });

  it('PKJ-07 a redirect is not followed', async () => {
    server.answer = (_request, response) => response.writeHead(301, { location: server.url('/new') }).end();
    expect((await refusal('first')).detail.problem).toBe('the status is 301, not 200');
    expect(fetches()).toBe(1);
  });

  it('PKJ-07 private addresses are refused without a connection', async () => {
    for (const host of ['127.0.0.1:1', '[::ffff:127.0.0.1]:1', '169.254.169.254', 'localhost:1']) {
      const error = await Promise.resolve(sets.at(`https://${host}/`).candidates(es())).catch((thrown) => thrown);
      expect(error).toMatchObject({ reason: 'key_set_unavailable' });
      expect(error.detail.problem).toMatch(/is not a global address/);
    }
  });

  it('takes application/jwk-set+json', async () => {
    publish([first], { 'content-type': 'application/jwk-set+json' });
    expect(await found('first')).toBe(1);
  });

  it('PKJ-04 weak and private keys in it are never used', async () => {
    publish([clientKey('RSA-1024', { kid: 'weak' }).jwk, { ...clientKey().privateJwk, kid: 'private' }, first]);
    expect(await keys.candidates({ alg: 'RS256', kid: 'weak' })).toEqual([]);
    expect(await found('private')).toBe(0);
    expect(await found('first')).toBe(1);
  });

  it('SST-04 a certificate that is not there causes one rate-limited refetch', async () => {
    const [old, renewed] = [selfSigned(), selfSigned()];
    const digest = (der: Buffer) => createHash('sha256').update(der).digest('base64url');
    publish([certificateJwk(old)]);
    expect(await keys.hasCertificate(digest(old.der))).toBe(true);
    expect(keys.hasCertificate(digest(old.der))).toBe(true);
    publish([certificateJwk(renewed)]);
    expect(await keys.hasCertificate(digest(renewed.der))).toBe(true);
    expect(await keys.hasCertificate(digest(old.der))).toBe(false);
    expect(fetches()).toBe(2);
    later(30);
    expect(await keys.hasCertificate(digest(old.der))).toBe(false);
    expect(fetches()).toBe(3);
  });

  it('SST-04 a set that cannot be had is not the same as a certificate that is not in it', async () => {
    breakDown();
    await expect(keys.hasCertificate('x')).rejects.toMatchObject({ reason: 'key_set_unavailable' });
  });

  it('wrong options are named', () => {
    const dependencies = { fetchDocument: documentFetcher(), warn: () => undefined };
    expect(() => new RemoteKeySets(dependencies, { cooldown: 0 })).toThrow(OptionsError);
    expect(() => new RemoteKeySets(dependencies, { maxAge: 1 } as never)).toThrow('key_sets.maxAge');
  });
});
