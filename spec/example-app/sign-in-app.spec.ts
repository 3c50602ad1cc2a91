import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { plainAddress } from '../../example-app/sign-in-app/address.js';
import { codeWithin, extendedCode } from '../../example-app/sign-in-app/code-sender.js';
import { MailServer, partsOf, type ReceivedMail } from '../support/mail-server.js';
import { SiteVisitor } from '../support/site-visitor.js';
import { AppProcess, killAll, Scratch, shell } from './run-app.js';

const scratch = new Scratch();
const person = 'johndoe@example.com';

let mails: MailServer;
let app: AppProcess;
let url: string;
let ca: string;
beforeAll(async () => {
  mails = await new MailServer().open();
  const directory = scratch.directory();
  app = new AppProcess(['--data-dir', directory, '--port', '0', '--mail', mails.url()]);
  url = await app.listening();
  ca = readFileSync(join(directory, 'pki/ca.crt'), 'utf8');
}, 30_000);
afterAll(async () => {
  await killAll();
  await mails.close();
  scratch.remove();
});

const visitor = () => new SiteVisitor(url, ca);
const locationOf = ({ headers }: { headers: Readonly<Record<string, unknown>> }) => String(headers.location);

/** Mails that came. */
let due = 0;

/** Asks for a code, waits for its mail if there is to be one, and answers the path of the page that takes it. */
async function ask(browser: SiteVisitor, email: string): Promise<string> {
  const form_token = await browser.formToken();
  const location = locationOf(await browser.post('/sign-in', { form_token, email }));
  if (plainAddress(email) === person && location.includes('notice=sent')) await arrival();
  return location;
}

async function arrival(): Promise<void> {
  await mails.mail((mail) => mails.received.indexOf(mail) === due);
  due += 1;
}

function newest(): ReceivedMail {
  const mail = mails.received.at(-1);
  if (!mail) throw new Error('No mail came');
  return mail;
}

function command(title: string): string {
  const lines = app.stdout.split('\n');
  return lines[lines.indexOf(title) + 1]?.trim() ?? '';
}

const codeOf = (mail: ReceivedMail) => /^ {4}(\d{8})$/m.exec(partsOf(mail).get('text/plain') ?? '')?.[1] ?? '';
const linkOf = (mail: ReceivedMail) => /https:\S+/.exec(partsOf(mail).get('text/plain') ?? '')?.[0] ?? '';

describe('asking for a code', () => {
  it('mails a code and a link that carries it, to the person alone', async () => {
    await ask(visitor(), 'JohnDoe@Example.com ');
    const mail = newest();
    expect(mail.to).toEqual([person]);
    const extended = new URL(linkOf(mail)).searchParams.get('extended_code') ?? '';
    expect(linkOf(mail)).toMatch(new RegExp(`^${url}/sign-in/link\\?extended_code=[\\w-]+$`));
    expect(Buffer.from(extended, 'base64url').toString()).toBe(`6833b9b9908740b2b1c68608054c1477:${codeOf(mail)}`);
    expect(partsOf(mail).get('text/html')).toContain(codeOf(mail));
  });

  it('answers the same for a known and an unknown address: status, headers and page', async () => {
    const browser = visitor();
    const form_token = await browser.formToken();
    const answers = [];
    for (const email of ['johndoe+a@example.com', person, 'nobody@example.com']) {
      const asked = await browser.post('/sign-in', { form_token, email });
      if (email === person) await arrival();
      const page = await browser.get(locationOf(asked));
      const { date: _date, location, ...headers } = asked.headers;
      answers.push({
        asked: { status: asked.status, text: asked.text.replace(/request=[\w-]{22}/g, 'request='), headers },
        location: String(location).replace(/request=[\w-]{22}/, 'request='),
        page: { status: page.status, text: page.text },
      });
    }
    expect(answers[0]).toMatchObject({ asked: { status: 303 }, page: { status: 200 } });
    expect(answers[0]?.location).toContain('notice=sent');
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it('answers a typed code the same: the server hears of somebody, known or not', async () => {
    for (const email of [person, 'nobody@example.com']) {
      const browser = visitor();
      const path = await ask(browser, email);
      const form_token = await browser.formToken();
      const answer = await browser.post(path, { form_token, code: '0000 0000' });
      expect(answer.status).toBe(303);
      const code = new URL(locationOf(answer)).searchParams.get('authentication_code') ?? '';
      expect(Buffer.from(code, 'base64url').toString()).toMatch(/^[\da-f]{32}:00000000$/);
    }
  });

  it.each([
    'johndoe@example.com,evil@example.com',
    'johndoe@example.com;evil@example.com',
    '"evil@example.com"@example.com',
    'John <johndoe@example.com>',
    'johndoe@example.com\r\nBcc: evil@example.com',
    'johndoe@@example.com',
    'jöhndoe@example.com',
    'johndoe@example.com evil@example.com',
    'johndoe',
    '',
  ])('refuses %j', async (email) => {
    const browser = visitor();
    const answer = await browser.post('/sign-in', { form_token: await browser.formToken(), email });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('not an address that a mail can go to');
  });

  it('sent no mail for any of those', async () => {
    const before = due;
    await ask(visitor(), person);
    expect(mails.received).toHaveLength(before + 1);
    expect(mails.received.filter((mail) => mail.to.join() !== person)).toEqual([]);
  });

  it('sends no second mail at once, and says so whoever asks', async () => {
    for (const email of [person, 'nobody@example.com']) {
      const browser = visitor();
      expect(await ask(browser, email)).toContain('notice=sent');
      expect(await ask(browser, email)).toContain('notice=again');
    }
    expect(mails.received).toHaveLength(due);
  });
});

describe('bad forms', () => {
  it('CON-01 takes none from elsewhere', async () => {
    const browser = visitor();
    const form_token = await browser.formToken();
    expect((await browser.post('/sign-in', { email: 'nobody@example.com' })).status).toBe(403);
    expect((await visitor().post('/sign-in', { form_token, email: 'nobody@example.com' })).status).toBe(403);
    const crossSite = { 'sec-fetch-site': 'cross-site' };
    expect((await browser.post('/sign-in', { form_token, email: 'nobody@example.com' }, crossSite)).status).toBe(403);
    for (const path of ['/sign-in/link', '/sign-in/code', '/sign-in/out']) {
      expect((await browser.post(path, { extended_code: 'x', code: '1' })).status).toBe(403);
    }
    expect((await browser.post('/sign-in', { form_token, email: 'nobody@example.com' })).status).toBe(303);
  });

  it("takes no code for another browser's request", async () => {
    const path = await ask(visitor(), person);
    const other = visitor();
    const answer = await other.post(path, { form_token: await other.formToken(), code: '12345678' });
    expect({ status: answer.status, location: locationOf(answer) }).toEqual({ status: 303, location: '/sign-in' });
  });

  it('takes no callback that began nowhere, or in another browser', async () => {
    const browser = visitor();
    const path = await ask(browser, person);
    const begun = await browser.post(path, { form_token: await browser.formToken(), code: '12345678' });
    const state = new URL(locationOf(begun)).searchParams.get('state');
    expect((await visitor().get(`/sign-in/callback?code=c&state=${state}`)).status).toBe(400);
    expect((await browser.get('/sign-in/callback?code=c&state=other')).status).toBe(400);
    expect((await browser.get(`/sign-in/callback?error=access_denied&state=${state}`)).text).toContain('did not allow');
    // Once.
    expect((await browser.get(`/sign-in/callback?error=access_denied&state=${state}`)).status).toBe(400);
  });

  it('takes no answer of another issuer (RFC 9207)', async () => {
    const browser = visitor();
    const path = await ask(browser, person);
    const begun = await browser.post(path, { form_token: await browser.formToken(), code: '12345678' });
    const state = new URL(locationOf(begun)).searchParams.get('state');
    const iss = encodeURIComponent('https://evil.example.com');
    expect((await browser.get(`/sign-in/callback?code=c&state=${state}&iss=${iss}`)).status).toBe(400);
  });
});

describe('the link', () => {
  it('GAC-08 shows a button to GET and HEAD, as often as they like, and refuses what is no code', async () => {
    await ask(visitor(), person);
    const mail = newest();
    const { pathname, search } = new URL(linkOf(mail));
    for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) {
      const { status, text } = await visitor().send(method, pathname + search, undefined, {});
      expect(status).toBe(200);
      if (method === 'GET') expect(text).toMatch(/<form [^>]*method="post" action="\/sign-in\/link">/);
    }
    for (const bad of ['', 'abc', '%3Cscript%3E', 'a'.repeat(700)]) {
      expect((await visitor().get(`${pathname}?extended_code=${bad}`)).status).toBe(400);
    }
    // The code is as good as it was.
    const token = command('password, with a one-time code').replace(/\$\(.*\)/s, codeOf(mail));
    expect(JSON.parse((await shell(token)).stdout)).toHaveProperty('access_token');
  });

  it('warns a browser that did not ask', async () => {
    const asked = visitor();
    await ask(asked, person);
    const { pathname, search } = new URL(linkOf(newest()));
    expect((await asked.get(pathname + search)).text).not.toContain('did not ask');
    expect((await visitor().get(pathname + search)).text).toContain('did not ask');
  });
});

describe('a mail server that is away', () => {
  it('is told to people, makes no new code, and leaves the old one as it is', async () => {
    const generated = JSON.parse((await shell(command('a one-time code'))).stdout);
    await mails.close();
    for (const email of [person, 'nobody@example.com']) {
      const browser = visitor();
      const page = await browser.get(await ask(browser, email));
      expect(page.status).toBe(503);
      expect(page.text).toContain('Mail cannot be sent at the moment');
    }
    await mails.open();
    const token = command('password, with a one-time code').replace(/\$\(.*\)/s, generated.extended_code);
    expect(JSON.parse((await shell(token)).stdout)).toHaveProperty('id_token');
    expect(await ask(visitor(), person)).toContain('notice=sent');
    expect(newest().to).toEqual([person]);
  });
});

describe('the parts', () => {
  it.each([
    ['johndoe@example.com', 'johndoe@example.com'],
    ['  JohnDoe@EXAMPLE.com\n', 'johndoe@example.com'],
    ['a＠b.com', 'a@b.com'],
    ["o'brien+x@mail.example.co.uk", "o'brien+x@mail.example.co.uk"],
    ['a@localhost', 'a@localhost'],
    ['a..b@example.com', undefined],
    ['.a@example.com', undefined],
    ['a@-example.com', undefined],
    ['a@example..com', undefined],
    [`${'a'.repeat(65)}@example.com`, undefined],
    ['a@b@example.com', undefined],
    [undefined, undefined],
    [['a@example.com'], undefined],
  ])('reads the address %j as %j', (typed, address) => {
    expect(plainAddress(typed)).toBe(address);
  });

  it('reads the code within an extended one, as the vendor writes it', () => {
    const sample = 'NjgzM2I5Yjk5MDg3NDBiMmIxYzY4NjA4MDU0YzE0Nzc6NDY1NTkzMjQ';
    expect(extendedCode('6833b9b9908740b2b1c68608054c1477', '46559324')).toBe(sample);
    expect(codeWithin(sample)).toBe('46559324');
    expect(codeWithin(Buffer.from('no colon').toString('base64url'))).toBeUndefined();
    expect(codeWithin(`${sample}=`)).toBeUndefined();
  });

  it('stand on the public wire: the application imports nothing of the library', () => {
    const folder = fileURLToPath(new URL('../../example-app/sign-in-app/', import.meta.url));
    for (const name of readdirSync(folder)) {
      const imported = [...readFileSync(join(folder, name), 'utf8').matchAll(/from '([^']+)'/g)].map(
        ([, from]) => from,
      );
      expect(imported.filter((from) => /index\.js$|\/lib\/|\/strategies\//.test(from ?? ''))).toEqual([]);
    }
  });
});
