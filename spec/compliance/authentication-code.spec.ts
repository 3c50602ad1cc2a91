import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AskConsent, AuthenticateUser } from '../../index.js';
import { type Answer, issuer, jane, john, LoginServer, Visitor } from '../support/login-flow.js';

let server: LoginServer;
let visitor: Visitor;
beforeEach(async () => {
  server = await new LoginServer().start();
  visitor = new Visitor(server);
});
afterEach(() => server.stop());

async function withCode(changes: Record<string, string | undefined> = {}, who = visitor): Promise<Answer> {
  const { extendedCode } = await server.generate(john);
  return who.authorize({ authentication_code: extendedCode, ...changes });
}

function expectLogin(answer: Answer, reason: string): void {
  expect({ status: answer.status, reason: server.lastReason }).toEqual({ status: 200, reason });
  expect(answer.location).toBeUndefined();
  expect(answer.text).toContain('name="email"');
  expect(answer.text).toContain('role="alert"');
  expect(answer.text).not.toMatch(/otc_|John|johndoe/);
}

describe('authentication_code', () => {
  it('GAC-08 skips the login and goes to consent, and its answer uses the code up', async () => {
    const { extendedCode } = await server.generate(john);
    const page = await visitor.authorize({ authentication_code: extendedCode });
    expect(page.status).toBe(200);
    expect(page.text).toContain('Web Shop');
    expect(page.text).toContain('John Doe');
    server.now += 30;
    const { parameters } = await visitor.decide(page);
    expect(parameters).toMatchObject({ state: 's1', iss: issuer });
    const { body } = await server.token(parameters.code!);
    const claims = JSON.parse(Buffer.from(body.id_token!.split('.')[1]!, 'base64url').toString());
    expect(claims).toMatchObject({ sub: 'u-john', auth_time: server.now });
    expect(visitor.sessionCookie).toBeUndefined();
    expectLogin(await visitor.authorize({ authentication_code: extendedCode }), 'otc_used');
  });

  it('AUT-06 the vendor leaves redirect_uri out, where one is registered and openid is not asked', async () => {
    const { parameters, location } = await visitor.decide(await withCode({ redirect_uri: undefined, scope: 'read' }));
    expect(location).toMatch(/^https:\/\/app\.example\/cb\?code=/);
    expect(parameters.code).toBeDefined();
    const openid = await withCode({ redirect_uri: undefined });
    expect([openid.status, server.lastReason]).toEqual([400, 'redirect_uri_unregistered']);
  });

  it('GAC-08 GET and HEAD alone use nothing up, however often', async () => {
    const { extendedCode } = await server.generate(john);
    const url = { authentication_code: extendedCode, client_id: 'trusted' };
    for (let turn = 0; turn < 12; turn += 1) {
      const scanner = new Visitor(server);
      const page = await scanner.authorize(url);
      expect([page.status, page.location]).toEqual([200, undefined]);
    }
    const head = await visitor.get(`/oauth2/authorize?authentication_code=${extendedCode}`, {}, 'HEAD');
    expect([head.status, head.location]).toEqual([405, undefined]);
    expect((await visitor.decide(await visitor.authorize(url))).parameters.code).toBeDefined();
  });

  it('GAC-08 where no consent is due a page says who goes on, and its button does it', async () => {
    const page = await withCode({ client_id: 'trusted' });
    expect(page.status).toBe(200);
    expect(page.text).toContain('Continue as <bdi>John Doe</bdi>');
    expect(page.text).not.toContain('type="checkbox"');
    const { parameters } = await visitor.decide(page);
    expect((await server.token(parameters.code!, 'trusted')).body.scope).toBe('openid read');
    const cancelled = await visitor.decide(await withCode({ client_id: 'trusted' }), 'deny');
    expect(cancelled.parameters.error).toBe('access_denied');
    // A consent of before gives the same page, which its withdrawal meanwhile makes worthless.
    await visitor.decide(await withCode());
    const again = await withCode();
    expect(again.text).toContain('Continue as');
    expect((await visitor.decide(again)).parameters.code).toBeDefined();
  });

  it.each<[string, string, (code: string) => Promise<string> | string]>([
    ['an invented code', 'otc_mismatch', () => Buffer.from('u-john:1').toString('base64url')],
    ['a code of nobody', 'otc_unknown_user', () => Buffer.from('u-x:12345678').toString('base64url')],
    ['no code at all', 'otc_unknown_user', () => '<script>alert(1)</script>'],
    [
      'an expired code',
      'otc_expired',
      (code) => {
        server.now += 600;
        return code;
      },
    ],
    ['a replaced code', 'otc_mismatch', (code) => server.generate(john).then(() => code)],
  ])('GAC-08 %s leads to the login page with a message, and from there on', async (_name, reason, change) => {
    const { extendedCode } = await server.generate(john);
    const page = await visitor.authorize({ authentication_code: await change(extendedCode) });
    expectLogin(page, reason);
    expect(page.text).not.toContain('<script');
    const back = await visitor.signIn(page);
    expect(back.location).not.toContain('authentication_code');
    expect((await visitor.get(back.location!)).text).toContain('Web Shop');
  });

  it('GAC-08 a code of another client is refused, its own takes it', async () => {
    const { extendedCode } = await server.generate(john, { clientId: 'other' });
    expectLogin(await visitor.authorize({ authentication_code: extendedCode }), 'otc_bound_elsewhere');
    expect((await visitor.authorize({ authentication_code: extendedCode, client_id: 'other' })).text).toContain(
      'John Doe',
    );
  });

  it('GAC-08 of two people who answer, one gets a code and the other the login page', async () => {
    const { extendedCode } = await server.generate(john);
    const visitors = [visitor, new Visitor(server), new Visitor(server)];
    const pages = await Promise.all(visitors.map((who) => who.authorize({ authentication_code: extendedCode })));
    const answers = await Promise.all(visitors.map((who, index) => who.decide(pages[index]!)));
    expect(answers.filter(({ parameters }) => parameters.code !== undefined)).toHaveLength(1);
    const losers = answers.filter(({ text }) => text.includes('name="email"'));
    expect(losers.map(({ status, location }) => [status, location])).toEqual([
      [400, undefined],
      [400, undefined],
    ]);
  });

  it('GAC-08 the session of another person does not count beside a code, right or wrong', async () => {
    await visitor.withSession(jane);
    expect((await withCode()).text).toContain('John Doe');
    expectLogin(await visitor.authorize({ authentication_code: 'x', client_id: 'trusted' }), 'otc_unknown_user');
  });

  it('IDT-04 under prompt=none a code counts for nothing and is not used up', async () => {
    const { extendedCode } = await server.generate(john);
    const answer = await visitor.authorize({ authentication_code: extendedCode, prompt: 'none' });
    expect(answer.parameters.error).toBe('login_required');
    expect((await visitor.authorize({ authentication_code: extendedCode, prompt: 'login' })).text).toContain(
      'John Doe',
    );
  });

  it('CON-01 the page works in the browser that saw it alone, once', async () => {
    const page = await withCode({ client_id: 'trusted' });
    const stranger = new Visitor(server);
    await stranger.get('/login');
    expect((await stranger.decide(page)).status).toBe(403);
    expect((await visitor.decide(page)).parameters.code).toBeDefined();
    expect((await visitor.decide(page)).status).toBe(403);
    expect(server.lastReason).toBe('consent_form_invalid');
  });

  it('AUT-13 the page that goes on has its headers', async () => {
    const { headers, text } = await withCode({ client_id: 'trusted' });
    expect(headers.get('content-security-policy')).toContain("form-action 'self' https://app.example;");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(text).not.toMatch(/<script|<link|<img|src=/);
  });

  it('GAC-08 needs no mailer; without one a bad code is told on a page', async () => {
    await server.stop();
    server = await new LoginServer({ deliverCode: undefined }).start();
    visitor = new Visitor(server);
    expect((await visitor.decide(await withCode())).parameters.code).toBeDefined();
    const bad = await visitor.authorize({ authentication_code: 'x' });
    expect([bad.status, bad.location, server.lastReason]).toEqual([403, undefined, 'sign_in_unavailable']);
  });
});

describe("the host's own sign-in and consent", () => {
  it('take the place of ours', async () => {
    await server.stop();
    const asked: unknown[] = [];
    let decided: Awaited<ReturnType<AskConsent>>;
    const authenticateUser: AuthenticateUser = (request, response, { returnTo, prompt }) => {
      if (request.headers['x-user'] !== undefined && prompt !== 'login') return { ...john, authTime: server.now };
      if (prompt !== 'none')
        response.writeHead(302, { location: `https://host.example/login?to=${encodeURIComponent(returnTo)}` }).end();
      return undefined;
    };
    const askConsent: AskConsent = (_request, response, { returnTo, user, client, scopes, resources, prompt }) => {
      asked.push({ user: user.id, client: client.id, scopes, resources, prompt });
      if (decided === undefined && prompt !== 'none')
        response.writeHead(302, { location: `https://host.example/ask?to=${encodeURIComponent(returnTo)}` }).end();
      return decided;
    };
    server = await new LoginServer({ authenticateUser, askConsent }).start();
    visitor = new Visitor(server);

    const login = await visitor.authorize();
    expect(login.location).toMatch(/^https:\/\/host\.example\/login/);
    const back = login.parameters.to!;
    const consent = await visitor.get(back, { 'x-user': '1' });
    expect(consent.location).toMatch(/^https:\/\/host\.example\/ask/);
    expect(consent.parameters.to).toMatch(/^https:\/\/id\.example\/acme\/demo\/oauth2\/authorize\?/);
    expect(asked).toEqual([
      { user: 'u-john', client: 'web', scopes: ['openid', 'read'], resources: [], prompt: undefined },
    ]);
    decided = { allow: ['write'] };
    const { parameters } = await visitor.get(consent.parameters.to!, { 'x-user': '1' });
    expect((await server.token(parameters.code!)).body.scope).toBe('openid');
    decided = { deny: true };
    expect((await visitor.get(back, { 'x-user': '1' })).parameters.error).toBe('access_denied');
    decided = { allow: [] };
    const nothing = await visitor.get(back.replace('openid+read', 'read'), { 'x-user': '1' });
    expect(nothing.parameters.error).toBe('access_denied');
    decided = { allow: 'read' as unknown as string[] };
    expect((await visitor.get(back, { 'x-user': '1' })).parameters.error).toBe('server_error');
    decided = undefined;
    expect((await visitor.get(`${back}&prompt=none`, { 'x-user': '1' })).parameters.error).toBe('consent_required');
    expect((await visitor.get(`${back}&prompt=none`)).parameters.error).toBe('login_required');

    // A trusted client is nobody's question; a code by mail still needs its button.
    asked.length = 0;
    expect(
      (await visitor.get(back.replace('client_id=web', 'client_id=trusted'), { 'x-user': '1' })).parameters.code,
    ).toBeDefined();
    expect(asked).toEqual([]);
    decided = { allow: ['read'] };
    const page = await withCode();
    expect(page.text).toContain('Continue as');
    const answer = await visitor.decide(page);
    expect((await server.token(answer.parameters.code!)).body.scope).toBe('openid read');
    const refused = await visitor.authorize({ authentication_code: 'x' });
    expect([refused.location?.slice(0, 26), server.lastReason]).toEqual([
      'https://host.example/login',
      'otc_unknown_user',
    ]);
    expect(refused.parameters.to).not.toContain('authentication_code');
  });

  it('a consent asked elsewhere comes back with the code by mail', async () => {
    await server.stop();
    let decided: Awaited<ReturnType<AskConsent>>;
    const askConsent: AskConsent = (_request, response, { returnTo }) => {
      if (decided === undefined)
        response.writeHead(302, { location: `https://host.example/ask?to=${encodeURIComponent(returnTo)}` }).end();
      return decided;
    };
    server = await new LoginServer({ askConsent }).start();
    visitor = new Visitor(server);
    const away = await withCode();
    decided = { allow: ['read'] };
    const page = await visitor.get(away.parameters.to!);
    expect(page.text).toContain('Continue as');
    expect((await visitor.decide(page)).parameters.code).toBeDefined();
  });
});
