import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { findings, launchChromium, newBrowser } from '../support/chromium.js';
import { DemoSite } from '../support/demo-site.js';
import { addressOf, passwordlessConfiguration } from '../support/passwordless-configuration.js';
import { SiteVisitor } from '../support/site-visitor.js';

jest.setTimeout(60_000);

const site = new DemoSite();
let chromium: Browser;
let context: BrowserContext;
let page: Page;
beforeAll(async () => {
  [chromium] = await Promise.all([
    launchChromium(),
    site.start((publicUrl) => passwordlessConfiguration(publicUrl, ['anna', 'bert', 'carl'])),
  ]);
  context = await newBrowser(chromium);
  page = await context.newPage();
});
afterAll(async () => {
  await chromium.close();
  await site.stop();
});

const issuer = () => `${site.url}/acme/demo`;

/** Asks for an authorization code, as an application does that knows nothing of one-time codes. */
async function ask(on: Page = page): Promise<void> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'shop',
    redirect_uri: `${site.url}/callback`,
    scope: 'openid read',
    state: 's',
  });
  await on.goto(`${issuer()}/oauth2/authorize?${query}`);
}

/** Each spec goes on where the one before ended: one browser, one person. */
describe("the server's own login", () => {
  it('asks for the address, then for the code, and shows the consent page', async () => {
    const before = (await site.mails()).length;
    await ask();
    expect(page.url().startsWith(site.url)).toBe(true);
    expect(await findings(page, 'login-address')).toEqual([]);
    await page.getByLabel('E-mail address').fill(addressOf('anna'));
    await page.getByRole('button', { name: 'Send me a code' }).click();
    await page.getByRole('heading', { name: 'Enter your code' }).waitFor();
    expect(await findings(page, 'login-code')).toEqual([]);
    const { code, link } = await site.mailAfter(before);
    expect(link.startsWith(`${issuer()}/login/link?`)).toBe(true);

    await page.getByLabel('Code', { exact: true }).fill(code === '00000000' ? '00000001' : '00000000');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    expect(await findings(page, 'login-wrong-code')).toEqual([]);

    await page.getByLabel('Code', { exact: true }).fill(code);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'Your authorization code' }).waitFor();
    expect(await findings(page, 'callback')).toEqual([]);
  });

  it('knows the person the next time', async () => {
    await ask();
    await page.getByRole('heading', { name: 'Your authorization code' }).waitFor();
  });

  it('CON-05 shows what was allowed, and withdraws it', async () => {
    await page.goto(`${issuer()}/consents`);
    expect(await findings(page, 'consents')).toEqual([]);
    await page.getByRole('button', { name: /Withdraw access of The shop/ }).click();
    await page.getByText('The access was withdrawn').waitFor();
    expect(await findings(page, 'consents-withdrawn')).toEqual([]);
    await ask();
    await page.getByRole('button', { name: 'Allow' }).waitFor();
  });

  it('ends with logout, after asking', async () => {
    await page.goto(`${issuer()}/oidc/logout`);
    expect(await findings(page, 'logout')).toEqual([]);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out here').waitFor();
    expect(await findings(page, 'signed-out')).toEqual([]);
    await ask();
    await page.getByLabel('E-mail address').waitFor();
  });

  it('GAC-08 signs in by the link of its mail, by a button, without JavaScript', async () => {
    const fresh = await newBrowser(chromium, { javaScriptEnabled: false });
    const tab = await fresh.newPage();
    const before = (await site.mails()).length;
    await ask(tab);
    await tab.getByLabel('E-mail address').fill(addressOf('bert'));
    await tab.getByRole('button', { name: 'Send me a code' }).click();
    const { link } = await site.mailAfter(before);
    const { pathname, search } = new URL(link);
    const scanner = new SiteVisitor(site.url, site.ca);
    for (const method of ['HEAD', 'GET']) await scanner.send(method, pathname + search, undefined, {});
    await tab.goto(link);
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await tab.getByRole('button', { name: 'Allow' }).click();
    await tab.getByRole('heading', { name: 'Your authorization code' }).waitFor();
    await fresh.close();
  });

  it('AUT-12 signs in by a link in a browser that did not ask, and ends at the page of what was allowed', async () => {
    const [desk, phone] = [await newBrowser(chromium), await newBrowser(chromium)];
    const [asking, opening] = [await desk.newPage(), await phone.newPage()];
    const before = (await site.mails()).length;
    await ask(asking);
    await asking.getByLabel('E-mail address').fill(addressOf('carl'));
    await asking.getByRole('button', { name: 'Send me a code' }).click();
    const { link } = await site.mailAfter(before);
    await asking.goto(link);
    await asking.getByText('to go on to').waitFor();
    expect(await findings(asking, 'login-link')).toEqual([]);
    await opening.goto(link);
    await opening.getByText('This mail was asked for in another browser').waitFor();
    expect(await findings(opening, 'login-link-elsewhere')).toEqual([]);
    await opening.getByRole('button', { name: 'Sign in' }).click();
    await opening.getByText('You are signed in here').waitFor();
    expect(opening.url()).toBe(`${issuer()}/consents?signed_in=1`);
    expect(await findings(opening, 'consents-signed-in')).toEqual([]);
    await asking.getByRole('button', { name: 'Sign in' }).click();
    await asking.getByText('That link is no longer good').waitFor();
    await Promise.all([desk.close(), phone.close()]);
  });

  it('shows the same to somebody it does not know', async () => {
    const texts = [];
    for (const name of ['anna', 'eve0']) {
      const fresh = await newBrowser(chromium);
      const tab = await fresh.newPage();
      await ask(tab);
      await tab.getByLabel('E-mail address').fill(addressOf(name));
      await tab.getByRole('button', { name: 'Send me a code' }).click();
      await tab.getByRole('heading', { name: 'Enter your code' }).waitFor();
      texts.push((await tab.locator('main').innerText()).replace(addressOf(name), 'ADDRESS'));
      await fresh.close();
    }
    expect(texts[1]).toBe(texts[0]);
  });
});
