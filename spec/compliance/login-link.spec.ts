import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Answer,
  fieldOf,
  issuer,
  jane,
  john,
  LoginServer,
  secondIssuer,
  secretOf,
  sharedPool,
  Visitor,
} from '../support/login-flow.js';

let server: LoginServer;
let visitor: Visitor;
beforeEach(async () => {
  server = await new LoginServer({}, sharedPool).start();
  visitor = new Visitor(server);
});
afterEach(() => server.stop());

/** What the visitor's authorization request leads to: the answer that asks for the code, and the mail. */
async function askForMail() {
  const sent = await visitor.post('/login', { form: fieldOf(await visitor.authorize(), 'form'), email: john.email! });
  return { sent, mail: await server.mail(server.mails.length || 1) };
}

async function expectRefused(answer: Answer, status: number, reason: string): Promise<void> {
  expect({ status: answer.status, reason: server.lastReason }).toEqual({ status, reason });
  expect(answer.text).toContain('That link is no longer good.');
  expect(answer.text).toContain('name="email"');
  expect(answer.text).not.toMatch(/John|johndoe|login_link/);
  expect(answer.location).toBeUndefined();
}

describe('the link of the mail, in the browser that asked', () => {
  it('GAC-08 is not used up by GET or HEAD; the button goes on to the client, once', async () => {
    const { mail } = await askForMail();
    expect(mail.link).toMatch(/^https:\/\/id\.example\/acme\/demo\/login\/link\?t=[\w-]{43}$/);
    const scanner = new Visitor(server);
    for (const method of ['GET', 'HEAD', 'GET', 'HEAD']) {
      const opened = await scanner.get(mail.link, {}, method);
      expect({ status: opened.status, location: opened.location }).toEqual({ status: 200, location: undefined });
    }
    expect(scanner.sessionCookie).toBeUndefined();
    const page = await visitor.get(mail.link);
    expect(page.text).toContain('John Doe');
    expect(page.text).toContain('to go on to <strong><bdi>Web Shop');
    const form = fieldOf(page, 'form');
    const signedIn = await visitor.post('/login/link', { form });
    expect(signedIn.status).toBe(303);
    expect(signedIn.location).toContain(`${issuer}/oauth2/authorize?`);
    expect((await visitor.get(signedIn.location!)).text).toContain('Web Shop</bdi> asks for access');
    await expectRefused(await visitor.post('/login/link', { form }), 400, 'login_link_used');
    await expectRefused(await visitor.get(mail.link), 200, 'login_link_used');
  });

  it('GAC-05 link and code of one mail are good once together', async () => {
    const first = await askForMail();
    await visitor.post('/login', { form: fieldOf(first.sent, 'form'), code: first.mail.code });
    await expectRefused(await new Visitor(server).get(first.mail.link), 200, 'login_link_used');
    await server.coolDown();
    visitor = new Visitor(server);
    const second = await askForMail();
    const page = await visitor.get(second.mail.link);
    expect((await visitor.post('/login/link', { form: fieldOf(page, 'form') })).status).toBe(303);
    await visitor.post('/login', { form: fieldOf(second.sent, 'form'), code: second.mail.code });
    expect(server.lastReason).toBe('otc_used');
  });

  it('a late one leads to the login page, and from there on to where the visit leads', async () => {
    const { mail } = await askForMail();
    server.now += 600;
    const page = await visitor.get(mail.link);
    await expectRefused(page, 200, 'login_link_expired');
    await server.coolDown();
    expect((await visitor.signIn(page)).location).toContain('/oauth2/authorize?');
  });

  it('a person who is inactive by now is not let in', async () => {
    const { mail } = await askForMail();
    const form = fieldOf(await visitor.get(mail.link), 'form');
    server.users.set(john.id, { ...john, status: 'inactive' });
    await expectRefused(await visitor.post('/login/link', { form }), 400, 'user_inactive');
    expect(visitor.sessionCookie).toBeUndefined();
  });

  it('neither link nor code of a mail is good once the person has another address', async () => {
    const { mail, sent } = await askForMail();
    const form = fieldOf(await visitor.get(mail.link), 'form');
    server.users.set(john.id, { ...john, email: 'JOHN@Example.com' });
    expect((await visitor.get(mail.link)).text).toContain('You are about to sign in as');
    server.users.set(john.id, { ...john, email: 'john@new.example' });
    await expectRefused(await visitor.get(mail.link), 200, 'login_link_address_changed');
    await expectRefused(await visitor.post('/login/link', { form }), 400, 'login_link_address_changed');
    // Nor for whoever has the old one by now.
    server.users.set(jane.id, { ...jane, email: 'john@example.com' });
    await expectRefused(await visitor.post('/login/link', { form }), 400, 'login_link_address_changed');
    const typed = await visitor.post('/login', { form: fieldOf(sent, 'form'), code: mail.code });
    expect([typed.status, server.lastReason]).toEqual([400, 'otc_mismatch']);
    server.users.delete(jane.id);
    const nobody = await visitor.post('/login', { form: fieldOf(sent, 'form'), code: mail.code });
    expect([nobody.status, server.lastReason]).toEqual([400, 'otc_unknown_user']);
    expect(visitor.sessionCookie).toBeUndefined();
  });

  it('an older link stays good beside a newer one', async () => {
    const { mail } = await askForMail();
    await server.coolDown();
    await askForMail();
    const page = await visitor.get(mail.link);
    expect((await visitor.post('/login/link', { form: fieldOf(page, 'form') })).status).toBe(303);
  });
});

describe('the link of the mail, in a browser that did not ask', () => {
  it('AUT-12 says who asked, signs in, and does not go on with what another browser began', async () => {
    const { mail } = await askForMail();
    const phone = new Visitor(server);
    const page = await phone.get(mail.link);
    expect(page.text).toContain('asked for in another browser, on the way to <strong><bdi>Web Shop');
    expect(page.text).toContain('John Doe');
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self';");
    const signedIn = await phone.post('/login/link', { form: fieldOf(page, 'form') });
    expect([signedIn.status, signedIn.location]).toEqual([303, `${issuer}/consents?signed_in=1`]);
    const account = await phone.get(signedIn.location!);
    expect(account.text).toContain('You are signed in here.');
    expect(account.text).toContain('John Doe');
    // The browser that asked has got nothing by it.
    expect(visitor.sessionCookie).toBeUndefined();
    expect((await visitor.authorize()).text).toContain('name="email"');
  });

  it('AUT-12 a link that is no longer good does not hand on the visit either', async () => {
    const { mail } = await askForMail();
    server.now += 600;
    const phone = new Visitor(server);
    const page = await phone.get(mail.link);
    await expectRefused(page, 200, 'login_link_expired');
    expect(page.text).not.toContain('Web Shop');
    await server.coolDown();
    expect((await phone.signIn(page)).location).toBe(`${issuer}/consents`);
  });
});

describe('links that are none', () => {
  it('GAC-05 are refused alike, however many, and charged to nobody', async () => {
    const { sent, mail } = await askForMail();
    const secret = secretOf(mail.link);
    const changed = (secret[0] === 'A' ? 'B' : 'A') + secret.slice(1);
    for (let guess = 0; guess < 30; guess += 1) {
      const invented = guess % 2 === 0 ? changed : `guess-${guess}`;
      await expectRefused(await visitor.get(`/login/link?t=${invented}`), 200, 'login_link_unknown');
    }
    await expectRefused(await visitor.get('/login/link'), 200, 'login_link_unknown');
    await server.generate(john);
    const answer = await visitor.post('/login', { form: fieldOf(sent, 'form'), code: mail.code });
    expect(answer.status).toBe(303);
  });

  it('a link is good in the workspace that sent it alone', async () => {
    const { mail } = await askForMail();
    const elsewhere = `${secondIssuer}/login/link?t=${secretOf(mail.link)}`;
    await expectRefused(await visitor.get(elsewhere), 200, 'login_link_elsewhere');
    expect((await visitor.get(mail.link)).text).toContain('John Doe');
  });

  it('CON-01 the button works in the browser that saw it alone, and from our own page', async () => {
    const { mail } = await askForMail();
    const form = fieldOf(await visitor.get(mail.link), 'form');
    const stranger = new Visitor(server);
    await stranger.get('/login');
    for (const [who, headers, reason] of [
      [stranger, {}, 'form_invalid'],
      [visitor, { origin: 'https://evil.example' }, 'cross_site_post'],
    ] as [Visitor, Record<string, string>, string][]) {
      const answer = await who.post('/login/link', { form }, headers);
      expect([answer.status, server.lastReason, who.sessionCookie]).toEqual([403, reason, undefined]);
    }
    expect((await visitor.post('/login/link', { form })).status).toBe(303);
  });

  it('GAC-04 neither secret nor visit can be read in the store', async () => {
    const { mail } = await askForMail();
    const secret = secretOf(mail.link);
    const kept: string[] = [];
    for await (const { key, value } of server.store.scan('')) kept.push(`${key} ${value}`);
    expect(kept.filter((entry) => entry.includes('login-link/'))).toHaveLength(1);
    for (const entry of kept) {
      expect(entry).not.toContain(secret);
      expect(entry).not.toContain(mail.code);
      expect(entry).not.toContain('oauth2/authorize');
      expect(entry).not.toContain([...visitor.cookies.values()][0]);
    }
  });
});
