import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import type { OutcomeEvent } from '../../index.js';
import { callback, issuer, john, LoginServer, loginClients, Visitor } from '../support/login-flow.js';
import { assertion, assertionType } from '../support/methods.js';
import { requestUriPrefix, urlOfPushed } from '../support/pushed-flow.js';
import { specServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';

let server: LoginServer;
let visitor: Visitor;
beforeEach(async () => {
  server = await new LoginServer().start();
  visitor = new Visitor(server);
});
afterEach(() => server.stop());

async function restart(options: ConstructorParameters<typeof LoginServer>[0]): Promise<void> {
  await server.stop();
  server = await new LoginServer(options).start();
  visitor = new Visitor(server);
}

describe('PAR-01 the client authenticates', () => {
  it('PAR-01 by its own method; a public one by its client_id', async () => {
    expect((await server.push()).status).toBe(201);
    expect((await server.push({ scope: 'read' }, 'app')).status).toBe(201);
    const last = server.events.at(-1) as OutcomeEvent;
    expect(last).toMatchObject({ event: 'par', outcome: 'success', client_id: 'app', method: 'none', scope: 'read' });
    // RFC 9126 2.1 has client_id in the request; who authenticates has said it already.
    expect((await server.push({ client_id: undefined })).status).toBe(201);
  });

  it.each<[string, Record<string, string>, string | undefined, number, string, string]>([
    ['nobody', {}, undefined, 401, 'invalid_client', 'no_credentials'],
    ['a name alone', { client_id: 'web' }, undefined, 401, 'invalid_client', 'no_credentials'],
    ['an unknown client', {}, 'unheard-of', 401, 'invalid_client', 'unknown_client'],
    ['an inactive client', {}, 'asleep', 401, 'invalid_client', 'client_inactive'],
    ['another client_id', { client_id: 'other' }, 'web', 400, 'invalid_request', 'client_id_conflict'],
    ['two methods', { client_secret: 'x' }, 'web', 400, 'invalid_request', 'several_methods'],
  ])('PAR-01 CAU-09 %s is refused', async (_who, changes, clientId, status, error, reason) => {
    const answer = await server.back('/oauth2/par', { response_type: 'code', ...changes }, clientId);
    expect([answer.status, answer.body.error, server.lastReason]).toEqual([status, error, reason]);
    expect(answer.headers.get('www-authenticate')).toBe(
      status === 401 ? `Basic realm="${issuer}", error="invalid_client"` : null,
    );
  });

  it('PAR-01 CAU-09 an assertion is good once, there or at the token endpoint', async () => {
    const spec = specServer();
    const send = async (path: string, client_assertion: string) => {
      const form = { client_assertion, client_assertion_type: assertionType, grant_type: 'client_credentials' };
      await request(spec.router).post(path).type('form').send(form);
      return spec.last().reason;
    };
    for (const [first, second, reason] of [
      ['/oauth2/par', '/oauth2/token', 'redirect_uri_unregistered'],
      ['/oauth2/token', '/oauth2/par', undefined],
    ] as const) {
      const proof = await assertion('private-key-client');
      expect(await send(first, proof)).toBe(reason);
      expect(await send(second, proof)).toBe('assertion_replayed');
    }
    await spec.router.close();
  });

  it('PAR-01 GEN-02 the body is a form, and credentials stand in it', async () => {
    const spec = specServer();
    const json = await request(spec.router).post('/oauth2/par').send({ response_type: 'code' });
    expect([json.status, json.body.error, spec.last().reason]).toEqual([
      400,
      'invalid_request',
      'media_type_unsupported',
    ]);
    const query = await request(spec.router).post('/oauth2/par?client_secret=x').type('form').send({ client_id: 'x' });
    expect([query.status, spec.last().reason]).toEqual([400, 'credentials_in_query']);
    await spec.router.close();
  });

  it('PAR-01 GEN-01 only by POST', async () => {
    const answer = await visitor.get('/oauth2/par');
    expect([answer.status, answer.headers.get('allow'), server.lastReason]).toEqual([
      405,
      'POST',
      'method_not_allowed',
    ]);
  });
});

describe('PAR-02 the answer', () => {
  it('PAR-02 is 201 with an unguessable URI and the seconds it is good for', async () => {
    const { status, body, headers } = await server.push();
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      201,
      'application/json',
      'no-store',
    ]);
    expect(body).toEqual({
      request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:[\w-]{43}$/),
      expires_in: 60,
    });
    expect((await server.push()).body.request_uri).not.toBe(body.request_uri);
  });

  it('PAR-02 the lifetime is that of the workspace', async () => {
    await restart({ pushed_authorization_request_ttl: 5 });
    expect((await server.push()).body.expires_in).toBe(5);
    for (const ttl of [4, 600]) {
      expect(() => new LoginServer({ pushed_authorization_request_ttl: ttl })).toThrow(
        'pushed_authorization_request_ttl',
      );
    }
  });

  it('PAR-02 what could not come by the front channel either is too large', async () => {
    expect((await server.push({ state: 's'.repeat(15_000) })).status).toBe(201);
    const { status, body } = await server.push({ state: 's'.repeat(17_000) });
    expect([status, body.error, server.lastReason]).toEqual([413, 'invalid_request', 'body_too_large']);
    // What is not a parameter of ours is not kept.
    expect((await server.push({ unheard_of: 's'.repeat(17_000) })).status).toBe(201);
  });

  it('INT-04 is no token', async () => {
    const { body } = await server.back('/oauth2/introspect', { token: await server.pushed() }, 'web');
    expect(body).toEqual({ active: false });
  });

  it('AUT-11 dpop_jkt goes with the code', async () => {
    await visitor.withSession();
    const dpop_jkt = 'x'.repeat(43);
    const uri = await server.pushed({ dpop_jkt }, 'trusted');
    expect((await visitor.get(urlOfPushed(uri, {}, 'trusted'))).parameters.code).toBeDefined();
    const codes: unknown[] = [];
    for await (const { key, value } of server.store.scan('')) {
      if (key.includes('/code:')) codes.push(JSON.parse(value));
    }
    expect(codes).toEqual([expect.objectContaining({ clientId: 'trusted', dpopJkt: dpop_jkt })]);
  });

  it('GEN-18 the store has neither the URI nor what was pushed', async () => {
    const { extendedCode } = await server.generate(john);
    const uri = await server.pushed({ state: 'telltale-state', authentication_code: noteSecret(extendedCode) });
    for await (const { key, value } of server.store.scan('')) {
      for (const secret of [uri.slice(requestUriPrefix.length), 'telltale-state', extendedCode]) {
        expect(key + value).not.toContain(secret);
      }
    }
  });
});

describe('PAR-03 the push is validated as the authorization request it is', () => {
  it.each<[string, Record<string, string | readonly string[] | undefined>, string, string]>([
    ['no response_type', { response_type: undefined }, 'invalid_request', 'parameter_missing'],
    ['another response_type', { response_type: 'token' }, 'unsupported_response_type', 'response_type_unsupported'],
    ['another response_mode', { response_mode: 'fragment' }, 'invalid_request', 'parameter_invalid'],
    [
      'a redirect URI that is not registered',
      { redirect_uri: `${callback}/` },
      'invalid_request',
      'redirect_uri_unregistered',
    ],
    ['no redirect URI beside openid', { redirect_uri: undefined }, 'invalid_request', 'redirect_uri_unregistered'],
    ['two redirect URIs', { redirect_uri: [callback, callback] }, 'invalid_request', 'parameter_repeated'],
    ['two states', { state: ['a', 'b'] }, 'invalid_request', 'parameter_repeated'],
    ['a scope nobody knows', { scope: 'nonsense' }, 'invalid_scope', 'scope_not_allowed'],
    ['a malformed scope', { scope: 'a"b' }, 'invalid_scope', 'scope_malformed'],
    ['an unknown resource', { resource: 'https://nobody.example' }, 'invalid_target', 'target_not_allowed'],
    ['an unknown prompt', { prompt: 'create' }, 'invalid_request', 'parameter_invalid'],
    ['prompt=none beside another', { prompt: 'none login' }, 'invalid_request', 'parameter_invalid'],
    ['max_age that is no number', { max_age: 'soon' }, 'invalid_request', 'parameter_invalid'],
    ['an id_token_hint that is none of ours', { id_token_hint: 'a.b.c' }, 'invalid_request', 'parameter_invalid'],
    ['a dpop_jkt that is no thumbprint', { dpop_jkt: 'short' }, 'invalid_request', 'parameter_invalid'],
    ['a request object', { request: 'a.b.c' }, 'request_not_supported', 'request_object_unsupported'],
    ['a request_uri', { request_uri: `${requestUriPrefix}x` }, 'invalid_request', 'parameter_invalid'],
  ])('PAR-03 %s', async (_what, changes, error, reason) => {
    const { status, body, headers } = await server.push(changes);
    expect([status, body.error, server.lastReason]).toEqual([400, error, reason]);
    expect(headers.get('location')).toBeNull();
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it.each<[string, Record<string, string | undefined>, string]>([
    ['none', { code_challenge: undefined, code_challenge_method: undefined }, 'challenge_missing'],
    ['plain', { code_challenge_method: 'plain' }, 'challenge_invalid'],
    ['no method', { code_challenge_method: undefined }, 'challenge_invalid'],
    ['a malformed one', { code_challenge: 'x' }, 'challenge_invalid'],
  ])('PKC-01 PKC-02 PAR-03 code_challenge: %s', async (_what, changes, reason) => {
    for (const clientId of ['web', 'app']) {
      const { status, body } = await server.push({ scope: 'read', ...changes }, clientId);
      expect([status, body.error, server.lastReason]).toEqual([400, 'invalid_request', reason]);
    }
  });

  it('PAR-03 a client without the grant', async () => {
    const [web] = loginClients;
    await restart({ clients: [{ ...web!, grant_types: ['client_credentials'], response_types: [] }] });
    const { status, body } = await server.push();
    expect([status, body.error, server.lastReason]).toEqual([400, 'unauthorized_client', 'response_type_not_allowed']);
  });
});
