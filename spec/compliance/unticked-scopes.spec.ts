import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { authorizationCode, type Grant, passwordless, refreshToken } from '../../index.js';
import { callback, john, LoginServer, loginClients, Visitor } from '../support/login-flow.js';
import { noteSecret } from '../support/suite-log.js';

let server: LoginServer;
let visitor: Visitor;
const grant_types = ['authorization_code', 'refresh_token', 'password'];
beforeEach(async () => {
  server = await new LoginServer({
    grants: [authorizationCode(), refreshToken(), passwordless()] as Grant[],
    grant_types,
    clients: loginClients.map((client) => ({ ...client, grant_types })),
  }).start();
  visitor = await new Visitor(server).withSession();
});
afterEach(() => server.stop());

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly scope: string;
}

/** Asks for these scopes, unticks some, and redeems the code. */
async function authorized(scope: string, unticked: readonly string[] = [], clientId = 'web'): Promise<Tokens> {
  const page = await visitor.authorize({ scope, client_id: clientId, prompt: 'consent' });
  const ticked = scope.split(' ').filter((each) => !unticked.includes(each));
  const { parameters } = await visitor.decide(page, 'allow', ticked);
  const { status, body } = await server.token(parameters.code ?? '', clientId);
  if (status !== 200) throw new Error(`no tokens: ${server.lastReason}`);
  return body as unknown as Tokens;
}

async function post(form: Record<string, string>, clientId = 'web') {
  const secret = loginClients.find(({ client_id }) => client_id === clientId)?.client_secret ?? '';
  const body = new URLSearchParams({ ...form });
  const authorization = `Basic ${btoa(`${clientId}:${encodeURIComponent(secret).replaceAll('%20', '+')}`)}`;
  const answer = await fetch(`${server.origin}/acme/demo/oauth2/token`, {
    method: 'POST',
    body,
    headers: { authorization },
  });
  const reply = (await answer.json()) as Partial<Tokens> & { error?: string };
  for (const token of [reply.access_token, reply.refresh_token]) if (token) noteSecret(token);
  return { status: answer.status, ...reply };
}

const refresh = (refresh_token = '', more: Record<string, string> = {}, clientId = 'web') =>
  post({ grant_type: 'refresh_token', refresh_token, ...more }, clientId);

async function userinfo(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${server.origin}/acme/demo/userinfo`, { headers })).status;
}

describe('a scope that a person unticks later', () => {
  it('RTG-07 is not refreshed any more, also when it is asked for; ticked again it comes back', async () => {
    const first = await authorized('openid read write offline_access');
    const second = await refresh(first.refresh_token);
    expect(second.scope).toBe('openid read write offline_access');
    await authorized('openid read write', ['write']);
    const third = await refresh(second.refresh_token);
    expect([third.status, third.scope]).toEqual([200, 'openid read offline_access']);
    const asked = await refresh(third.refresh_token, { scope: 'openid write read' });
    expect([asked.status, asked.scope]).toEqual([200, 'openid read']);
    const nothing = await refresh(asked.refresh_token, { scope: 'write' });
    expect([nothing.status, nothing.error, server.lastReason]).toEqual([400, 'invalid_scope', 'scope_not_allowed']);
    // What is out lives on until it expires.
    expect(await userinfo(first.access_token)).toBe(200);
    await authorized('openid read write');
    expect((await refresh(asked.refresh_token)).scope).toBe('openid read write offline_access');
  });

  it('RTG-07 CON-05 ends the grant when it is offline_access, access tokens too', async () => {
    const first = await authorized('openid read offline_access');
    const elsewhere = await authorized('openid read offline_access', [], 'other');
    await authorized('openid read offline_access', ['offline_access']);
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(first.refresh_token)));
    for (const { status, error } of answers) expect([status, error]).toEqual([400, 'invalid_grant']);
    expect(
      server.events.filter((event) => 'reason' in event && event.reason === 'offline_access_withdrawn'),
    ).not.toEqual([]);
    expect(server.warnings.some((event) => 'name' in event && event.name === 'refresh_token_reused')).toBe(false);
    expect(await userinfo(first.access_token)).toBe(401);
    await authorized('openid read offline_access');
    expect((await refresh(first.refresh_token)).status).toBe(400);
    expect(server.lastReason).toBe('grant_revoked');
    expect((await refresh(elsewhere.refresh_token, {}, 'other')).status).toBe(200);
  });

  it('RTG-07 what was not asked later stays as it was', async () => {
    const first = await authorized('openid read write offline_access');
    await authorized('openid read');
    await authorized('openid profile', ['profile']);
    expect((await refresh(first.refresh_token)).scope).toBe('openid read write offline_access');
  });

  it('RTG-07 changes nothing where no scope stands on ticks: trusted clients, and the password grant', async () => {
    const page = await visitor.authorize({ client_id: 'trusted', scope: 'openid read offline_access' });
    const ofTrusted = (await server.token(page.parameters.code ?? '', 'trusted')).body;
    expect(page.location).toContain(callback);
    const { extendedCode } = await server.generate(john);
    const scope = 'openid read write offline_access';
    const ofPassword = await post({ grant_type: 'password', username: 'johndoe', password: extendedCode, scope });
    await authorized(scope, ['write', 'offline_access']);
    expect((await refresh(ofPassword.refresh_token)).scope).toBe(scope);
    expect((await refresh(ofTrusted.refresh_token, {}, 'trusted')).scope).toBe('openid read offline_access');
  });
});
