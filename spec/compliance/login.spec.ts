import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Answer, authorizeUrl, fieldOf, issuer, john, LoginServer, Visitor } from '../support/login-flow.js';

let server: LoginServer;
let visitor: Visitor;
beforeEach(async () => {
  server = await new LoginServer().start();
  visitor = new Visitor(server);
});
afterEach(() => server.stop());

/** A page, without what is sealed anew each time. */
function told({ text, status, headers }: Answer, address: string) {
  const shown = [...headers].filter(([name]) => !['date', 'x-correlation-id', 'set-cookie'].includes(name));
  return {
    status,
    headers: shown,
    text: text.replace(/name="form" value="[^"]+"/g, 'sealed').replaceAll(address, 'X'),
  };
}

async function expectNoSession(answer: Answer, status: number, reason: string): Promise<void> {
  expect({ status: answer.status, reason: server.lastReason }).toEqual({ status, reason });
  expect(answer.location).toBeUndefined();
  expect(visitor.sessionCookie).toBeUndefined();
}

describe('login', () => {
  it('AUT-10 leads by 303 from the code back to the authorization request, and on to consent', async () => {
    const page = await visitor.authorize();
    expect(page.status).toBe(200);
    const sent = await visitor.post('/login', { form: fieldOf(page, 'form'), email: ' John@Example.com ' });
    expect(sent.status).toBe(200);
    const mail = await server.mail(1);
    expect(mail).toMatchObject({ to: john.email, issuer, clientName: 'Web Shop', expiresIn: 600 });
    const back = await visitor.post('/login', { form: fieldOf(sent, 'form'), code: mail.code });
    expect(back.status).toBe(303);
    expect(back.location).toMatch(/^https:\/\/id\.example\/acme\/demo\/oauth2\/authorize\?/);
    const consent = await visitor.get(back.location!);
    expect(consent.text).toContain('Web Shop');
    const answer = await visitor.decide(consent);
    expect(answer.status).toBe(303);
    expect(answer.parameters).toMatchObject({ state: 's1', iss: issuer });
    expect((await server.token(answer.parameters.code!)).body.id_token).toBeDefined();
    expect(server.events.find(({ event }) => event === 'login')).toMatchObject({ outcome: 'success' });
  });

  it('answers known, unknown and inactive addresses alike: status, words and headers', async () => {
    server.users.set('u-gone', { id: 'u-gone', email: 'gone@example.com', status: 'inactive' });
    const answers = [];
    for (const email of ['john@example.com', 'none@example.com', 'gone@example.com']) {
      const page = await visitor.authorize();
      answers.push(told(await visitor.post('/login', { form: fieldOf(page, 'form'), email }), email));
    }
    expect(answers[0]?.text).toContain('If we know this address, a mail with a code and a link is on its way');
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    await server.quiet();
    expect(server.mails.map(({ to }) => to)).toEqual([john.email]);
  });

  it('answers wrong codes alike, whoever they are for, and takes the right one afterwards', async () => {
    const answers = [];
    for (const email of ['none@example.com', 'john@example.com']) {
      const sent = await visitor.post('/login', { form: fieldOf(await visitor.get('/login'), 'form'), email });
      const wrong = await visitor.post('/login', { form: fieldOf(sent, 'form'), code: '0' });
      answers.push({ told: told(wrong, email), page: wrong, reason: server.lastReason });
    }
    const [unknown, known] = answers;
    expect(known?.told).toEqual(unknown?.told);
    expect([unknown?.reason, known?.reason]).toEqual(['otc_unknown_user', 'otc_mismatch']);
    expect(known?.page.status).toBe(400);
    expect(known?.page.text).toContain('role="alert"');
    expect(visitor.sessionCookie).toBeUndefined();
    const { code } = await server.mail(1);
    const spaced = `${code.slice(0, 4)} ${code.slice(4)}`;
    const right = await visitor.post('/login', { form: fieldOf(known!.page, 'form'), code: spaced });
    expect(right.location).toBe(`${issuer}/consents`);
    expect(visitor.sessionCookie).toBeDefined();
  });

  it('does not wait for the directory, whose time could tell who is known', async () => {
    await server.stop();
    server = await new LoginServer({ users: { find: () => new Promise<undefined>(() => undefined) } }).start();
    visitor = new Visitor(server);
    const form = fieldOf(await visitor.get('/login'), 'form');
    expect((await visitor.post('/login', { form, email: 'john@example.com' })).status).toBe(200);
  });

  it('does not wait for the mailer, and tells of its failure in a warning alone', async () => {
    await server.stop();
    let asked = 0;
    server = await new LoginServer({
      deliverCode: async ({ code }) => {
        asked += 1;
        if (asked === 1) await new Promise(() => undefined);
        throw Object.assign(new Error(`could not send ${code}`), { code: 'ECONNREFUSED' });
      },
    }).start();
    visitor = new Visitor(server);
    for (const email of ['john@example.com', 'jane@example.com']) {
      const form = fieldOf(await visitor.get('/login'), 'form');
      expect((await visitor.post('/login', { form, email })).status).toBe(200);
    }
    await server.quiet();
    expect(asked).toBe(2);
    expect(server.warnings).toEqual([
      {
        event: 'warning',
        name: 'code_delivery_failed',
        detail: { what: 'Error ECONNREFUSED', subject: 'u-jane' },
        issuer,
      },
    ]);
  });

  it('sends one code per address and half minute, and says the same', async () => {
    const sent = await visitor.post('/login', {
      form: fieldOf(await visitor.get('/login'), 'form'),
      email: john.email!,
    });
    const first = await server.mail(1);
    const again = await visitor.post('/login', { form: fieldOf(sent, 'form'), step: 'again' });
    expect(told(again, john.email!)).toEqual(told(sent, john.email!));
    await server.quiet();
    expect(server.mails).toHaveLength(1);
    await server.coolDown();
    await visitor.post('/login', { form: fieldOf(again, 'form'), step: 'again' });
    const second = await server.mail(2);
    expect(second.code).not.toBe(first.code);
    const late = await visitor.post('/login', { form: fieldOf(again, 'form'), code: first.code });
    await expectNoSession(late, 400, 'otc_mismatch');
  });

  it('sends nothing to what is not one plain address', async () => {
    const page = await visitor.get('/login');
    for (const email of [
      '',
      'john',
      'john@example.com,eve@example.com',
      '"john@example.com"@eve.example',
      'a\nb@c.de',
      'john\uFF20example.com',
      'john@example.com\r\n',
      'john@example.com\u00A0',
    ]) {
      const answer = await visitor.post('/login', { form: fieldOf(page, 'form'), email });
      await expectNoSession(answer, 400, 'parameter_invalid');
      expect(answer.text).toContain('That is not an e-mail address.');
    }
    await server.quiet();
    expect(server.mails).toEqual([]);
  });

  it('gives way to another address', async () => {
    const sent = await visitor.post('/login', { form: fieldOf(await visitor.authorize(), 'form'), email: john.email! });
    const page = await visitor.post('/login', { form: fieldOf(sent, 'form'), step: 'address' });
    expect(page.text).toContain('name="email"');
    expect((await visitor.signIn(page, server.users.get('u-jane'))).location).toContain('/oauth2/authorize?');
  });

  it('IDT-04 login_hint stands in the address field, escaped', async () => {
    const page = await visitor.authorize({ login_hint: '"><script>alert(1)</script>' });
    expect(page.text).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
    expect(page.text).not.toContain('<script');
  });
});

describe('forms of the login', () => {
  it('CON-01 work in the browser they were shown to, for half an hour, unchanged', async () => {
    const form = fieldOf(await visitor.authorize(), 'form');
    const stranger = new Visitor(server);
    await stranger.get('/login');
    const refused: [Visitor, string][] = [
      [new Visitor(server), form],
      [stranger, form],
      [visitor, form.slice(0, -4)],
      [visitor, 'aes-256-gcm:x:y'],
    ];
    for (const [who, sealed] of refused) {
      const answer = await who.post('/login', { form: sealed, email: john.email! });
      expect({ status: answer.status, reason: server.lastReason }).toEqual({ status: 403, reason: 'form_invalid' });
    }
    server.now += 1800;
    expect((await visitor.post('/login', { form, email: john.email! })).status).toBe(403);
    await server.quiet();
    expect(server.mails).toEqual([]);
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling host', { 'sec-fetch-site': 'same-site', origin: 'https://id.example' }],
    ['another origin', { origin: 'https://evil.example' }],
  ])('CON-01 are refused from %s', async (_name, headers: Record<string, string>) => {
    const form = fieldOf(await visitor.authorize(), 'form');
    await expectNoSession(await visitor.post('/login', { form, email: john.email! }, headers), 403, 'cross_site_post');
    for (const own of [{ 'sec-fetch-site': 'same-origin', origin: 'null' }, { origin: 'https://id.example' }]) {
      expect((await visitor.post('/login', { form, email: john.email! }, own as Record<string, string>)).status).toBe(
        200,
      );
    }
  });

  it('AUT-12 lead nowhere that a parameter names', async () => {
    for (const name of ['return_to', 'returnTo', 'redirect_uri', 'r', 'next']) {
      const fresh = new Visitor(server);
      const page = await fresh.get(`/login?${name}=https://evil.example/`);
      const sent = await fresh.post('/login', {
        form: fieldOf(page, 'form'),
        email: john.email!,
        [name]: 'https://evil.example/',
      });
      const { code } = await server.mail(server.mails.length || 1);
      const answer = await fresh.post('/login', { form: fieldOf(sent, 'form'), code, [name]: 'https://evil.example/' });
      expect(answer.location).toBe(`${issuer}/consents`);
      await server.coolDown();
      server.mails.length = 0;
    }
  });

  it('AUT-13 every page has its headers, no script and nothing from elsewhere', async () => {
    const address = await visitor.authorize();
    const code = await visitor.post('/login', { form: fieldOf(address, 'form'), email: john.email! });
    const { link } = await server.mail(1);
    const pages = [address, code, await visitor.get(link), await visitor.post('/login', { form: 'x' })];
    for (const { headers, text } of pages) {
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('script');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(text).not.toMatch(/<script|<link|<img|src=|http:/);
      expect(text).toMatch(/<html lang="en">/);
      expect(text).toMatch(/<title>[^<]+<\/title>/);
    }
    expect(address.headers.get('content-security-policy')).toContain("form-action 'self' https://app.example;");
    expect(code.text).toContain('autocomplete="one-time-code"');
    expect(code.text).toContain('inputmode="numeric"');
    expect(code.text).toMatch(/<label for="code">/);
    expect(address.text).toMatch(/<label for="email">/);
  });

  it('are not there where the host signs people in, or where there is no mailer', async () => {
    const others = [
      await new LoginServer({ authenticateUser: () => undefined }).start(),
      await new LoginServer({ deliverCode: undefined }).start(),
    ];
    for (const other of others) {
      for (const path of ['/login', '/login/link', '/oidc/logout']) {
        expect((await new Visitor(other).get(path)).status).toBe(404);
      }
    }
    expect((await new Visitor(others[1]!).get('/consents')).status).toBe(404);
    const bare = new Visitor(others[1]!);
    expect((await bare.get(authorizeUrl())).status).toBe(403);
    expect(others[1]?.lastReason).toBe('sign_in_unavailable');
    expect((await bare.get(authorizeUrl({ prompt: 'none' }))).parameters.error).toBe('login_required');
    for (const other of others) await other.stop();
  });
});
