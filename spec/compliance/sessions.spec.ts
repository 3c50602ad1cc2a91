import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { revokeBySubject } from '../../index.js';
import { authorizeUrl, fieldOf, issuer, jane, john, LoginServer, Visitor } from '../support/login-flow.js';

let server: LoginServer;
let visitor: Visitor;
beforeEach(async () => {
  server = await new LoginServer().start();
  visitor = await new Visitor(server).withSession();
});
afterEach(() => server.stop());

const trusted = { client_id: 'trusted' };

async function idTokenFor(who: Visitor, changes: Record<string, string> = {}) {
  const { parameters } = await who.authorize({ ...trusted, ...changes });
  const { body } = await server.token(parameters.code ?? '', 'trusted');
  const [, payload = ''] = (body.id_token ?? '').split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  return { token: body.id_token ?? '', accessToken: body.access_token ?? '', claims };
}

describe('the session', () => {
  it('signs in at every client of the issuer, and at no other issuer', async () => {
    const { claims } = await idTokenFor(visitor);
    expect(claims).toMatchObject({ sub: 'u-john', auth_time: server.now });
    const elsewhere = await new LoginServer({ issuer: 'https://id.example/other' }).start();
    const [name, value] = [...visitor.cookies].find(([cookie]) => cookie.startsWith('__Host-session-'))!;
    const answer = await fetch(`${elsewhere.origin}/other/consents`, { headers: { cookie: `${name}=${value}` } });
    expect(await answer.text()).toContain('name="email"');
    await elsewhere.stop();
  });

  it('has a cookie of this host alone, out of reach of scripts, that shows nothing', async () => {
    const fresh = new Visitor(server);
    const signedIn = await fresh.signIn(await fresh.get('/login'));
    const [line = ''] = signedIn.headers.getSetCookie().filter((each) => each.startsWith('__Host-session-'));
    expect(line).toMatch(/^__Host-session-[\w-]{12}=[\w:-]+; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
    expect(line).not.toContain('u-john');
  });

  it('has a new id at each login, and the one before is over: nobody can fix it beforehand', async () => {
    const before = visitor.sessionCookie;
    const planted = new Visitor(server);
    for (const [name, value] of visitor.cookies) planted.cookies.set(name, value);
    await planted.signIn(await planted.authorize({ prompt: 'login' }), jane);
    expect(planted.sessionCookie).not.toBe(before);
    expect((await planted.authorize(trusted)).parameters.code).toBeDefined();
    // What the one who planted it still holds:
    expect((await visitor.authorize(trusted)).text).toContain('name="email"');
  });

  it('ends when everything of the person is revoked, and another person keeps theirs', async () => {
    const other = await new Visitor(server).withSession(jane);
    server.now += 1;
    await revokeBySubject(server.router, john.id);
    expect((await visitor.authorize({ ...trusted, prompt: 'none' })).parameters.error).toBe('login_required');
    expect((await other.authorize({ ...trusted, prompt: 'none' })).parameters.code).toBeDefined();
    server.now += 1;
    await visitor.signIn(await visitor.authorize(trusted));
    expect((await visitor.authorize({ ...trusted, prompt: 'none' })).parameters.code).toBeDefined();
  });

  it('is none that a sibling host could have planted, by a name that begins like no name of ours', async () => {
    const [name, value] = [...visitor.cookies].find(([cookie]) => cookie.startsWith('__Host-session-'))!;
    const victim = new Visitor(server);
    for (const before of ['\u00A0', '\u0085']) {
      const answer = await victim.get(authorizeUrl(trusted), { cookie: `a=1; ${before}${name}=${value}` });
      expect({ status: answer.status, asked: answer.text.includes('name="email"') }).toEqual({
        status: 200,
        asked: true,
      });
    }
    expect((await victim.get(authorizeUrl(trusted), { cookie: `a=1; ${name}=${value}` })).status).toBe(303);
  });

  it('begins anew right after everything of the person was revoked, at the time it really did', async () => {
    await server.stop();
    server = await new LoginServer({ clock_tolerance: 60 }).start();
    visitor = new Visitor(server);
    await revokeBySubject(server.router, john.id);
    server.now += 0.5;
    const back = await visitor.signIn(await visitor.authorize({ ...trusted, prompt: 'login', max_age: '60' }));
    const { parameters } = await visitor.get(String(back.location));
    expect(parameters.code).toBeDefined();
    expect((await visitor.authorize({ ...trusted, prompt: 'none', max_age: '60' })).parameters.code).toBeDefined();
  });

  it('lasts twelve hours, and a changed cookie is none', async () => {
    const name = [...visitor.cookies.keys()].find((cookie) => cookie.startsWith('__Host-session-'))!;
    const value = visitor.cookies.get(name)!;
    const middle = Math.floor(value.length / 2);
    visitor.cookies.set(name, value.slice(0, middle) + (value[middle] === 'A' ? 'B' : 'A') + value.slice(middle + 1));
    expect((await visitor.authorize(trusted)).status).toBe(200);
    visitor.cookies.set(name, value);
    server.now += 43_199;
    expect((await visitor.authorize(trusted)).status).toBe(303);
    server.now += 1;
    expect((await visitor.authorize(trusted)).text).toContain('name="email"');
  });

  it('of a person who is gone or inactive leads to the login page', async () => {
    server.users.set('u-john', { ...john, status: 'inactive' });
    expect((await visitor.authorize(trusted)).text).toContain('name="email"');
    server.users.delete('u-john');
    expect((await visitor.authorize(trusted)).text).toContain('name="email"');
    server.users.set('u-john', john);
    expect((await visitor.authorize(trusted)).status).toBe(303);
  });
});

describe('prompt, max_age and id_token_hint', () => {
  it('IDT-04 prompt=none shows no page: login_required, consent_required or a code', async () => {
    const nobody = await new Visitor(server).authorize({ ...trusted, prompt: 'none' });
    expect([nobody.status, nobody.parameters.error]).toEqual([303, 'login_required']);
    const unasked = await visitor.authorize({ prompt: 'none' });
    expect([unasked.status, unasked.parameters.error]).toEqual([303, 'consent_required']);
    expect((await visitor.authorize({ ...trusted, prompt: 'none' })).parameters.code).toBeDefined();
    expect((await visitor.authorize({ ...trusted, prompt: 'none login' })).parameters.error).toBe('invalid_request');
  });

  it.each(['login', 'select_account'])('IDT-04 prompt=%s asks who is there, once', async (prompt) => {
    server.now += 100;
    const page = await visitor.authorize({ ...trusted, prompt });
    expect(page.text).toContain('name="email"');
    const back = await visitor.signIn(page, jane);
    const answer = await visitor.get(back.location!);
    expect(answer.parameters.code).toBeDefined();
    const { body } = await server.token(answer.parameters.code!, 'trusted');
    expect(Buffer.from(body.id_token!.split('.')[1]!, 'base64url').toString()).toContain('"sub":"u-jane"');
  });

  it('IDT-05 max_age asks again when it has passed, and the ID token says when it was', async () => {
    server.now += 100;
    expect((await visitor.authorize({ ...trusted, max_age: '100' })).status).toBe(303);
    expect((await visitor.authorize({ ...trusted, max_age: '99', prompt: 'none' })).parameters.error).toBe(
      'login_required',
    );
    const page = await visitor.authorize({ ...trusted, max_age: '99' });
    expect(page.text).toContain('name="email"');
    server.now += 200;
    const back = await visitor.signIn(page);
    server.now += 20;
    const { parameters } = await visitor.get(back.location!);
    const { body } = await server.token(parameters.code!, 'trusted');
    expect(JSON.parse(Buffer.from(body.id_token!.split('.')[1]!, 'base64url').toString()).auth_time).toBe(
      server.now - 20,
    );
  });

  it('IDT-08 id_token_hint for another person is login_required under prompt=none', async () => {
    const { token } = await idTokenFor(visitor);
    server.now += 50_000;
    const others = await new Visitor(server).withSession(jane);
    const refused = await others.authorize({ ...trusted, prompt: 'none', id_token_hint: token });
    expect([refused.status, refused.parameters.error]).toEqual([303, 'login_required']);
    await visitor.withSession();
    const same = await visitor.authorize({ ...trusted, prompt: 'none', id_token_hint: token });
    expect(same.parameters.code).toBeDefined();
  });

  it('IDT-08 without prompt=none another person may sign in as the one expected, and as nobody else', async () => {
    const { token } = await idTokenFor(visitor);
    const other = await new Visitor(server).withSession(jane);
    const page = await other.authorize({ ...trusted, id_token_hint: token });
    expect(page.text).toContain('name="email"');
    const back = await other.signIn(page, john);
    expect((await other.get(back.location!)).parameters.code).toBeDefined();
  });

  it('IDT-08 a hint that is no ID token of ours for this client is invalid_request', async () => {
    const { token, accessToken } = await idTokenFor(visitor);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const unsigned = `${btoa('{"alg":"none","typ":"JWT"}').replaceAll('=', '')}.${payload}.`;
    const forged = `${header}.${Buffer.from(`{"iss":"${issuer}","sub":"u-jane","aud":"trusted"}`).toString('base64url')}.${signature}`;
    for (const hint of [accessToken, unsigned, forged, 'x', `${token.slice(0, -4)}AAAA`]) {
      const { parameters } = await visitor.authorize({ ...trusted, id_token_hint: hint });
      expect(parameters.error).toBe('invalid_request');
      expect(server.lastReason).toBe('parameter_invalid');
    }
    const foreign = await visitor.authorize({ client_id: 'other', id_token_hint: token });
    expect(foreign.parameters.error).toBe('invalid_request');
  });
});

describe('logout', () => {
  it('MET-08 stands in the metadata where it is served, and only there', async () => {
    const document = async (of: LoginServer) => {
      const answer = await fetch(`${of.origin}/acme/demo/.well-known/openid-configuration`);
      return (await answer.json()) as Record<string, unknown>;
    };
    expect((await document(server)).end_session_endpoint).toBe(`${issuer}/oidc/logout`);
    const hosted = await new LoginServer({ authenticateUser: () => undefined }).start();
    expect(await document(hosted)).not.toHaveProperty('end_session_endpoint');
    await hosted.stop();
  });

  const bye = 'https://app.example/bye';
  const logout = (parameters: Record<string, string>) => `/oidc/logout?${new URLSearchParams(parameters)}`;

  it('with an ID token of the person ends the session at once and goes back with state', async () => {
    const { token } = await idTokenFor(visitor);
    server.now += 20_000;
    const stolen = new Visitor(server);
    for (const [name, value] of visitor.cookies) stolen.cookies.set(name, value);
    const answer = await visitor.get(
      logout({ id_token_hint: token, post_logout_redirect_uri: `${bye}?own=1`, state: 's t&' }),
    );
    expect([answer.status, answer.location]).toEqual([303, `${bye}?own=1&state=s%20t%26`]);
    expect(visitor.sessionCookie).toBeUndefined();
    expect((await visitor.authorize(trusted)).text).toContain('name="email"');
    // A copy of the cookie is worth nothing either.
    expect((await stolen.authorize(trusted)).text).toContain('name="email"');
    expect(server.events.find(({ event }) => event === 'logout')).toMatchObject({
      subject: 'u-john',
      outcome: 'success',
    });
  });

  it.each([
    ['nothing', {}],
    ['a client_id', { client_id: 'trusted' }],
    ['a forged hint', { id_token_hint: 'a.b.c', client_id: 'trusted' }],
  ])('with %s asks the person first', async (_name, parameters: Record<string, string>) => {
    const back: Record<string, string> = 'client_id' in parameters ? { post_logout_redirect_uri: bye, state: 'x' } : {};
    const page = await visitor.get(logout({ ...parameters, ...back }));
    expect(page.status).toBe(200);
    expect(visitor.sessionCookie).toBeDefined();
    const answer = await visitor.post('/oidc/logout', { form: fieldOf(page, 'form') });
    expect(visitor.sessionCookie).toBeUndefined();
    expect(answer.location).toBe('client_id' in parameters ? `${bye}?state=x` : undefined);
    expect(answer.status).toBe('client_id' in parameters ? 303 : 200);
  });

  it('with an ID token of another person asks first, and so does a post that comes without cookies', async () => {
    const { token } = await idTokenFor(visitor);
    const other = await new Visitor(server).withSession(jane);
    expect((await other.get(logout({ id_token_hint: token }))).text).toContain('Sign out?');
    expect(other.sessionCookie).toBeDefined();
    const posted = await new Visitor(server).post('/oidc/logout', { id_token_hint: token });
    expect(posted.text).toContain('Sign out?');
    expect((await visitor.post('/oidc/logout', { id_token_hint: token })).text).toContain('You are signed out');
    expect(visitor.sessionCookie).toBeUndefined();
  });

  it('AUT-12 goes nowhere that is not registered for a known client, and ends nothing then', async () => {
    const { token } = await idTokenFor(visitor);
    const wrong: Record<string, string>[] = [
      { post_logout_redirect_uri: bye },
      { id_token_hint: token, post_logout_redirect_uri: 'https://evil.example/' },
      { id_token_hint: token, post_logout_redirect_uri: `${bye}/` },
      { id_token_hint: token, post_logout_redirect_uri: 'https://app.example/cb' },
      { client_id: 'asleep', post_logout_redirect_uri: bye },
      { client_id: 'nobody', post_logout_redirect_uri: bye },
      { client_id: 'app', post_logout_redirect_uri: bye },
    ];
    for (const parameters of wrong) {
      const answer = await visitor.get(logout(parameters));
      expect([answer.status, answer.location, server.lastReason]).toEqual([
        400,
        undefined,
        'redirect_uri_unregistered',
      ]);
    }
    const mixed = await visitor.get(logout({ id_token_hint: token, client_id: 'web', post_logout_redirect_uri: bye }));
    expect([mixed.status, server.lastReason]).toEqual([400, 'parameter_invalid']);
    expect((await visitor.authorize(trusted)).parameters.code).toBeDefined();
  });

  it('CON-01 its form is of this browser, and no other site may send it', async () => {
    const form = fieldOf(await visitor.get('/oidc/logout'), 'form');
    const stranger = await new Visitor(server).withSession(jane);
    for (const [who, headers, reason] of [
      [stranger, {}, 'form_invalid'],
      [visitor, { origin: 'https://evil.example' }, 'cross_site_post'],
      [visitor, { 'sec-fetch-site': 'cross-site' }, 'cross_site_post'],
    ] as [Visitor, Record<string, string>, string][]) {
      const answer = await who.post('/oidc/logout', { form }, headers);
      expect([answer.status, server.lastReason, who.sessionCookie === undefined]).toEqual([403, reason, false]);
    }
    expect((await visitor.post('/oidc/logout', { form })).status).toBe(200);
    expect(visitor.sessionCookie).toBeUndefined();
  });

  it('AUT-13 its pages have their headers, and lead to the client alone', async () => {
    const page = await visitor.get(logout({ client_id: 'trusted', post_logout_redirect_uri: bye }));
    const done = await visitor.post('/oidc/logout', { form: fieldOf(await visitor.get('/oidc/logout'), 'form') });
    for (const { headers, text } of [page, done]) {
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(text).not.toMatch(/<script|<link|<img|src=/);
    }
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self' https://app.example;");
    expect(authorizeUrl()).toContain('/oauth2/authorize');
  });
});
