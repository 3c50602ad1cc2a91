import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { processClientCredentialsResponse, ResponseBodyError } from 'oauth4webapi';
import request, { type Response as Reply } from 'supertest';
import {
  authenticateClient,
  clientCredentials,
  clientSecretBasic,
  FailureExplanations,
  grantRouter,
  OptionsError,
  openStore,
  protectResource,
  standardStrategies,
} from '../../index.js';
import { failureAdvice } from '../../lib/explanations/advice.js';
import { identityWorld } from '../support/identity-world.js';
import { allClients, assertion, assertionType, basicHeader, issuer, newSecret, secrets } from '../support/methods.js';
import { RegistrationServer } from '../support/registration-server.js';
import { specServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';

const on = { explain_in_reply: true } as const;
const grant = { grant_type: 'client_credentials' };
const right = { Authorization: basicHeader('basic-client', secrets.basic) };
const wrong = { Authorization: basicHeader('basic-client', newSecret()) };

const before = process.env.NODE_ENV;
afterEach(() => {
  process.env.NODE_ENV = before;
});

const refused = { error: 'invalid_client', error_description: 'Client authentication failed.' };
/** What does not differ between two replies to the same. */
const lasting = ({ status, headers }: Reply) => {
  const { date: _, 'x-correlation-id': __, 'content-length': ___, ...rest } = headers;
  return { status, ...rest };
};

describe('a reply that explains itself', () => {
  it('says what an operator would be told, beside the standard members', async () => {
    const explanations = new FailureExplanations({ store: await openStore('memory:?acknowledge=single-process') });
    const server = specServer({ ...on, tenant: 'acme', workspace: 'demo' });
    const { body, headers } = await server.token(grant, wrong);
    explanations.listen(server.last());
    const told = await explanations.find(String(headers['x-correlation-id']));
    expect(body).toEqual({ ...refused, explanation: { ...told, time: expect.any(String) } });
    expect(body.explanation).toMatchObject({
      event: 'token',
      reason: 'secret_mismatch',
      client_id: 'basic-client',
      method: 'client_secret_basic',
      grant_type: 'client_credentials',
      workspace: 'demo',
      happened: failureAdvice.secret_mismatch.happened,
      remedy: failureAdvice.secret_mismatch.remedy,
    });
    expect(Date.parse(body.explanation.time)).toBeLessThanOrEqual(Date.now());
  });

  it('has what was expected and what was found', async () => {
    const client_assertion = await assertion('private-key-client', {
      claims: { aud: 'https://elsewhere.example.com' },
    });
    const { body } = await specServer(on).token({ ...grant, client_assertion, client_assertion_type: assertionType });
    expect(body.explanation).toMatchObject({
      reason: 'assertion_audience_mismatch',
      detail: { expected: issuer, found: 'https://elsewhere.example.com' },
    });
  });

  it('is asked for: without the option nothing is said', async () => {
    for (const options of [{}, { explain_in_reply: false }]) {
      expect((await specServer(options).token(grant, wrong)).body).toEqual(refused);
    }
  });

  it('has the same status and headers, the challenge among them, and a success says no more', async () => {
    const [plain, explaining] = [specServer(), specServer(on)];
    for (const headers of [wrong, {}, { Authorization: 'Basic !' }]) {
      const reply = await explaining.token(grant, headers);
      expect(lasting(reply)).toEqual(lasting(await plain.token(grant, headers)));
      expect(reply.headers['www-authenticate']).toBe(`Basic realm="${issuer}", error="invalid_client"`);
      expect(reply.body.explanation).toBeDefined();
    }
    const success = await explaining.token(grant, right);
    expect([success.status, 'explanation' in success.body]).toEqual([200, false]);
  });

  it('is read by a client as before', async () => {
    const reply = await specServer(on).token({ ...grant, scope: 'admin' }, right);
    const response = new Response(reply.text, { status: reply.status, headers: { 'content-type': reply.type } });
    const failure = await processClientCredentialsResponse({ issuer }, { client_id: 'basic-client' }, response).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(failure).toBeInstanceOf(ResponseBodyError);
    expect(failure).toMatchObject({ error: 'invalid_scope', error_description: reply.body.error_description });
    expect(reply.body.explanation.reason).toBe('scope_not_allowed');
  });

  it('has nothing in it that was presented as a secret, nor what was thrown', async () => {
    const guess = newSecret();
    const find = (id: string) => {
      if (id === 'thrown') throw new Error(`no row for ${id}`);
      return allClients.find(({ client_id }) => client_id === id) ?? null;
    };
    const server = specServer({ ...on, clients: { find } });
    const spoiled = `${await assertion('private-key-client')}x`;
    const replies = [
      await server.token(grant, { Authorization: basicHeader('basic-client', guess) }),
      await server.token({ ...grant, client_id: 'post-client', client_secret: guess }),
      await server.token({ ...grant, client_id: 'post-client', client_secret: secrets.post }, right),
      await server.token({ ...grant, client_assertion: spoiled, client_assertion_type: assertionType }),
      await server.token(grant, { Authorization: `Bearer ${guess}` }),
      await server.token({ grant_type: `client_credentials;client_secret=${guess}` }, right),
      await server.token({ grant_type: 'authorization_code', code: guess, code_verifier: guess }, right),
      await server.token({ ...grant, client_id: 'thrown', client_secret: guess }),
      await request(server.router).get('/userinfo').set('Authorization', `Bearer ${guess}`),
    ];
    for (const { body, text } of replies) {
      expect(body.explanation.reason).toBeDefined();
      for (const secret of [guess, spoiled, secrets.post, secrets.basic])
        expect(text).not.toContain(noteSecret(secret));
      expect(text).not.toMatch(/no row|stack|node_modules/);
    }
  });
});

describe('replies of other endpoints', () => {
  it.each([
    ['introspection', '/oauth2/introspect', {}, 'secret_mismatch'],
    ['introspection', '/oauth2/introspect', { Accept: 'application/token-introspection+jwt' }, 'secret_mismatch'],
    ['revocation', '/oauth2/revoke', {}, 'secret_mismatch'],
    ['par', '/oauth2/par', {}, 'secret_mismatch'],
    ['token', '/oauth2/token', { 'Content-Type': 'text/plain' }, 'media_type_unsupported'],
  ])('explain themselves: %s at %s %j', async (event, path, headers, reason) => {
    const { router } = specServer(on);
    const { body } = await request(router)
      .post(path)
      .set({ 'Content-Type': 'application/x-www-form-urlencoded', ...wrong, ...headers })
      .send('token=unknown');
    expect(body).toMatchObject({ error: expect.any(String), explanation: { event, reason } });
  });

  it('explain themselves: an API, a route of the host, registration, the identity API, a workspace nobody can find', async () => {
    const { router } = specServer(on);
    const guard = protectResource({ authorizationServer: router });
    const api = (message: IncomingMessage, response: ServerResponse) =>
      void guard(message, response, () => response.end());
    const tokenless = await request(api).get('/').set('Authorization', 'Bearer none');
    expect(tokenless.body).toMatchObject({
      error: 'invalid_token',
      explanation: { event: 'resource', reason: 'token_unknown', issuer },
    });
    const own = authenticateClient({ issuer, clients: allClients, strategies: [clientSecretBasic()], ...on });
    const route = (message: IncomingMessage, response: ServerResponse) =>
      void own(message, response, () => response.end());
    expect((await request(route).get('/').set(wrong)).body).toMatchObject({
      ...refused,
      explanation: { event: 'client_authentication', reason: 'secret_mismatch' },
    });
    const registering = new RegistrationServer(on).spec.router;
    expect((await request(registering).post('/oauth2/register').send({})).body.explanation).toMatchObject({
      event: 'registration',
    });
    const world = identityWorld(on);
    const unknown = await world.identity('authentication-code/verify', { code: '12345678', address: 'x@example.com' });
    expect([unknown.status, unknown.body.error, unknown.body.explanation.event]).toEqual([
      422,
      'invalid_grant',
      'code_verify',
    ]);
    const find = () => Promise.reject(new Error('the database is away'));
    const many = grantRouter({
      workspaces: { find },
      strategies: standardStrategies(),
      grants: [clientCredentials()],
      ...on,
    });
    const lost = await request(many).post('/acme/demo/oauth2/token').type('form').send(grant);
    expect([lost.status, lost.body.explanation.reason]).toEqual([503, 'workspace_source_failed']);
  });

  it('are pages and redirects as before', async () => {
    const send = (options: typeof on | object) =>
      request(specServer(options).router).get('/oauth2/authorize').query({ client_id: 'nobody' });
    const [plain, explaining] = [await send({}), await send(on)];
    const unnamed = ({ text, headers }: Reply) => text.replaceAll(headers['x-correlation-id'] as string, '');
    expect(explaining.type).toBe('text/html');
    expect(explaining.text).not.toContain('authorize_client_unknown');
    expect(unnamed(explaining)).toBe(unnamed(plain));
  });
});

describe('in production', () => {
  it('the option is refused at construction, wherever it stands', async () => {
    const store = await openStore('memory:?acknowledge=single-process');
    const shared = { strategies: standardStrategies(), grants: [clientCredentials()], store };
    const workspace = { issuer, clients: allClients };
    const make: Record<string, (more: object) => unknown> = {
      one: (more) => grantRouter({ ...shared, ...workspace, ...more }),
      many: (more) => grantRouter({ ...shared, workspaces: [workspace], ...more }),
      route: (more) => authenticateClient({ ...workspace, store, strategies: [clientSecretBasic()], ...more }),
      api: (more) => protectResource({ issuer, audience: 'https://api.example.com', ...more }),
    };
    process.env.NODE_ENV = 'production';
    for (const each of Object.values(make)) {
      expect(() => each(on)).toThrow(OptionsError);
      expect(() => each(on)).toThrow(/^explain_in_reply: .*refused with NODE_ENV=production$/);
      expect(() => each({ explain_in_reply: false })).not.toThrow();
    }
    process.env.NODE_ENV = 'development';
    for (const each of Object.values(make)) expect(() => each(on)).not.toThrow();
  });

  it('nobody is told, though the server was started before anybody said so', async () => {
    const server = specServer(on);
    process.env.NODE_ENV = 'production';
    expect((await server.token(grant, wrong)).body).toEqual(refused);
    process.env.NODE_ENV = before;
    expect((await server.token(grant, wrong)).body.explanation.reason).toBe('secret_mismatch');
  });
});
