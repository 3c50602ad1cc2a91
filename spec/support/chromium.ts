import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** With this variable, each page looked at is also kept as a picture in that directory. */
const pictures = process.env.SPEC_SCREENSHOTS;

/** Debian's Chromium. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A browser of its own: no cookies of any other. */
export async function newBrowser(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  context.setDefaultTimeout(8_000);
  return context;
}

/** What axe-core finds on a page (WCAG 2.2 A and AA, and best practice), a line each. Also keeps a picture. */
export async function findings(page: Page, name: string): Promise<string[]> {
  await picture(page, name);
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    return (await axe.run()).violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => ({ html })) }));
  });
  return violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** How many pixels a page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = (globalThis as unknown as { document: { documentElement: Sizes } }).document
      .documentElement;
    return scrollWidth - clientWidth;
  });
}

/** The contrast of an element's border to the card it stands on (WCAG 2.2 1.4.11), 1 to 21. */
export function borderContrast(page: Page, selector: string): Promise<number> {
  return page
    .locator(selector)
    .first()
    .evaluate((element) => {
      const { getComputedStyle } = globalThis as unknown as Styles;
      const luminance = (color: string) =>
        [0.2126, 0.7152, 0.0722].reduce((sum, weight, index) => {
          const part = Number(color.match(/[\d.]+/g)?.[index]) / 255;
          return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        }, 0);
      const card = (element as unknown as Closest).closest('.card');
      const [darker = 0, lighter = 0] = [getComputedStyle(element).borderColor, getComputedStyle(card).backgroundColor]
        .map(luminance)
        .sort((one, other) => one - other);
      return (lighter + 0.05) / (darker + 0.05);
    });
}

interface Styles {
  getComputedStyle(element: unknown): { readonly borderColor: string; readonly backgroundColor: string };
}

interface Closest {
  closest(selector: string): unknown;
}

interface Sizes {
  readonly scrollWidth: number;
  readonly clientWidth: number;
}

async function picture(page: Page, name: string): Promise<void> {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}
