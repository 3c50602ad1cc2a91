import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Response } from 'supertest';
import { answerOf, callback, issuer, type Parameters, queryOf, TestServer } from '../support/authorization-flow.js';

let server: TestServer;
let strict: TestServer;
beforeAll(async () => {
  server = await new TestServer({ pkce: 'public-clients', audience: 'https://api.example' }).start();
  strict = await new TestServer().start();
});
afterAll(async () => {
  await server.stop();
  await strict.stop();
});
beforeEach(() => {
  for (const each of [server, strict]) {
    each.person = () => each.john();
    each.interactions.length = 0;
  }
});

const state = 's t+a%2B&=é';

function expectPage(response: Response, status = 400): void {
  expect(response.status).toBe(status);
  expect(response.headers.location).toBeUndefined();
  expect(response.headers['content-type']).toBe('text/html; charset=utf-8');
}

/** AE(x) of the standards: an error by redirect, with state and iss. */
async function expectRedirectedError(changes: Parameters, error: string, reason: string, on = server): Promise<void> {
  const response = await on.authorize(changes);
  const answer = answerOf(response);
  expect({ status: response.status, error: answer.error, reason: on.lastReason }).toEqual({
    status: 303,
    error,
    reason,
  });
  expect(response.headers.location).toMatch(/^https:\/\/app\.example\/cb\?/);
  expect(answer).toMatchObject({ state, iss: issuer });
  expect(answer.code).toBeUndefined();
}

describe('authorization endpoint: the request', () => {
  it('AUT-01 takes GET, and POST of a form', async () => {
    expect((await server.authorize()).status).toBe(200);
    const query = queryOf({ response_type: 'code', client_id: 'trusted', redirect_uri: callback, scope: 'read' });
    const posted = await server.agent.post('/acme/demo/oauth2/authorize').type('form').send(query);
    expect(posted.status).toBe(303);
    expect(answerOf(posted).code).toBeDefined();
  });

  it('AUT-01 takes no other method, and no parameters beside a form', async () => {
    for (const method of ['put', 'delete', 'patch', 'options'] as const) {
      const response = await server.agent[method]('/acme/demo/oauth2/authorize?client_id=web');
      expectPage(response, 405);
      expect(response.headers.allow).toBe('GET, POST');
      expect(server.lastReason).toBe('method_not_allowed');
    }
    const query = queryOf({ response_type: 'code', client_id: 'trusted', redirect_uri: callback });
    expectPage(await server.agent.post(`/acme/demo/oauth2/authorize?${query}`).type('form').send('scope=read'));
    expect(server.lastReason).toBe('authorize_client_unknown');
    expectPage(await server.agent.post('/acme/demo/oauth2/authorize').send({ client_id: 'web' }));
    expect(server.lastReason).toBe('media_type_unsupported');
  });

  it('GEN-14 carries no CORS header, on pages, redirects and preflights alike', async () => {
    const answers = [
      await server.authorize(),
      await server.authorize({ client_id: 'trusted' }),
      await server.authorize({ client_id: 'nobody' }),
      await server.agent.options('/acme/demo/oauth2/authorize').set('Origin', 'https://a.example'),
    ];
    for (const { headers } of answers) expect(Object.keys(headers).join()).not.toContain('access-control');
  });

  it.each<[string, Parameters, string]>([
    ['a missing client_id', { client_id: undefined }, 'authorize_client_unknown'],
    ['an unknown client_id', { client_id: '"><script>alert(1)</script>' }, 'authorize_client_unknown'],
    ['an inactive client', { client_id: 'asleep' }, 'authorize_client_unknown'],
    ['two client_ids', { client_id: ['web', 'web'] }, 'parameter_repeated'],
    ['two redirect_uris', { redirect_uri: [callback, callback] }, 'parameter_repeated'],
    ['another redirect_uri', { redirect_uri: `${callback}?"><script>x</script>` }, 'redirect_uri_unregistered'],
    [
      'a redirect_uri in an array',
      { redirect_uri: undefined, 'redirect_uri[]': callback, scope: 'openid' },
      'redirect_uri_unregistered',
    ],
  ])('AUT-02 %s is told on a page and never redirected', async (_name, changes, reason) => {
    const response = await server.authorize(changes);
    expectPage(response);
    expect(server.lastReason).toBe(reason);
    expect(response.text).not.toContain('<script');
  });

  it('AUT-02 a malformed query is told on a page', async () => {
    expectPage(await server.agent.get('/acme/demo/oauth2/authorize?client_id=web&state=%zz'));
    expect(server.lastReason).toBe('parameter_invalid');
  });

  it('AUT-04 a native app gets its answer on the port it listens on, and on no other path', async () => {
    const mine = { client_id: 'app', redirect_uri: 'http://127.0.0.1:51004/cb' };
    expect((await server.authorize(mine)).headers.location).toMatch(/^http:\/\/127\.0\.0\.1:51004\/cb\?code=/);
    expectPage(await server.authorize({ ...mine, redirect_uri: 'http://127.0.0.1:51004/cb/x' }));
  });

  it('AUT-06 redirect_uri may be left out with one registered and without openid', async () => {
    const left = { redirect_uri: undefined };
    expect((await server.authorize({ ...left, client_id: 'trusted' })).headers.location).toMatch(
      /^https:\/\/app\.example\/cb\?code=/,
    );
    for (const changes of [{ scope: 'openid read' }, { client_id: 'two' }]) {
      expectPage(await server.authorize({ ...left, ...changes }));
      expect(server.lastReason).toBe('redirect_uri_unregistered');
    }
  });

  it('AUT-07 response_type must be code, for a client that may use it', async () => {
    await expectRedirectedError({ response_type: undefined }, 'invalid_request', 'parameter_missing');
    for (const response_type of ['token', 'id_token', 'code id_token', 'nonsense']) {
      await expectRedirectedError({ response_type }, 'unsupported_response_type', 'response_type_unsupported');
    }
    await expectRedirectedError({ client_id: 'machine' }, 'unauthorized_client', 'response_type_not_allowed');
  });

  it('AUT-08 a malformed or wholly unknown scope is refused, an unknown part of it is left out', async () => {
    await expectRedirectedError({ scope: 'read "quoted"' }, 'invalid_scope', 'scope_malformed');
    await expectRedirectedError({ scope: 'nonsense accounts.*' }, 'invalid_scope', 'scope_not_allowed');
    const page = await server.authorize({ scope: 'read nonsense' });
    expect(page.text).toContain('<code>read</code>');
    expect(page.text).not.toContain('nonsense');
  });

  it.each(['response_type', 'scope', 'nonce', 'code_challenge', 'prompt', 'max_age'])(
    'GEN-04 a repeated %s is refused',
    async (name) => {
      await expectRedirectedError({ [name]: ['1', '1'] }, 'invalid_request', 'parameter_repeated');
    },
  );

  it('GEN-04 of two states neither comes back', async () => {
    const answer = answerOf(await server.authorize({ state: ['a', 'b'] }));
    expect(answer).toMatchObject({ error: 'invalid_request', iss: issuer });
    expect(answer.state).toBeUndefined();
  });

  it('GEN-05 bracketed names are names and nothing more', async () => {
    const response = await server.authorize({
      client_id: 'trusted',
      'scope[]': 'nonsense',
      __proto__x: '1',
      'prompt[a]': 'none',
    });
    expect(answerOf(response).code).toBeDefined();
  });

  it('AUT-14 request and request_uri are refused', async () => {
    await expectRedirectedError({ request: 'e30.e30.' }, 'request_not_supported', 'request_object_unsupported');
    const request_uri = 'https://app.example/request.jwt';
    await expectRedirectedError({ request_uri }, 'request_uri_not_supported', 'request_uri_unsupported');
  });

  it('knows the response mode query and the audience of the workspace, and no other', async () => {
    await expectRedirectedError({ response_mode: 'fragment' }, 'invalid_request', 'parameter_invalid');
    await expectRedirectedError({ resource: 'https://else.example' }, 'invalid_target', 'target_not_allowed');
    await expectRedirectedError({ resource: ['https://api.example', issuer] }, 'invalid_target', 'target_not_allowed');
    const response = await server.authorize({
      client_id: 'trusted',
      response_mode: 'query',
      resource: 'https://api.example',
    });
    expect(answerOf(response).code).toBeDefined();
  });

  it('PKC-01 the workspace that requires PKCE requires it of everybody, the other of public clients', async () => {
    const none = { code_challenge: undefined, code_challenge_method: undefined };
    await expectRedirectedError(none, 'invalid_request', 'challenge_missing', strict);
    expect((await server.authorize(none)).status).toBe(200);
    const app = { client_id: 'app', redirect_uri: 'com.example.app:/cb' };
    const refused = await server.authorize({ ...app, ...none });
    expect(refused.headers.location).toMatch(/^com\.example\.app:\/cb\?error=invalid_request/);
    expect(server.lastReason).toBe('challenge_missing');
    expect(answerOf(await server.authorize(app)).code).toBeDefined();
  });

  it.each<Parameters>([
    { code_challenge_method: undefined },
    { code_challenge_method: 'plain' },
    { code_challenge_method: 's256' },
    { code_challenge: undefined },
    { code_challenge: 'a'.repeat(42) },
    { code_challenge: 'a'.repeat(44) },
    { code_challenge: `${'a'.repeat(42)}=` },
  ])('PKC-02 PKC-03 %j is refused', async (changes) => {
    await expectRedirectedError(changes, 'invalid_request', 'challenge_invalid');
  });
});

describe('authorization endpoint: the answer', () => {
  it('AUT-09 AUT-10 is a 303 with code, exact state and iss', async () => {
    const response = await server.authorize({ client_id: 'trusted' });
    expect(response.status).toBe(303);
    const { code, ...rest } = answerOf(response);
    expect(code).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(rest).toEqual({ state, iss: issuer });
    expect(response.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  });

  it('AUT-09 leaves out a state that was not sent, and keeps the query of the redirect URI', async () => {
    const response = await server.authorize({ client_id: 'two', state: undefined, redirect_uri: `${callback}?own=1` });
    expect(Object.keys(answerOf(response))).toEqual(['own', 'code', 'iss']);
  });

  it('AUT-12 an error before anybody signed in goes to the registered URI, and to no other', async () => {
    server.person = () => undefined;
    await expectRedirectedError({ scope: '"' }, 'invalid_scope', 'scope_malformed');
    expectPage(await server.authorize({ scope: '"', redirect_uri: 'https://evil.example/' }));
  });

  it('AUT-13 pages cannot be framed, cached or scripted', async () => {
    for (const page of [await server.authorize(), await server.authorize({ client_id: 'nobody' })]) {
      expect(page.headers).toMatchObject({
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      });
      expect(page.headers['content-security-policy']).toMatch(/default-src 'none';.*frame-ancestors 'none'/);
      expect(page.headers['content-security-policy']).not.toMatch(/unsafe|script-src/);
      expect(page.text).not.toMatch(/<script|\ssrc=|https?:\/\//);
    }
  });

  it('GEN-11 a host that fails is server_error by redirect', async () => {
    server.person = () => {
      throw new Error('session store is down');
    };
    await expectRedirectedError({}, 'server_error', 'internal_error');
    expect(server.events.at(-1)!.cause).toMatchObject({ message: 'session store is down' });
  });
});

describe('authorization endpoint: the person', () => {
  it('lets the host answer with its own sign-in page', async () => {
    server.person = (_request, response, { returnTo }) => {
      response.writeHead(303, { Location: `/login?return_to=${encodeURIComponent(returnTo)}` }).end();
      return undefined;
    };
    const response = await server.authorize({ login_hint: 'john' });
    expect(response.headers.location).toMatch(/^\/login/);
    const [asked] = server.interactions;
    expect(asked).toMatchObject({ clientId: 'web', issuer, loginHint: 'john', prompt: undefined, maxAge: undefined });
    const back = new URL(asked!.returnTo);
    expect(back.origin + back.pathname).toBe(`${issuer}/oauth2/authorize`);
    expect(back.searchParams.get('state')).toBe(state);
    server.person = () => server.john();
    expect((await server.agent.get(back.pathname + back.search)).status).toBe(200);
  });

  it('nobody signed in is login_required', async () => {
    server.person = () => undefined;
    await expectRedirectedError({}, 'login_required', 'login_required');
  });

  it('a person who is inactive, or not in the directory, is refused', async () => {
    server.person = () => ({ ...server.john(), status: 'inactive' });
    await expectRedirectedError({}, 'access_denied', 'person_inactive');
    server.person = () => ({ id: 'stranger' });
    await expectRedirectedError({}, 'access_denied', 'person_inactive');
  });

  it('IDT-04 prompt=none shows nothing: consent_required, login_required, or a code', async () => {
    await expectRedirectedError({ prompt: 'none' }, 'consent_required', 'consent_required');
    expect(server.interactions[0]!.prompt).toBe('none');
    const trusted = { client_id: 'trusted', prompt: 'none' };
    expect(answerOf(await server.authorize(trusted)).code).toBeDefined();
    server.person = () => undefined;
    await expectRedirectedError(trusted, 'login_required', 'login_required');
  });

  it.each(['none login', 'none consent', 'create', 'LOGIN'])('IDT-04 prompt "%s" is refused', async (prompt) => {
    await expectRedirectedError({ prompt }, 'invalid_request', 'parameter_invalid');
  });

  it('IDT-04 prompt=consent asks even for a trusted client', async () => {
    expect((await server.authorize({ client_id: 'trusted', prompt: 'consent' })).text).toContain('name="decision"');
    expect((await server.authorize({ client_id: 'trusted' })).status).toBe(303);
  });

  it('IDT-04 prompt=login is not content with an old sign-in', async () => {
    await expectRedirectedError({ client_id: 'trusted', prompt: 'login' }, 'login_required', 'login_required');
    server.person = () => server.john(0);
    expect(answerOf(await server.authorize({ client_id: 'trusted', prompt: 'login' })).code).toBeDefined();
  });

  it('IDT-04 prompt=login is fulfilled by the sign-in it led to, once the person is back', async () => {
    const start = server.now;
    await server.authorize({ client_id: 'trusted', prompt: 'login' });
    const { returnTo } = server.interactions[0]!;
    const target = returnTo.slice('https://id.example'.length);
    server.now += 120;
    // Back without having signed in anew.
    server.person = () => ({ ...server.john(), authTime: start - 10 });
    expect(answerOf(await server.agent.get(target)).error).toBe('login_required');
    server.person = () => ({ ...server.john(), authTime: start + 100 });
    expect(answerOf(await server.agent.get(target)).code).toBeDefined();
    expect(server.interactions.at(-1)).toMatchObject({ returnTo, prompt: undefined, maxAge: 120 });
    // Long afterwards, or changed, it asks for a new sign-in.
    expect(answerOf(await server.agent.get(`${target}x`)).error).toBe('login_required');
    server.now += 3600;
    expect(answerOf(await server.agent.get(target)).error).toBe('login_required');
  });

  it('IDT-05 max_age is held against the sign-in, also where the client registered it', async () => {
    server.person = () => server.john(61);
    await expectRedirectedError({ client_id: 'trusted', max_age: '60' }, 'login_required', 'login_required');
    await expectRedirectedError({ client_id: 'aged' }, 'login_required', 'login_required');
    expect(answerOf(await server.authorize({ client_id: 'trusted', max_age: '61' })).code).toBeDefined();
    server.person = () => server.john(60);
    expect(answerOf(await server.authorize({ client_id: 'aged' })).code).toBeDefined();
  });

  it('IDT-05 a host that knows prompt but not max_age is asked to sign the person in', async () => {
    server.person = (_request, response, { prompt }) => {
      if (prompt !== 'login') return server.john(3600);
      response.writeHead(303, { Location: '/login' }).end();
      return undefined;
    };
    expect((await server.authorize({ max_age: '60' })).headers.location).toBe('/login');
    expect((await server.authorize({ max_age: '3600' })).status).toBe(200);
    await expectRedirectedError({ max_age: '60', prompt: 'none' }, 'login_required', 'login_required');
  });

  it('IDT-05 a sign-in without a time, or in the future, does not fulfil max_age', async () => {
    server.person = () => ({ ...server.john(), authTime: undefined });
    await expectRedirectedError({ max_age: '60' }, 'login_required', 'login_required');
    server.person = () => ({ ...server.john(), authTime: server.now * 1000 });
    await expectRedirectedError({ max_age: '60' }, 'login_required', 'login_required');
  });

  it.each(['-1', '1.5', 'x', '99999999999'])('IDT-05 max_age %s is refused', async (max_age) => {
    await expectRedirectedError({ max_age }, 'invalid_request', 'parameter_invalid');
  });
});
