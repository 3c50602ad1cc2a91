import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { findings, launchChromium, newBrowser, overflow } from '../support/chromium.js';
import { DemoSite } from '../support/demo-site.js';
import { generatedLink } from '../support/generated-link.js';
import { addressOf, passwordlessConfiguration } from '../support/passwordless-configuration.js';
import { SiteVisitor } from '../support/site-visitor.js';

jest.setTimeout(60_000);

// One person per spec: what one allowed is not asked again.
const people = [
  'typist',
  'linker',
  'looker',
  'parter',
  'denier',
  'guesser',
  'plain',
  'back',
  'tabs',
  'leaver',
  'friend',
  'elsewhere',
  'hidden',
];
const site = new DemoSite();
let chromium: Browser;
let context: BrowserContext;
let page: Page;
beforeAll(async () => {
  [chromium] = await Promise.all([
    launchChromium(),
    site.start((publicUrl) => passwordlessConfiguration(publicUrl, people)),
  ]);
});
afterAll(async () => {
  await chromium.close();
  await site.stop();
});
beforeEach(async () => {
  context = await newBrowser(chromium);
  page = await context.newPage();
});
afterEach(() => context.close());

/** Types the address and presses the button, and answers the mail that comes. */
async function requestCode(name: string, on: Page = page) {
  const before = (await site.mails()).length;
  await on.goto(`${site.url}/sign-in`);
  await on.getByLabel('E-mail address').fill(addressOf(name));
  await on.getByRole('button', { name: 'Request Code' }).click();
  await on.getByRole('heading', { name: 'Check your mail' }).waitFor();
  return site.mailAfter(before);
}

async function typeCode(code: string, on: Page = page) {
  await on.getByLabel('Code', { exact: true }).fill(code);
  await on.getByRole('button', { name: 'Sign in' }).click();
}

const consent = (on: Page = page) => on.getByRole('button', { name: 'Allow' });
const signedIn = (on: Page = page) => on.getByRole('heading', { name: 'You are signed in' }).waitFor();

describe('a person in a browser', () => {
  it('signs in by typing the code, and sees who, which tokens, and what the API answers', async () => {
    const { code } = await requestCode('typist');
    expect(await findings(page, 'check-your-mail')).toEqual([]);
    await typeCode(`${code.slice(0, 4)} ${code.slice(4)}`);
    await consent().waitFor();
    expect(await findings(page, 'consent')).toEqual([]);
    await consent().click();
    await signedIn();
    expect(page.url()).toBe(`${site.url}/sign-in/done`);
    expect(await findings(page, 'signed-in')).toEqual([]);
    const text = await page.locator('main').innerText();
    expect(text).toContain('Welcome, typist.');
    expect(text).toContain('"sub": "id-of-typist"');
    expect(text).toContain('"client_id": "page"');
    expect(text).toMatch(/Answered\s+200/);
  });

  it('GAC-08 signs in by the link after HEAD and GET of a scanner, by pressing a button', async () => {
    const { link } = await requestCode('linker');
    const { pathname, search } = new URL(link);
    const scanner = new SiteVisitor(site.url, site.ca);
    for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) await scanner.send(method, pathname + search, undefined, {});
    await page.goto(`${site.url}/outbox`);
    expect(await findings(page, 'outbox')).toEqual([]);
    await page.getByRole('link', { name: link }).click();
    expect(await findings(page, 'link')).toEqual([]);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await consent().click();
    await signedIn();
    // Used up now.
    await page.goto(link);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('no longer good').waitFor();
  });

  it('GAC-08 looking at the consent page uses nothing up either', async () => {
    const { link } = await requestCode('looker');
    for (const _time of ['first', 'second']) {
      await page.goto(link);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await consent().waitFor();
    }
    await consent().click();
    await signedIn();
  });

  it('allows a part, and the token has no more', async () => {
    const { code } = await requestCode('parter');
    await typeCode(code);
    await page.getByRole('checkbox', { name: /Read your data/ }).uncheck();
    await page.getByRole('checkbox', { name: /e-mail/i }).uncheck();
    await consent().click();
    await signedIn();
    const text = await page.locator('main').innerText();
    expect(text).toMatch(/Scope\s+openid profile\n/);
    expect(text).not.toContain('parter@example.com');
  });

  it('CON-03 says no, and nothing is shared', async () => {
    const { code } = await requestCode('denier');
    await typeCode(code);
    await page.getByRole('button', { name: 'Deny' }).click();
    await page.getByRole('heading', { name: 'You did not allow it' }).waitFor();
    expect(await findings(page, 'denied')).toEqual([]);
    await page.goto(`${site.url}/sign-in/done`);
    expect(page.url()).toBe(`${site.url}/sign-in`);
  });

  it('types a wrong code, and is asked for the address again', async () => {
    await requestCode('guesser');
    await typeCode('00000000');
    await page.getByText('no longer good').waitFor();
    expect(await findings(page, 'wrong-code')).toEqual([]);
    expect(new URL(page.url()).origin).toBe(site.url);
  });

  it("signs in on the server's own page, which knows the address already", async () => {
    const before = (await site.mails()).length;
    await requestCode('elsewhere');
    await page.getByRole('link', { name: "Sign in on the server's own page instead" }).click();
    await page.getByRole('button', { name: 'Send me a code' }).click();
    const { code } = await site.mailAfter(before + 1);
    await page.getByLabel('Code', { exact: true }).fill(code);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await consent().click();
    await signedIn();
    expect(await page.locator('main').innerText()).toContain('Welcome, elsewhere.');
  });

  it('GAC-08 shows the id of nobody in any URL, whoever is typed for and however wrong', async () => {
    const urls: string[] = [];
    page.on('request', (request) => urls.push(request.url()));
    const { code } = await requestCode('hidden');
    await typeCode(`${(Number(code) + 1) % 1e8}`.padStart(8, '0'));
    await page.getByText('no longer good').waitFor();
    expect(urls.filter((url) => url.includes('/oauth2/authorize'))).toHaveLength(1);
    const start = Buffer.from('id-of-hidden').toString('base64url');
    expect(urls.filter((url) => /authentication_code|id-of-/.test(url) || url.includes(start))).toEqual([]);
  });

  it('signs in without JavaScript', async () => {
    const plain = await newBrowser(chromium, { javaScriptEnabled: false });
    const quiet = await plain.newPage();
    const { link } = await requestCode('plain', quiet);
    await quiet.goto(link);
    await quiet.getByRole('button', { name: 'Sign in' }).click();
    await consent(quiet).click();
    await signedIn(quiet);
    await plain.close();
  });

  it('goes back, and nothing breaks or happens twice', async () => {
    const { code } = await requestCode('back');
    await typeCode(code);
    await consent().click();
    await signedIn();
    await page.goBack();
    await page.goForward();
    await signedIn();
    await page.reload();
    await signedIn();
    await page.goBack();
    const allow = consent();
    if (await allow.isVisible()) {
      await allow.click();
      await page
        .getByText(/no longer good|not under way|no longer|start again/i)
        .first()
        .waitFor();
    }
    await page.goto(`${site.url}/sign-in/done`);
    await signedIn();
  });

  it('signs in in two tabs at once', async () => {
    const other = await context.newPage();
    const first = await requestCode('tabs');
    await other.goto(first.link);
    await other.getByRole('button', { name: 'Sign in' }).click();
    await consent(other).waitFor();
    await typeCode(first.code);
    await consent().waitFor();
    await consent().click();
    await signedIn();
    // The same code: the other tab comes too late, and is told so.
    await consent(other).click();
    await other.getByText('no longer good').waitFor();
    await page.reload();
    await signedIn();
  });

  it('signs out of both, and is asked who it is the next time', async () => {
    const { code } = await requestCode('leaver');
    await typeCode(code);
    await consent().click();
    await signedIn();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${site.url}/sign-in`);
    await page.goto(`${site.url}/sign-in/done`);
    expect(page.url()).toBe(`${site.url}/sign-in`);
  });

  it('CON-04 is not asked again for the same, but must press a button all the same', async () => {
    const first = await requestCode('friend');
    await typeCode(first.code);
    await consent().click();
    await signedIn();
    const elsewhere = await newBrowser(chromium);
    const other = await elsewhere.newPage();
    // By the API: the page sends no second mail so soon.
    const { link } = await generatedLink(site, 'friend');
    await other.goto(link);
    await other.getByRole('button', { name: 'Sign in' }).click();
    const go = other.getByRole('button', { name: 'Continue as friend' });
    await go.waitFor();
    expect(await findings(other, 'continue')).toEqual([]);
    await go.click();
    await signedIn(other);
    await elsewhere.close();
  });
});

describe('a code that is too old', () => {
  it('leads to the login page with a message', async () => {
    const brief = new DemoSite();
    await brief.start((publicUrl) => passwordlessConfiguration(publicUrl, ['late'], 1));
    const before = (await brief.mails()).length;
    await page.goto(`${brief.url}/sign-in`);
    await page.getByLabel('E-mail address').fill(addressOf('late'));
    await page.getByRole('button', { name: 'Request Code' }).click();
    const { link } = await brief.mailAfter(before);
    await page.waitForTimeout(1_200);
    await page.goto(link);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('no longer good').waitFor();
    await page.getByLabel('E-mail address').waitFor();
  });
});

describe('a site without mail', () => {
  it('says so instead of asking for an address', async () => {
    const mute = new DemoSite();
    // In production nobody is given an outbox unasked.
    await mute.start((publicUrl) => ({ ...passwordlessConfiguration(publicUrl, ['nobody']), mail: undefined }), {
      NODE_ENV: 'production',
    });
    await page.setViewportSize({ width: 320, height: 640 });
    await page.goto(`${mute.url}/sign-in`);
    await page.getByRole('heading', { name: 'Mail is not set up' }).waitFor();
    expect(await page.getByLabel('E-mail address').count()).toBe(0);
    expect(await overflow(page)).toBe(0);
    expect(await findings(page, 'no-mail')).toEqual([]);
  });
});
