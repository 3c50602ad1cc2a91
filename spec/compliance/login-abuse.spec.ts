import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Answer,
  fieldOf,
  issuer,
  john,
  LoginServer,
  secondIssuer,
  sharedPool,
  Visitor,
} from '../support/login-flow.js';

let server: LoginServer;
let visitor: Visitor;
let stranger: Visitor;
beforeEach(async () => {
  server = await new LoginServer({}, sharedPool).start();
  visitor = new Visitor(server);
  stranger = new Visitor(server);
});
afterEach(() => server.stop());

const wrongOf = (code: string) => String((Number(code[0]) + 1) % 10) + code.slice(1);

/** Asks for John's mail: the page that asks for the code. */
async function ask(who: Visitor, at = issuer): Promise<Answer> {
  const page = await who.get(`${at}/login`);
  return who.post(`${at}/login`, { form: fieldOf(page, 'form'), email: john.email! });
}

/** The private reason of typing a code. */
async function type(who: Visitor, page: Answer, code: string): Promise<string> {
  await who.post('/login', { form: fieldOf(page, 'form'), code });
  return server.lastReason;
}

/** A stranger asks, and guesses until nothing is left of the day. */
async function spendTheDay(): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    const page = await ask(stranger);
    const { code } = await server.mail(server.mails.length || 1);
    for (let guess = 0; guess < 5; guess += 1) expect(await type(stranger, page, wrongOf(code))).toBe('otc_mismatch');
    await server.coolDown(10);
    await server.quiet();
  }
}

const shown = ({ status, text }: Answer) => [status, text.replace(/name="form" value="[^"]+"/g, 'sealed')];

describe('a stranger who guesses at our login', () => {
  it('GAC-05 spends the day of a person, who then signs in by a mail with the link alone', async () => {
    const usual = await ask(visitor);
    await server.mail(1);
    await server.coolDown(10);
    await spendTheDay();
    await expect(server.generate(john)).rejects.toMatchObject({ reason: 'otc_budget_spent', status: 429 });
    const before = server.mails.length;
    const page = await visitor.post('/login', { form: fieldOf(await visitor.authorize(), 'form'), email: john.email! });
    const mail = await server.anyMail(before + 1);
    expect(mail).toMatchObject({ to: john.email, code: undefined, expiresIn: 600 });
    expect(mail.typingPausedUntil).toBeGreaterThan(server.now + 86_000);
    expect(mail.typingPausedUntil).toBeLessThanOrEqual(server.now + 86_400);
    expect(server.warnings.at(-1)).toMatchObject({
      name: 'code_typing_paused',
      detail: { subject: john.id, why: 'otc_budget_spent' },
    });
    // The page cannot tell, or it would tell who is known here.
    expect(shown(await ask(visitor))).toEqual(shown(usual));
    expect(await type(visitor, page, '00000000')).toBe('otc_attempts_spent');
    const link = await visitor.get(mail.link);
    const answer = await visitor.post('/login/link', { form: fieldOf(link, 'form') });
    expect(answer.location).toContain('/oauth2/authorize?');
    expect(visitor.sessionCookie).toBeDefined();
  });

  it('GAC-05 can try no code that another browser asked for, and such tries are charged to nobody', async () => {
    const page = await ask(visitor);
    const { code } = await server.mail(1);
    const theirs = await ask(stranger);
    await server.quiet();
    expect(server.mails).toHaveLength(1);
    for (let guess = 0; guess < 25; guess += 1) {
      expect(await type(stranger, theirs, guess === 0 ? code : wrongOf(code))).toBe('otc_other_browser');
    }
    expect(stranger.sessionCookie).toBeUndefined();
    expect(await type(visitor, page, code)).toBe('success');
  });

  it('GAC-06 can try no code that an application asked for, and takes none of ours to an application', async () => {
    const theirs = await ask(stranger);
    const { code: ours } = await server.mail(1);
    const { code, extendedCode } = await server.generate(john);
    for (const typed of [code, extendedCode]) expect(await type(stranger, theirs, typed)).toBe('otc_mismatch');
    const extended = Buffer.from(`${john.id}:${ours}`).toString('base64url');
    await stranger.authorize({ authentication_code: extended });
    expect(server.lastReason).toBe('otc_mismatch');
    expect((await visitor.authorize({ authentication_code: extendedCode })).text).toContain('John Doe');
  });
});

describe('a stranger who asks and asks', () => {
  it('GAC-04 does not end the code of another browser; a browser that asks again ends its own', async () => {
    const page = await ask(visitor);
    const { code } = await server.mail(1);
    await server.coolDown();
    const theirs = await ask(stranger);
    const other = await server.mail(2);
    expect(await type(visitor, page, code)).toBe('success');
    await server.coolDown();
    await ask(stranger);
    await server.mail(3);
    expect(await type(stranger, theirs, other.code)).toBe('otc_mismatch');
  });

  it('GAC-04 the API ends no code of our login, nor our login one of the API', async () => {
    const page = await ask(visitor);
    const { code } = await server.mail(1);
    const { extendedCode } = await server.generate(john);
    await server.coolDown();
    await ask(stranger);
    await server.mail(2);
    expect(await type(visitor, page, code)).toBe('success');
    expect((await stranger.authorize({ authentication_code: extendedCode })).text).toContain('John Doe');
  });

  it('GAC-04 three browsers have codes; the mail of a fourth has the link alone, until one is used or over', async () => {
    const others = [visitor, stranger, new Visitor(server)];
    const pages: Answer[] = [];
    for (const who of others) {
      pages.push(await ask(who));
      await server.mail(pages.length);
      await server.coolDown(10);
    }
    const fourth = new Visitor(server);
    await ask(fourth);
    const mail = await server.anyMail(4);
    expect([mail.code, mail.typingPausedUntil]).toEqual([undefined, server.now + 600]);
    expect(server.warnings.at(-1)).toMatchObject({ detail: { why: 'otc_browsers_many', retry_after: 600 } });
    expect((await fourth.get(mail.link)).text).toContain('John Doe');

    const first = await server.mail(1);
    expect(await type(visitor, pages[0]!, first.code)).toBe('success');
    await server.coolDown(10);
    const page = await ask(fourth);
    expect(await type(fourth, page, (await server.mail(5)).code)).toBe('success');
    expect(await type(stranger, pages[1]!, (await server.mail(2)).code)).toBe('success');

    server.now += 600;
    await server.coolDown(10);
    const late = new Visitor(server);
    expect(await type(late, await ask(late), (await server.mail(6)).code)).toBe('success');
    expect(await type(others[2]!, pages[2]!, (await server.mail(3)).code)).toBe('otc_expired');
  });

  it('sends one mail to an address in half a minute and five in ten, whichever browser or workspace asks', async () => {
    const usual = await ask(visitor);
    await server.mail(1);
    for (const [who, at] of [
      [visitor, issuer],
      [stranger, issuer],
      [stranger, secondIssuer],
    ] as const) {
      const again = await ask(who, at);
      expect(again.status).toBe(200);
      if (at === issuer) expect(shown(again)).toEqual(shown(usual));
    }
    await server.quiet();
    expect(server.mails).toHaveLength(1);
    for (let turn = 1; turn < 8; turn += 1) {
      await server.coolDown();
      const again = await ask(turn % 2 === 0 ? visitor : stranger, turn % 2 === 0 ? secondIssuer : issuer);
      expect(again.status).toBe(200);
      await server.quiet();
    }
    expect(server.mails).toHaveLength(5);
    await server.coolDown(10);
    await ask(visitor);
    await server.anyMail(6);
  });
});
