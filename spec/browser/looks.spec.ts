import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { borderContrast, findings, launchChromium, newBrowser, overflow } from '../support/chromium.js';
import { DemoSite } from '../support/demo-site.js';

jest.setTimeout(60_000);

const site = new DemoSite();
let chromium: Browser;
let link: string;
beforeAll(async () => {
  [chromium] = await Promise.all([launchChromium(), site.start()]);
  const page = await (await newBrowser(chromium)).newPage();
  await page.goto(`${site.url}/sign-in`);
  await page.getByLabel('E-mail address').fill('johndoe@example.com');
  await page.getByRole('button', { name: 'Request Code' }).click();
  ({ link } = await site.mailAfter(0));
  await page.close();
});
afterAll(async () => {
  await chromium.close();
  await site.stop();
});

const authorize = () =>
  `${site.url}/acme/demo/oauth2/authorize?${new URLSearchParams({
    response_type: 'code',
    client_id: 'demo-passwordless',
    redirect_uri: `${site.url}/callback`,
    scope: 'openid',
  })}`;

/** How to come to each page. */
const pages: readonly (readonly [name: string, visit: (page: Page) => Promise<unknown>])[] = [
  ['home', (page) => page.goto(site.url)],
  ['address', (page) => page.goto(`${site.url}/sign-in`)],
  [
    'not-an-address',
    async (page) => {
      await page.goto(`${site.url}/sign-in`);
      // The browser takes it, we do not.
      await page.getByLabel('E-mail address').fill('a..b@example.com');
      await page.locator('form').evaluate((form) => form.setAttribute('novalidate', ''));
      await page.getByRole('button', { name: 'Request Code' }).click();
      await page.getByText('not an address').waitFor();
    },
  ],
  [
    'code',
    async (page) => {
      await page.goto(`${site.url}/sign-in`);
      await page.getByLabel('E-mail address').fill('nobody@example.com');
      await page.getByRole('button', { name: 'Request Code' }).click();
      await page.getByRole('heading', { name: 'Check your mail' }).waitFor();
    },
  ],
  [
    'code-again',
    async (page) => {
      await page.goto(`${site.url}/sign-in`);
      await page.getByLabel('E-mail address').fill('nobody@example.com');
      await page.getByRole('button', { name: 'Request Code' }).click();
      await page.getByRole('button', { name: 'Send another mail' }).click();
      await page.getByText('You asked for another mail').waitFor();
    },
  ],
  ['link-elsewhere', (page) => page.goto(link)],
  ['link-broken', (page) => page.goto(`${site.url}/sign-in/link?extended_code=abc`)],
  ['outbox', (page) => page.goto(`${site.url}/outbox`)],
  ['callback', (page) => page.goto(`${site.url}/callback?code=c&state=s`)],
  ['nothing', (page) => page.goto(`${site.url}/no-such-page`)],
  [
    'login',
    async (page) => {
      await page.goto(authorize());
      await page.getByRole('button', { name: 'Send me a code' }).waitFor();
    },
  ],
  [
    'consent',
    async (page) => {
      await page.goto(link);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('button', { name: 'Allow' }).waitFor();
    },
  ],
  ['error', (page) => page.goto(`${site.url}/acme/demo/oauth2/authorize?response_type=code&client_id=nobody`)],
];

describe.each(['light', 'dark'] as const)('in the %s', (colorScheme) => {
  it.each(pages)('AUT-13 %s reads well for everybody, also in a window 320 pixels wide', async (name, visit) => {
    const context = await newBrowser(chromium, { colorScheme, viewport: { width: 320, height: 640 } });
    const foreign: string[] = [];
    context.on('request', (request) => {
      if (!request.url().startsWith(site.url)) foreign.push(request.url());
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) complaints.push(message.text());
    });
    await visit(page);
    expect(await overflow(page)).toBe(0);
    expect(await findings(page, `${name}-${colorScheme}`)).toEqual([]);
    expect({ foreign, complaints }).toEqual({ foreign: [], complaints: [] });
    await context.close();
  });
});

it.each(['light', 'dark'] as const)(
  'AUT-13 the box of a permission that was unticked can be seen in the %s',
  async (colorScheme) => {
    const context = await newBrowser(chromium, { colorScheme });
    const page = await context.newPage();
    await page.goto(link);
    await page.getByRole('button', { name: 'Sign in' }).click();
    const box = page.getByRole('checkbox', { name: 'Read your data' });
    await box.uncheck();
    expect(await borderContrast(page, 'input[value=read]')).toBeGreaterThan(3);
    await box.check();
    expect(await borderContrast(page, 'input[value=read]')).toBeGreaterThan(3);
    await context.close();
  },
);

describe('the keyboard', () => {
  it('is enough to ask for a code', async () => {
    const context = await newBrowser(chromium);
    const page = await context.newPage();
    await page.goto(`${site.url}/sign-in`);
    const focused = () => page.evaluate(() => (globalThis as unknown as Focus).document.activeElement?.id);
    for (let presses = 0; presses < 5 && (await focused()) !== 'email'; presses += 1) await page.keyboard.press('Tab');
    await page.keyboard.type('nobody@example.com');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Check your mail' }).waitFor();
    await context.close();
  });
});

interface Focus {
  readonly document: { readonly activeElement: { readonly id: string } | null };
}
