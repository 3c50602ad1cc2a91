import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader, importJWK, type JWTPayload, jwtVerify } from 'jose';
import type { Test } from 'supertest';
import { grantRouter, standardStrategies } from '../../index.js';
import { basicHeader, issuer } from '../support/methods.js';
import { mintToken } from '../support/mint-token.js';
import { jane, webClient } from '../support/openid-flow.js';
import { api, TokenServer } from '../support/token-world.js';

const type = 'application/token-introspection+jwt';

let server: TokenServer;
beforeEach(() => {
  server = new TokenServer({ signing_keys: ['ES256', 'RS256'] });
});
afterEach(() => server.spec.router.close());

/** superagent does not read this type as text by itself. */
const asText = (sent: Test) =>
  sent.buffer(true).parse((response, done) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () => done(null, text));
  });

/** The signed reply, its header, and its claims after the signature was checked with the published key. */
async function signedReply(token: string, clientId: string) {
  const reply = await asText(server.introspect({ token }, clientId).set('Accept', type));
  expect([reply.status, reply.headers['content-type'], reply.headers['cache-control']]).toEqual([
    200,
    type,
    'no-store',
  ]);
  const { kid, ...header } = decodeProtectedHeader(reply.body);
  const key = await server.publicKey(kid);
  const { payload } = await jwtVerify<JWTPayload & { token_introspection: Record<string, unknown> }>(
    reply.body,
    await importJWK(key, key.alg),
    { currentDate: new Date(server.now * 1000) },
  );
  return { jwt: reply.body as string, header, payload };
}

describe('INT-06 the signed reply', () => {
  it('INT-06 says of the token inside token_introspection alone', async () => {
    const { access_token: token } = await server.first();
    const { header, payload } = await signedReply(token, api);
    expect(header).toEqual({ alg: 'ES256', typ: 'token-introspection+jwt' });
    expect(payload).toEqual({
      iss: issuer,
      aud: api,
      iat: server.now,
      token_introspection: expect.objectContaining({ active: true, sub: jane.id, scope: 'read', aud: api }),
    });
    const { body: plain } = await server.introspect({ token }, api);
    expect(payload.token_introspection).toEqual(plain);
  });

  it.each([
    ['unknown', async () => 'unknown', 'auditor'],
    ['expired', () => mintToken(server.spec.router, { claims: { exp: server.now - 1 } }), 'auditor'],
    ['for another resource server', () => mintToken(server.spec.router, { claims: { aud: 'https://o.example' } }), api],
    ['of another client', async () => (await server.first()).access_token, 'other'],
  ])('INT-06 of one that is %s it says active: false and nothing else', async (_what, make, clientId) => {
    const { payload } = await signedReply(await make(), clientId);
    expect(payload).toEqual({ iss: issuer, aud: clientId, iat: server.now, token_introspection: { active: false } });
  });

  it('INT-06 for a caller with a Bearer token, aud is the client of that token', async () => {
    const { access_token: token } = await server.first();
    const held = await server.ofClient('auditor', 'introspect_tokens');
    const headers = { Accept: type, Authorization: `Bearer ${held}` };
    const { body } = await asText(server.introspect({ token }).set(headers));
    const claims = JSON.parse(Buffer.from(body.split('.')[1], 'base64url').toString());
    expect(claims).toMatchObject({ aud: 'auditor', token_introspection: { active: true } });
  });

  it('INT-06 by the algorithm the client registered', async () => {
    server.clients.set(api, webClient({ client_id: api, introspection_signed_response_alg: 'RS256' }));
    const { access_token: token } = await server.first();
    expect((await signedReply(token, api)).header.alg).toBe('RS256');
    expect((await signedReply(token, 'web')).header.alg).toBe('ES256');
  });

  it('INT-06 MET-09 one that the workspace has no key for, and encryption, are mistakes at start', () => {
    const construct = (member: string, value: string) => () =>
      grantRouter({
        issuer,
        clients: [webClient({ [member]: value })],
        strategies: standardStrategies(),
        grants: [{ grantType: 'client_credentials', parameters: [], validate: () => undefined, issue: () => never() }],
      });
    const alg = 'introspection_signed_response_alg';
    expect(construct(alg, 'PS256')).toThrow(`clients[0].${alg}`);
    expect(construct(alg, 'none')).toThrow(`clients[0].${alg}`);
    expect(construct(alg, 'RS256')).not.toThrow();
    expect(construct('introspection_encrypted_response_alg', 'RSA-OAEP-256')).toThrow('encrypted_response_alg');
  });

  it('INT-06 it passes for no token of ours', async () => {
    const { access_token: token } = await server.first();
    const { jwt } = await signedReply(token, api);
    expect(await server.alive(jwt)).toBe(false);
    expect((await server.userinfo(jwt)).status).toBe(401);
    expect(server.spec.last().reason).toBe('token_malformed');
    const used = server.introspect({ token }).set('Authorization', `Bearer ${jwt}`);
    expect(await server.refusal(used)).toMatchObject({ status: 401, reason: 'token_malformed' });
  });

  it.each([
    [type, type],
    ['Application/Token-Introspection+JWT', type],
    [`${type}, application/json`, type],
    [`text/html;q=0.1, ${type};q=0.5, application/json;q=0.4`, type],
    [`${type};q=0.4, application/json;q=0.5`, 'application/json'],
    [`${type};q=0`, 'application/json'],
    [`${type}x`, 'application/json'],
    ['application/jwt', 'application/json'],
    ['*/*', 'application/json'],
    ['', 'application/json'],
  ])('INT-06 Accept: %s is answered by %s', async (accept, expected) => {
    const { access_token: token } = await server.first();
    const { headers } = await asText(server.introspect({ token }, 'web').set('Accept', accept));
    expect(headers['content-type']).toBe(expected);
  });
});

describe('INT-02 without a caller', () => {
  it.each<[string, Record<string, string>, string]>([
    ['no credentials', {}, 'no_credentials'],
    ['a wrong secret', { Authorization: basicHeader('web', 'wrong') }, 'secret_mismatch'],
    ['a bad Bearer token', { Authorization: 'Bearer rubbish' }, 'token_unknown'],
  ])('INT-02 %s and a wish for a JWT is 400, and there is no fallback to JSON', async (_what, headers, reason) => {
    const { access_token: token } = await server.first();
    const refused = await server.introspect({ token }).set({ ...headers, Accept: type });
    expect([refused.status, server.spec.last().reason]).toEqual([400, reason]);
    expect(refused.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    expect(Object.keys(refused.body)).toEqual(['error', 'error_description']);
    const plain = await server.introspect({ token }).set(headers);
    expect([plain.status, server.spec.last().reason]).toEqual([401, reason]);
    expect((await server.introspect({ token }, 'web').set('Accept', type)).status).toBe(200);
  });

  it('INT-02 a public client is nobody', async () => {
    const { access_token: token } = await server.first({ client_id: 'app' });
    const refused = await server.introspect({ token }, 'app').set('Accept', type);
    expect([refused.status, refused.body.error, server.spec.last().reason]).toEqual([
      400,
      'invalid_client',
      'no_credentials',
    ]);
  });
});

function never(): never {
  throw new Error('unreachable');
}
