import { createServer, type IncomingMessage, type ServerResponse, request as sendRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { clientCredentials, grantRouter, protectResource, standardStrategies } from '../../index.js';
import { memoryStore } from '../../lib/stores/memory.js';
import {
  api,
  bearer,
  events,
  good,
  invalid,
  one,
  outcome,
  shared,
  startApi,
  stopApi,
  tokenOf,
} from '../support/guarded-api.js';
import { mintToken } from '../support/mint-token.js';

beforeAll(startApi);
afterAll(stopApi);

describe('RSV-03 no credentials', () => {
  it.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['another scheme', { Authorization: 'Basic abc' }],
    ['a scheme that begins the same', { Authorization: 'Bearerx abc' }],
    ['a cookie', { Cookie: 'access_token=abc' }],
  ])('RSV-03 %s: a bare challenge', async (_title, headers) => {
    const { response, seen } = await outcome('/reader', headers);
    expect(seen).toEqual(invalid('token_missing'));
    expect(response.headers['www-authenticate']).toBe(`Bearer realm="${one}"`);
  });

  it('RSV-03 DPO-08 a bearer token under the scheme DPoP is refused', async () => {
    const token = await tokenOf('one');
    expect((await outcome('/any', { Authorization: `DPoP ${token}` })).seen).toEqual(invalid('token_scheme_mismatch'));
    expect((await outcome('/any', bearer(token))).seen).toEqual(good);
  });

  it.each(['Bearer', 'Bearer ', 'Bearer a b', 'Bearer a,b', 'Bearer "a"', 'Bearer é'])(
    'RSV-03 %j is a malformed token',
    async (value) => {
      const encoded = Buffer.from(value).toString('latin1');
      expect((await outcome('/any', { Authorization: encoded })).seen).toEqual(invalid('token_malformed'));
    },
  );
});

describe('RSV-04 scopes', () => {
  it('RSV-04 too little scope is told, and what would do', async () => {
    const { response, seen } = await outcome('/both', bearer(await tokenOf('one', 'read')));
    expect(seen).toEqual([403, 'insufficient_scope', 'scope_insufficient']);
    const challenge = response.headers['www-authenticate'];
    expect(challenge).toContain('error="insufficient_scope"');
    expect(challenge).toContain('scope="read write"');
    expect(events.at(-1)).toMatchObject({ detail: { missing: ['write'] }, client_id: 'basic-client' });
  });

  it('RSV-04 enough scope is enough, in any order', async () => {
    expect((await outcome('/both', bearer(await tokenOf('one', 'write read')))).seen).toEqual(good);
    expect((await outcome('/reader', bearer(await tokenOf('two', 'read write')))).seen).toEqual(good);
  });

  it.each<[string, boolean]>([
    ['accounts.7', true],
    ['accounts', false],
    ['accounts.', false],
    ['accountsX7', false],
    ['', false],
  ])('RSV-04 a pattern needs something concrete: %j', async (scope, enough) => {
    const token = await mintToken(api.router, { claims: { scope } });
    const { seen } = await outcome('/accounts', bearer(token));
    expect(seen).toEqual(enough ? good : [403, 'insufficient_scope', 'scope_insufficient']);
  });

  it('RSV-04 a scope that is none is an error at construction', () => {
    const construct = (scope: string) => () => protectResource({ authorizationServer: api.router, scope });
    expect(construct('read "write"')).toThrow('scope: must be scope tokens');
    expect(construct('read write')).not.toThrow();
    expect(() => protectResource({ authorizationServer: {} as never })).toThrow('authorizationServer');
  });
});

describe('RSV-05 where the token stands', () => {
  it('RSV-05 the query is ignored', async () => {
    const token = await tokenOf('one');
    const { seen } = await outcome(`/any?access_token=${token}`, {});
    expect(seen).toEqual(invalid('token_missing'));
    expect((await outcome(`/any?access_token=junk`, bearer(token))).seen).toEqual(good);
  });

  it.each(['bearer', 'BEARER', 'bEaReR'])('RSV-05 the scheme in any case: %s', async (scheme) => {
    const token = await tokenOf('one');
    expect((await outcome('/any', { Authorization: `${scheme} ${token}` })).seen).toEqual(good);
    expect((await outcome('/any', { Authorization: `${scheme}${token}` })).seen).toEqual(invalid('token_missing'));
  });

  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  it('RSV-05 a body that was parsed already may hold it', async () => {
    const body = `access_token=${await tokenOf('one')}&x=1`;
    expect((await outcome('/parsed/any', form, body)).seen).toEqual(good);
    const charset = { 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8' };
    expect((await outcome('/parsed/any', charset, body)).seen).toEqual(good);
    expect((await outcome('/parsed/any', form, 'access_token=junk')).seen).toEqual(invalid('token_unknown'));
  });

  it('RSV-05 a body that nobody parsed is not touched', async () => {
    const body = `access_token=${await tokenOf('one')}`;
    expect((await outcome('/any', form, body)).seen).toEqual(invalid('token_missing'));
  });

  it('RSV-05 JSON is no form', async () => {
    const body = { access_token: await tokenOf('one') };
    expect((await outcome('/parsed/any', {}, body)).seen).toEqual(invalid('token_missing'));
  });

  it('RSV-05 the body of a GET is not looked at', async () => {
    const token = await tokenOf('one');
    const before = events.length;
    const response = await request(api.origin).get('/parsed/any').set(form).send(`access_token=${token}`);
    expect([response.status, events.slice(before).map(({ reason }) => reason)]).toEqual([401, ['token_missing']]);
  });

  it.each<[string, (token: string) => [Record<string, string>, string]]>([
    ['header and body', (token) => [bearer(token), `access_token=${token}`]],
    ['another scheme and body', (token) => [{ Authorization: 'DPoP x' }, `access_token=${token}`]],
    ['twice in the body', (token) => [{}, `access_token=${token}&access_token=${token}`]],
    ['nested in the body', (token) => [{}, `access_token[a]=${token}`]],
  ])('RSV-05 %s is refused', async (_title, make) => {
    const [headers, body] = make(await tokenOf('one'));
    const { seen, response } = await outcome('/parsed/any', { ...form, ...headers }, body);
    expect(seen).toEqual([400, 'invalid_request', 'token_in_several_places']);
    expect(response.headers['www-authenticate']).toContain('error="invalid_request"');
  });

  it('RSV-05 an empty one in the body is none', async () => {
    const token = await tokenOf('one');
    expect((await outcome('/parsed/any', { ...form, ...bearer(token) }, 'access_token=')).seen).toEqual(good);
  });

  it('RSV-05 two Authorization headers are refused', async () => {
    const token = await tokenOf('one');
    const headers = ['Host', 'x', 'Authorization', `Bearer ${token}`, 'Authorization', `Bearer ${token}`];
    const seen = await new Promise<number | undefined>((resolve, reject) => {
      const outgoing = sendRequest(`${api.origin}/any`, { headers }, (message) => {
        message.resume();
        resolve(message.statusCode);
      });
      outgoing.on('error', reject).end();
    });
    expect([seen, events.at(-1)?.reason]).toEqual([400, 'token_in_several_places']);
  });
});

describe('the middleware without Express', () => {
  it('GEN-11 a store that is down is no verdict on the token', async () => {
    const memory = memoryStore();
    const store = {
      volatile: true,
      get: () => Promise.reject(new Error('down')),
      claim: memory.claim.bind(memory),
    } as unknown as typeof memory;
    const broken = grantRouter({
      issuer: one,
      ...shared,
      store,
      strategies: standardStrategies(),
      grants: [clientCredentials()],
      onEvent: (event) => event.event !== 'warning' && events.push(event),
    });
    const guard = protectResource({ authorizationServer: broken });
    const handler = (message: IncomingMessage, response: ServerResponse) =>
      void guard(message, response, () => response.end('in'));
    const { status, body, headers } = await request(createServer(handler)).get('/').set(bearer('abc'));
    expect([status, body.error, events.at(-1)?.reason]).toEqual([503, 'temporarily_unavailable', 'store_unavailable']);
    expect(headers['retry-after']).toBe('2');
    expect(headers['www-authenticate']).toBeUndefined();
  });
});
