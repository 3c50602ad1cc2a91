import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { findings, launchChromium, newBrowser, overflow } from '../support/chromium.js';
import { DemoSite } from '../support/demo-site.js';
import { basicHeader } from '../support/methods.js';
import { SiteVisitor } from '../support/site-visitor.js';
import { noteSecret } from '../support/suite-log.js';

jest.setTimeout(60_000);

const token = noteSecret(randomBytes(24).toString('base64url'));
const secret = noteSecret(randomBytes(24).toString('base64url'));
const service = { client_id: 'service', client_secret: secret, grant_types: ['client_credentials'], scope: 'read' };
const configuration = {
  admin_tokens: [token],
  tenants: { acme: { workspaces: { demo: { scopes: { read: {} }, clients: [service] } } } },
};

const site = new DemoSite();
let chromium: Browser;
let id: string;
beforeAll(async () => {
  [chromium] = await Promise.all([launchChromium(), site.start(() => configuration)]);
  const visitor = new SiteVisitor(site.url, site.ca);
  const { headers } = await visitor.send('POST', '/acme/demo/oauth2/token', 'grant_type=client_credentials', {
    authorization: basicHeader('service', 'wrong'),
    'content-type': 'application/x-www-form-urlencoded',
  });
  id = String(headers['x-correlation-id']);
  // It is kept while the reply is on its way.
  while ((await visitor.get(`/admin/explain/${id}`, { authorization: `Bearer ${token}` })).status === 404) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});
afterAll(async () => {
  await chromium.close();
  await site.stop();
});

async function ask(page: Page, adminToken: string): Promise<void> {
  await page.getByLabel('Correlation id').fill(id);
  await page.getByLabel('Admin token').fill(adminToken);
  await page.getByRole('button', { name: 'Explain' }).click();
}

describe.each([
  ['light', 320],
  ['dark', 1280],
] as const)('in the %s, %d pixels wide', (colorScheme, width) => {
  it('an operator comes from the home page to the explanation, on pages that read well for everybody', async () => {
    const context = await newBrowser(chromium, { colorScheme, viewport: { width, height: 640 } });
    const page = await context.newPage();
    const look = async (name: string) => {
      expect(await overflow(page)).toBe(0);
      expect(await findings(page, `operator-${name}-${colorScheme}-${width}`)).toEqual([]);
    };
    await page.goto(site.url);
    await look('home');
    await page.getByRole('link', { name: 'Why did it fail?' }).click();
    await look('form');
    await ask(page, 'wrong');
    await page.getByRole('alert').waitFor();
    // What was typed right is not typed again, and a token is never sent back.
    expect(await page.getByLabel('Correlation id').inputValue()).toBe(id);
    expect(await page.getByLabel('Admin token').inputValue()).toBe('');
    await look('refused');
    await ask(page, token);
    await page.getByRole('heading', { name: 'secret_mismatch' }).waitFor();
    expect(await page.getByText('`').count()).toBe(0);
    await look('explained');
    await page.goto(`${site.url}/outbox`);
    expect(await page.getByRole('link', { name: 'Sign in' }).count()).toBe(0);
    await look('empty-outbox');
    await context.close();
  });
});
