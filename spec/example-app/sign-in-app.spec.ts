import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { extendedCode } from '../../example-app/sign-in-app/code-sender.js';
import { generatedLink } from '../support/generated-link.js';
import { partsOf } from '../support/mail-server.js';
import { addressOf } from '../support/passwordless-configuration.js';
import { locationOf, SignInSite } from '../support/sign-in-site.js';
import type { Answer, SiteVisitor } from '../support/site-visitor.js';

// A person per spec: one address gets one mail in 30 seconds.
const people = ['asker1', 'asker2', 'asker3', 'typist', 'prover', 'waiter', 'sender', 'stayer', 'denier', 'issuer'];
const more = ['linker', 'looker', 'tabber', 'hinted', 'patient', 'bait', 'returner'];
const site = new SignInSite();
beforeAll(() => site.start([...people, ...more]), 30_000);
afterAll(() => site.stop());

/** What a browser can see of an answer, without what is random in every one of them. */
function shape({ status, headers, text }: Answer) {
  const plain = (part: string) =>
    part
      .replace(/(request|form_token|continued|transaction|form)(=|" value=")[\w.:-]+/g, '$1$2')
      .replace(/request_uri=[\w%:.-]+/g, 'request_uri=')
      .replace(/__Host-([\w-]+)=([\w-]+)/g, (_whole, name, value) => `__Host-${name}=${String(value).length}`);
  // The tag of a page is a digest of its form token, too.
  const { date: _date, etag: _etag, 'x-correlation-id': _id, ...others } = headers;
  return { status, text: plain(text), headers: plain(JSON.stringify(others)), length: text.length };
}

/** Every step of somebody who asks for a code and types a wrong one. */
async function steps(email: string): Promise<Answer[]> {
  const browser = site.visitor();
  const form_token = await browser.formToken();
  const asked = await browser.post('/sign-in', { form_token, email });
  const page = await browser.get(locationOf(asked));
  const typed = await browser.post(locationOf(asked), { form_token, code: '0000 0000' });
  const login = await browser.get(locationOf(typed));
  return [asked, page, typed, login];
}

describe('asking for a code', () => {
  it('mails a code and a link that carries it, to the person alone', async () => {
    const { code, link } = await site.request(site.visitor(), 'asker1');
    const mail = await site.mailTo('asker1');
    const extended = new URL(link).searchParams.get('extended_code') ?? '';
    expect(link).toMatch(new RegExp(`^${site.url}/sign-in/link\\?extended_code=[\\w-]+&request=[\\w-]{22}$`));
    expect(Buffer.from(extended, 'base64url').toString()).toBe(`id-of-asker1:${code}`);
    expect(partsOf(mail).get('text/html')).toContain(code);
    expect(partsOf(mail).get('text/plain')).toContain('for 10 minutes');
  });

  it('GAC-08 answers a known and an unknown address the same, from asking to a wrong code: status, headers, page', async () => {
    const known = await steps(addressOf('asker2'));
    await site.mailTo('asker2');
    const unknown = await steps(addressOf('nobody'));
    expect(known.map(shape)).toEqual(unknown.map(shape));
    expect(known.map(({ status }) => status)).toEqual([303, 200, 303, 200]);
    expect(known[3]?.text).toContain('no longer good');
  });

  it('GAC-08 shows the id of nobody before their code is proven: not in a URL, a header, a cookie or a page', async () => {
    const guessed = await steps(addressOf('asker3'));
    const browser = site.visitor();
    const { path, code } = await site.request(browser, 'prover');
    const right = await site.typeCode(browser, path, code);
    const seen = JSON.stringify([...guessed, right]);
    for (const id of ['id-of-asker3', 'id-of-prover']) {
      expect(seen).not.toContain(id);
      // Base64 of it begins so, whatever follows.
      expect(seen).not.toContain(Buffer.from(id).toString('base64url').slice(0, 14));
    }
    expect(seen).not.toContain('authentication_code');
    for (const answer of [guessed[2] as Answer, right]) {
      const { origin, pathname, searchParams } = new URL(locationOf(answer));
      expect({ url: origin + pathname, names: [...searchParams.keys()] }).toEqual({
        url: `${site.url}/acme/demo/oauth2/authorize`,
        names: ['client_id', 'request_uri'],
      });
    }
    expect((await browser.get(locationOf(right))).text).toContain('Allow');
  });

  it('GAC-06 asks for codes that are good for its own client alone', async () => {
    const { link } = await site.request(site.visitor(), 'typist');
    const query = { response_type: 'code', client_id: 'shop', redirect_uri: `${site.url}/callback`, scope: 'openid' };
    const authentication_code = new URL(link).searchParams.get('extended_code') ?? '';
    const elsewhere = new URLSearchParams({ ...query, authentication_code });
    const page = await site.visitor().get(`/acme/demo/oauth2/authorize?${elsewhere}`);
    expect({ status: page.status, login: page.text.includes('no longer good') }).toEqual({ status: 200, login: true });
    expect(JSON.parse(await site.app.logged('otc_bound_elsewhere'))).toMatchObject({ client_id: 'shop' });
  });

  it.each([
    'johndoe@example.com,evil@example.com',
    'johndoe@example.com;evil@example.com',
    '"evil@example.com"@example.com',
    'John <johndoe@example.com>',
    'johndoe@example.com\r\nBcc: evil@example.com',
    'waiter＠example.com',
    'waiter@example.com\r\n',
    'waiter@example.com\u00A0',
    'johndoe@@example.com',
    'jöhndoe@example.com',
    'johndoe@example.com evil@example.com',
    'johndoe',
    '',
  ])('refuses %j', async (email) => {
    const browser = site.visitor();
    const answer = await browser.post('/sign-in', { form_token: await browser.formToken(), email });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('not an address that a mail can go to');
  });

  it('sent no mail for any of those', async () => {
    await site.request(site.visitor(), 'sender');
    const strangers = site.mails.received.filter(({ to }) => !people.some((name) => to.join() === addressOf(name)));
    expect(strangers).toEqual([]);
  });

  it('sends one mail to an address that several browsers ask for, and answers all the same', async () => {
    for (const name of ['waiter', 'nobody-waits']) {
      const browsers = [site.visitor(), site.visitor(), site.visitor()];
      const pages = [];
      for (const browser of browsers) pages.push(await browser.get(await site.ask(browser, addressOf(name))));
      expect(
        new Set(pages.map(({ status, text }) => `${status} ${shape({ status, text, headers: {} }).text}`)).size,
      ).toBe(1);
      // The button is told that it was pressed, whether or not a mail goes.
      const [browser] = browsers as [SiteVisitor];
      const path = await site.ask(browser, addressOf(name));
      const again = await browser.post(path, { form_token: await browser.formToken(), again: 'yes' });
      expect((await browser.get(locationOf(again))).text).toContain('You asked for another mail');
    }
    await site.request(site.visitor(), 'patient');
    expect(site.mails.received.filter(({ to }) => to.join() === addressOf('waiter'))).toHaveLength(1);
  });
});

describe('bad forms', () => {
  it('CON-01 takes none from elsewhere', async () => {
    const browser = site.visitor();
    const form_token = await browser.formToken();
    const form = { form_token, email: 'nobody@example.com' };
    expect((await browser.post('/sign-in', { email: form.email })).status).toBe(403);
    expect((await site.visitor().post('/sign-in', form)).status).toBe(403);
    expect((await browser.post('/sign-in', form, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    for (const path of ['/sign-in/link', '/sign-in/code', '/sign-in/out']) {
      expect((await browser.post(path, { extended_code: 'x', code: '1' })).status).toBe(403);
    }
    expect((await browser.post('/sign-in', form)).status).toBe(303);
  });

  it("takes no code for another browser's request", async () => {
    const path = await site.ask(site.visitor(), addressOf('nobody-else'));
    const answer = await site.typeCode(site.visitor(), path, '12345678');
    expect({ status: answer.status, location: locationOf(answer) }).toEqual({ status: 303, location: '/sign-in' });
  });

  it('takes no cookie that it has not sealed', async () => {
    const browser = site.visitor();
    const form_token = await browser.formToken();
    const forged = Buffer.from(JSON.stringify({ id: 'a', asked: [], transactions: [] })).toString('base64url');
    for (const cookie of [forged, 'A'.repeat(43), 'A'.repeat(5000)]) {
      const headers = { cookie: `__Host-sign-in=${cookie}` };
      expect((await site.visitor().post('/sign-in', { form_token, email: 'a@b.c' }, headers)).status).toBe(403);
    }
  });

  it('takes no cookie that a sibling host could have planted, by a name that begins like no name of ours', async () => {
    const browser = site.visitor();
    const form_token = await browser.formToken();
    const own = browser.cookie('__Host-sign-in');
    const post = (cookie: string) => site.visitor().post('/sign-in', { form_token, email: 'x' }, { cookie });
    for (const before of ['\u00A0', '\u0085']) {
      expect((await post(`a=1; ${before}__Host-sign-in=${own}`)).status).toBe(403);
    }
    expect((await post(`a=1; __Host-sign-in=${own}`)).status).toBe(400);
  });

  it('takes no callback that began nowhere or in another browser, and each answer once', async () => {
    const browser = site.visitor();
    const { path, code } = await site.request(browser, 'denier');
    const begun = await site.typeCode(browser, path, code);
    const before = browser.copy();
    const callback = await site.decide(browser, locationOf(begun), 'deny');
    expect(callback).toMatch(/^\/sign-in\/callback\?.*error=access_denied/);
    expect((await site.visitor().get(callback)).status).toBe(400);
    expect((await browser.get('/sign-in/callback?code=c&state=other')).status).toBe(400);
    expect((await browser.get(callback)).text).toContain('did not allow');
    expect((await browser.get(callback)).status).toBe(400);
    // Nor with the cookie as it was before.
    expect((await before.get(callback)).status).toBe(400);
  });

  it('takes no answer of another issuer (RFC 9207)', async () => {
    const browser = site.visitor();
    const { path, code } = await site.request(browser, 'issuer');
    const callback = await site.decide(browser, locationOf(await site.typeCode(browser, path, code)), 'deny');
    const url = new URL(callback, site.url);
    url.searchParams.set('iss', 'https://evil.example.com');
    expect((await browser.get(url.pathname + url.search)).status).toBe(400);
  });

  it('keeps the last few transactions of a browser, and no more than fit into a cookie', async () => {
    const browser = site.visitor();
    const { link } = await site.request(browser, 'tabber');
    const extended_code = new URL(link).searchParams.get('extended_code') ?? '';
    const begin = async () => {
      const form_token = await browser.formToken();
      return locationOf(await browser.post('/sign-in/link', { form_token, extended_code }));
    };
    const begun = [];
    for (let tab = 0; tab < 5; tab += 1) begun.push(await begin());
    const callbacks = [];
    for (const url of begun) callbacks.push(await site.decide(browser, url, 'deny'));
    const answers = [];
    for (const callback of callbacks) answers.push((await browser.get(callback)).status);
    expect(answers).toEqual([400, 200, 200, 200, 200]);
  });
});

describe('a session', () => {
  it('ends when another begins in its place, also for who has a copy of its cookie', async () => {
    const browser = site.visitor();
    const signIn = async () => {
      const { link } = await generatedLink(site, 'returner');
      const extended_code = new URL(link).searchParams.get('extended_code') ?? '';
      const begun = await browser.post('/sign-in/link', { form_token: await browser.formToken(), extended_code });
      const ended = await browser.get(await site.decide(browser, locationOf(begun), 'allow'));
      expect(locationOf(ended)).toBe('/sign-in/done');
    };
    await signIn();
    const copy = browser.copy();
    expect((await copy.get('/sign-in/done')).text).toContain('You are signed in');
    await signIn();
    expect((await browser.get('/sign-in/done')).text).toContain('You are signed in');
    expect(locationOf(await copy.get('/sign-in/done'))).toBe('/sign-in');
  });
});

describe('the link', () => {
  it('GAC-08 shows a button to GET and HEAD, as often as they like, and refuses what is no code', async () => {
    const { link } = await site.request(site.visitor(), 'linker');
    const { pathname, search, searchParams } = new URL(link);
    for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) {
      const { status, text } = await site.visitor().send(method, pathname + search, undefined, {});
      expect(status).toBe(200);
      if (method === 'GET') expect(text).toMatch(/<form [^>]*method="post" action="\/sign-in\/link">/);
    }
    for (const bad of ['', 'abc', '%3Cscript%3E', 'a'.repeat(700)]) {
      expect((await site.visitor().get(`${pathname}?extended_code=${bad}`)).status).toBe(400);
    }
    // The code is as good as it was.
    const browser = site.visitor();
    const form = { form_token: await browser.formToken(), extended_code: searchParams.get('extended_code') ?? '' };
    const taken = await browser.post(pathname, form);
    expect(locationOf(taken)).not.toContain(form.extended_code);
    expect((await browser.get(locationOf(taken))).text).toContain('Allow');
  });

  it('warns a browser that did not ask', async () => {
    const asked = site.visitor();
    const { pathname, search } = new URL((await site.request(asked, 'looker')).link);
    expect((await asked.get(pathname + search)).text).not.toContain('did not ask');
    expect((await site.visitor().get(pathname + search)).text).toContain('did not ask');
  });

  it("warns a browser that asked for another mail, also when the link is somebody else's for it", async () => {
    const [sent, victim] = [await site.request(site.visitor(), 'bait'), site.visitor()];
    await site.ask(victim, addressOf('nobody-baited'));
    const { pathname, search, searchParams } = new URL(sent.link);
    expect((await victim.get(pathname + search)).text).toContain('did not ask');
    const own = new URL(await site.ask(victim, addressOf('nobody-baited')), site.url).searchParams.get('request') ?? '';
    for (const request of ['', own.slice(1), `${own}x`]) {
      const query = new URLSearchParams({ extended_code: searchParams.get('extended_code') ?? '', request });
      expect((await victim.get(`${pathname}?${query}`)).text).toContain('did not ask');
    }
  });
});

describe("the server's own page", () => {
  it('is offered to everybody, and knows the address from us, not from a URL', async () => {
    for (const email of [addressOf('hinted'), addressOf('nobody')]) {
      const browser = site.visitor();
      const path = await site.ask(browser, email);
      const { text } = await browser.get(path);
      const [, way = ''] = /<a href="([^"]+)">Sign in on the server's own page instead</.exec(text) ?? [];
      expect(locationOf(await site.visitor().get(way))).toBe('/sign-in');
      const answer = await browser.get(way);
      expect([...new URL(locationOf(answer)).searchParams.keys()]).toEqual(['client_id', 'request_uri']);
      const login = await browser.get(locationOf(answer));
      expect(login.text).toContain('Send me a code');
      expect(login.text).toContain(`value="${email}"`);
    }
  });
});

describe('a mail server that is away', () => {
  it('is told to people, makes no new code, and leaves the old one as it is', async () => {
    const browser = site.visitor();
    const { path, code } = await site.request(browser, 'stayer');
    await site.mails.close();
    for (const email of [addressOf('stayer'), addressOf('nobody')]) {
      const page = await site.visitor().get('/sign-in');
      expect(page.status).toBe(200);
      const other = site.visitor();
      const answer = await other.get(await site.ask(other, email));
      expect(answer.status).toBe(503);
      expect(answer.text).toContain('Mail cannot be sent at the moment');
    }
    await site.mails.open();
    const taken = await site.typeCode(browser, path, code);
    expect((await browser.get(locationOf(taken))).text).toContain('Allow');
  });
});

describe('a person whose guesses of the day are spent', () => {
  const strict = new SignInSite();
  afterAll(() => strict.stop());

  it('gets no mail, the same page as everybody, and another way to sign in', async () => {
    await strict.start(['spender'], { daily_attempts: 1 });
    const { code } = await generatedLink(strict, 'spender');
    const wrong = extendedCode('id-of-spender', `${(Number(code) + 1) % 1e8}`.padStart(8, '0'));
    const query = { response_type: 'code', client_id: 'page', redirect_uri: `${strict.url}/sign-in/callback` };
    const guess = new URLSearchParams({ ...query, scope: 'openid', authentication_code: wrong });
    await strict.visitor().get(`/acme/demo/oauth2/authorize?${guess}`);
    const asked = async (email: string) => {
      const browser = strict.visitor();
      return shape(await browser.get(await strict.ask(browser, email)));
    };
    const page = await asked(addressOf('spender'));
    expect(page).toEqual(await asked(addressOf('nobody')));
    expect(page.text).toContain('Sign in on the server');
    expect(await strict.app.logged('The code was not generated: 429')).toContain('sign_in');
    expect(strict.mails.received).toEqual([]);
  }, 30_000);
});
