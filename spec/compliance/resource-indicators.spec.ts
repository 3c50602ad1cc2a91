import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import {
  authorizationCode,
  clientCredentials,
  type Grant,
  type GrantRouterOptions,
  passwordless,
  protectResource,
  refreshToken,
} from '../../index.js';
import { boxesOf, fieldOf, issuer, john, LoginServer, loginClients, Visitor } from '../support/login-flow.js';
import { noteSecret } from '../support/suite-log.js';

const api = 'https://api.example.com';
const pay = 'https://pay.example.com/v1';
const files = 'urn:example:files';

const [web, ...others] = loginClients;
const grant_types = ['authorization_code', 'refresh_token', 'client_credentials', 'password'];
const scope = 'openid offline_access read pay:send pay:accounts.7';

const options: Partial<Extract<GrantRouterOptions, { issuer: string }>> = {
  clients: [
    { ...web!, scope, grant_types },
    { ...web!, client_id: pay, grant_types: ['client_credentials'], response_types: [], redirect_uris: [] },
    { ...web!, client_id: api, grant_types: ['client_credentials'], response_types: [], redirect_uris: [] },
    ...others.map((client) => ({ ...client, scope })),
  ],
  audience: api,
  resources: {
    [pay]: { description: 'Payments <b>&</b> more', scopes: ['pay:send', 'pay:accounts.*'] },
    [files]: {},
  },
  scopes: { openid: {}, offline_access: {}, read: {}, 'pay:send': {}, 'pay:accounts.*': {} },
  grant_types,
  grants: [authorizationCode(), refreshToken(), clientCredentials(), passwordless()] as Grant[],
};

let server: LoginServer;
let visitor: Visitor;
beforeEach(async () => {
  server = await new LoginServer(options).start();
  visitor = await new Visitor(server).withSession();
});
afterEach(() => server.stop());

const audienceOf = (token: string | undefined) => decodeJwt(noteSecret(token ?? '')).aud;
const machine = (more: Record<string, string | readonly string[]>) =>
  server.back('/oauth2/token', { grant_type: 'client_credentials', ...more }, 'web');

/** A code for a pushed request with these resources. */
async function codeFor(resource: readonly string[], scopes = 'openid offline_access read'): Promise<string> {
  const request_uri = await server.pushed({ resource, scope: scopes, prompt: 'consent' });
  const query = new URLSearchParams({ client_id: 'web', request_uri });
  const page = await visitor.get(`/oauth2/authorize?${query}`);
  const { parameters } = await visitor.decide(page);
  if (parameters.code === undefined) throw new Error(`no code: ${server.lastReason}`);
  return parameters.code;
}

const refresh = (refresh_token: string, more: Record<string, string | readonly string[]> = {}) =>
  server.back('/oauth2/token', { grant_type: 'refresh_token', refresh_token, ...more }, 'web');

describe('TOK-03 the token endpoint', () => {
  it.each([
    ['the default', undefined, api],
    ['the audience by name', api, api],
    ['another', pay, pay],
    ['one that is no URL', files, files],
  ])('TOK-03 %s becomes aud', async (_what, resource, aud) => {
    const { status, body } = await machine(resource === undefined ? {} : { resource });
    expect([status, audienceOf(body.access_token)]).toEqual([200, aud]);
  });

  it.each([
    'https://nobody.example',
    'api.example.com',
    '/v1',
    `${pay}#fragment`,
    `${pay}/`,
    'HTTPS://PAY.EXAMPLE.COM/v1',
    `${pay} `,
    '__proto__',
    'constructor',
  ])('TOK-03 %j is refused, wherever it comes', async (resource) => {
    const refused = ['invalid_target', 'target_not_allowed'];
    const token = await machine({ resource });
    expect([token.status, token.body.error, server.lastReason]).toEqual([400, ...refused]);
    const push = await server.push({ resource });
    expect([push.status, push.body.error, server.lastReason]).toEqual([400, ...refused]);
    const front = await visitor.authorize({ resource });
    expect([front.parameters.error, server.lastReason]).toEqual(refused);
    expect(front.parameters.iss).toBe(issuer);
  });

  it('TOK-03 a token has one audience', async () => {
    const several = await machine({ resource: [api, pay] });
    expect([several.body.error, server.lastReason]).toEqual(['invalid_target', 'target_repeated']);
    expect((await machine({ resource: [pay, pay] })).status).toBe(200);
  });

  it('TOK-03 scopes of another resource are refused by name, and left out otherwise', async () => {
    const wrong = await machine({ scope: 'read pay:send' });
    expect([wrong.status, wrong.body.error, server.lastReason]).toEqual([
      400,
      'invalid_scope',
      'scope_of_other_resource',
    ]);
    const pattern = await machine({ scope: 'pay:accounts.7', resource: files });
    expect(pattern.body.error).toBe('invalid_scope');
    expect((await machine({ scope: 'read pay:send', resource: pay })).body.scope).toBe('read pay:send');
    expect((await machine({})).body.scope).toBe('read');
    expect((await machine({ resource: pay })).body.scope).toBe('read pay:send pay:accounts.7');
  });

  it('TOK-03 the password grant', async () => {
    const { code } = await server.generate(john);
    const form = { grant_type: 'password', username: 'johndoe', password: noteSecret(code) };
    const wrong = await server.back('/oauth2/token', { ...form, scope: 'pay:send' }, 'web');
    expect([wrong.body.error, server.lastReason]).toEqual(['invalid_scope', 'scope_of_other_resource']);
    const right = { ...form, scope: 'openid offline_access pay:send', resource: pay };
    const { body } = await server.back('/oauth2/token', right, 'web');
    expect([audienceOf(body.access_token), body.scope]).toEqual([pay, 'openid offline_access pay:send']);
    const again = await refresh(noteSecret(body.refresh_token!));
    expect([audienceOf(again.body.access_token), again.body.scope]).toEqual([pay, 'openid offline_access pay:send']);
    const outside = await refresh(noteSecret(again.body.refresh_token!), { resource: api });
    expect([outside.body.error, server.lastReason]).toEqual(['invalid_target', 'target_not_granted']);
  });
});

describe('TOK-03 a grant for several resources', () => {
  const both = 'openid offline_access read pay:send';

  it('TOK-03 each token request picks one, and gets the scopes of it', async () => {
    const token = async (resource?: string) => {
      const { body } = await server.token(await codeFor([api, pay], both), 'web', resource ? { resource } : {});
      return [audienceOf(body.access_token), body.scope];
    };
    expect(await token(pay)).toEqual([pay, both]);
    expect(await token(api)).toEqual([api, 'openid offline_access read']);
    expect(await token()).toEqual([api, 'openid offline_access read']);
  });

  it('TOK-03 what was not granted costs the code nothing', async () => {
    const code = await codeFor([pay], both);
    const refused = ['invalid_target', 'target_not_granted'];
    for (const resource of [api, files]) {
      const { body, status } = await server.token(code, 'web', { resource });
      expect([status, body.error, server.lastReason]).toEqual([400, ...refused]);
    }
    const several = await server.token(code, 'web', { resource: [pay, api] });
    expect([several.body.error, server.lastReason]).toEqual(['invalid_target', 'target_repeated']);
    const { body } = await server.token(code);
    expect(audienceOf(body.access_token)).toBe(pay);
  });

  it('TOK-03 who named none has the default alone', async () => {
    const { body } = await server.token(await codeFor([]), 'web', { resource: pay });
    expect([body.error, server.lastReason]).toEqual(['invalid_target', 'target_not_granted']);
  });

  it('TOK-03 RTG-06 each refresh picks again, and loses nothing of the grant', async () => {
    let { body } = await server.token(await codeFor([api, pay, files], both));
    const next = async (more: Record<string, string>) => {
      body = (await refresh(noteSecret(body.refresh_token!), more)).body;
      return [audienceOf(body.access_token), body.scope];
    };
    expect(await next({ resource: pay })).toEqual([pay, both]);
    expect(await next({ resource: files })).toEqual([files, 'openid offline_access read']);
    expect(await next({ resource: pay, scope: 'pay:send' })).toEqual([pay, 'pay:send']);
    expect(await next({})).toEqual([api, 'openid offline_access read']);
    const wrong = await refresh(body.refresh_token!, { scope: 'pay:send' });
    expect([wrong.body.error, server.lastReason]).toEqual(['invalid_scope', 'scope_of_other_resource']);
    expect((await refresh(body.refresh_token!, { scope: 'pay:send', resource: pay })).status).toBe(200);
  });

  it('TOK-03 a scope of a resource that the request does not name', async () => {
    const push = await server.push({ scope: 'read pay:send', resource: api });
    expect([push.status, push.body.error, server.lastReason]).toEqual([
      400,
      'invalid_scope',
      'scope_of_other_resource',
    ]);
    const front = await visitor.authorize({ scope: 'pay:send' });
    expect([front.parameters.error, server.lastReason]).toEqual(['invalid_scope', 'scope_of_other_resource']);
    expect(boxesOf(await visitor.authorize({ scope: undefined }))).toEqual(['read']);
    expect(boxesOf(await visitor.authorize({ scope: undefined, resource: pay }))).toEqual([
      'read',
      'pay:send',
      'pay:accounts.7',
    ]);
  });

  it('TOK-03 a resource the workspace has given up is granted no longer', async () => {
    const first = await server.token(await codeFor([pay], both));
    const second = await server.token(await codeFor([pay, api], both));
    const [one, two] = [noteSecret(first.body.refresh_token!), noteSecret(second.body.refresh_token!)];
    const { store } = server;
    const later = await new LoginServer({ ...options, store, resources: {}, users: { find: () => john } }).start();
    const ask = (refresh_token: string, more = {}) =>
      later.back('/oauth2/token', { grant_type: 'refresh_token', refresh_token, ...more }, 'web');
    expect([(await ask(one)).body.error, later.lastReason]).toEqual(['invalid_target', 'target_not_granted']);
    expect([(await ask(two, { resource: pay })).body.error, later.lastReason]).toEqual([
      'invalid_target',
      'target_not_allowed',
    ]);
    expect(audienceOf((await ask(two)).body.access_token)).toBe(api);
    await later.stop();
  });
});

describe('consent knows resources', () => {
  it('CON-02 the page names them, escaped', async () => {
    const page = await visitor.get(
      `/oauth2/authorize?${new URLSearchParams({ client_id: 'web', request_uri: await server.pushed({ resource: [pay, files] }) })}`,
    );
    expect(page.text).toContain(
      `At <strong>Payments &lt;b&gt;&amp;&lt;/b&gt; more</strong> <code>${pay}</code>, <code>${files}</code>.`,
    );
    await visitor.decide(page);
    const { text } = await visitor.get('/consents');
    expect(text).toContain(`At <strong>Payments &lt;b&gt;&amp;&lt;/b&gt; more</strong> <code>${pay}</code>`);
    expect(text).toContain(`<code>${files}</code>`);
  });

  it('CON-04 it stands for the same or fewer, pair by pair', async () => {
    const allow = async (changes: Record<string, string>) => {
      const page = await visitor.authorize(changes);
      expect(page.status).toBe(200);
      await visitor.decide(page);
    };
    const isAsked = async (changes: Record<string, string>) => (await visitor.authorize(changes)).status === 200;
    await allow({ scope: 'openid read', resource: pay });
    expect(await isAsked({ scope: 'openid read', resource: pay })).toBe(false);
    expect(await isAsked({ scope: 'read', resource: pay })).toBe(false);
    for (const resource of [api, files]) expect(await isAsked({ scope: 'read', resource })).toBe(true);
    // No resource is the default one, which nobody has allowed.
    expect(await isAsked({ scope: 'read' })).toBe(true);
    await allow({ scope: 'openid', resource: files });
    // Both the scope and the resource were allowed, but not the one at the other.
    expect(await isAsked({ scope: 'read', resource: files })).toBe(true);
    expect(await isAsked({ scope: 'openid', resource: files })).toBe(false);
    await allow({ scope: 'read' });
    expect(await isAsked({ scope: 'read', resource: api })).toBe(false);
    const silent = await visitor.authorize({ scope: 'pay:send', resource: pay, prompt: 'none' });
    expect(silent.parameters.error).toBe('consent_required');
  });

  it('CON-04 what is unticked at one resource stays allowed at another', async () => {
    await visitor.decide(await visitor.authorize({ scope: 'openid read', resource: pay }));
    const page = await visitor.authorize({ scope: 'openid read', resource: files });
    await visitor.decide(page, 'allow', []);
    expect((await visitor.authorize({ scope: 'read', resource: pay })).status).toBe(303);
    expect((await visitor.authorize({ scope: 'read', resource: files })).status).toBe(200);
  });

  it('RTG-07 what is unticked later at one resource is refreshed at the others alone', async () => {
    let { body } = await server.token(await codeFor([pay, files]));
    const next = async (resource: string) => {
      const answer = await refresh(noteSecret(body.refresh_token!), { resource });
      if (answer.status === 200) body = answer.body;
      return answer.body.scope ?? server.lastReason;
    };
    const untick = async (scopes: string, resource: string, ticked: string[]) =>
      visitor.decide(await visitor.authorize({ scope: scopes, resource, prompt: 'consent' }), 'allow', ticked);
    await untick('openid read', pay, []);
    expect(await next(pay)).toBe('openid offline_access');
    expect(await next(files)).toBe('openid offline_access read');
    // A decision about a resource that is none of the grant's changes nothing.
    await untick('openid offline_access', api, []);
    expect(await next(files)).toBe('openid offline_access read');
    await untick('openid offline_access', pay, []);
    expect(await next(files)).toBe('offline_access_withdrawn');
  });

  it('CON-05 a withdrawal takes all of them', async () => {
    const { body } = await server.token(await codeFor([pay]));
    const form = fieldOf(await visitor.get('/consents'), 'form');
    await visitor.post('/consents', { form, withdraw: 'web' });
    expect((await refresh(noteSecret(body.refresh_token!))).body.error).toBe('invalid_grant');
    expect((await visitor.authorize({ resource: pay, scope: 'read' })).status).toBe(200);
  });
});

describe('who may use and look at a token', () => {
  it('INT-05 the resource server in aud, and the client, but no other resource server', async () => {
    const { body } = await server.token(await codeFor([api, pay]), 'web', { resource: pay });
    const token = noteSecret(body.access_token!);
    const told = async (clientId: string) => (await server.back('/oauth2/introspect', { token }, clientId)).body;
    expect(await told(pay)).toMatchObject({ active: true, aud: pay });
    expect(await told('web')).toMatchObject({ active: true, aud: pay });
    expect(await told(api)).toEqual({ active: false });
  });

  it('RSV-01 protectResource takes a token for its own audience alone', async () => {
    const tokens = [(await machine({})).body.access_token, (await machine({ resource: pay })).body.access_token];
    const guards = [undefined, pay].map((audience) =>
      protectResource({ authorizationServer: server.router, ...(audience && { audience }) }),
    );
    const verdicts = await Promise.all(
      guards.flatMap((guard) => tokens.map((token) => passes(guard, noteSecret(token!)))),
    );
    expect(verdicts).toEqual([true, false, false, true]);
  });

  it('USR-01 userinfo is part of the default resource', async () => {
    const userinfo = async (resource: string) => {
      const { body } = await server.token(await codeFor([api, pay]), 'web', { resource });
      const headers = { authorization: `Bearer ${noteSecret(body.access_token!)}` };
      return (await fetch(`${server.origin}/acme/demo/userinfo`, { headers })).status;
    };
    expect([await userinfo(api), await userinfo(pay)]).toEqual([200, 401]);
    expect(server.lastReason).toBe('token_audience_mismatch');
  });
});

describe('the option', () => {
  it.each<[string, object, string]>([
    ['relative', { 'api.example': {} }, 'resources.api.example'],
    ['with a fragment', { 'https://api.example/#x': {} }, 'fragment'],
    ['a scope the workspace does not know', { [pay]: { scopes: ['nonsense'] } }, 'is not one of `scopes`'],
    ['a scope about the person', { [pay]: { scopes: ['openid'] } }, 'belongs to no resource'],
    ['a scope that is none', { [pay]: { scopes: ['a"b'] } }, 'is not a scope token'],
    ['an unknown member', { [pay]: { scope: 'read' } }, 'is not a known member'],
  ])('a resource %s', (_what, resources, message) => {
    expect(() => new LoginServer({ ...options, resources } as typeof options)).toThrow(message);
  });
});

async function passes(guard: ReturnType<typeof protectResource>, token: string): Promise<boolean> {
  const own = createServer((message, response) => void guard(message, response, () => response.end()));
  await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve));
  const { port } = own.address() as { port: number };
  const { status } = await fetch(`http://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${token}` } });
  await new Promise((resolve) => own.close(resolve));
  return status === 200;
}
