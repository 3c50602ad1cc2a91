import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type Ended, Scratch, shell } from '../example-app/run-app.js';
import { borderContrast, findings, launchChromium, newBrowser, overflow } from '../support/chromium.js';
import { DemoSite } from '../support/demo-site.js';

jest.setTimeout(60_000);

const site = new DemoSite();
const scratch = new Scratch();
let chromium: Browser;
let context: BrowserContext;
let page: Page;
const complaints: string[] = [];
beforeAll(async () => {
  [chromium] = await Promise.all([launchChromium(), site.start()]);
  context = await newBrowser(chromium);
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: site.url });
  page = await context.newPage();
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
});
beforeEach(() => open());
afterAll(async () => {
  await chromium.close();
  await site.stop();
  scratch.remove();
});

/** A client of the demo for each method, a mistake to make with it, and what that is refused for. */
const ways = [
  ['demo-basic', 'client_secret_basic', 'A wrong secret', 'secret_mismatch'],
  ['demo-post', 'client_secret_post', 'A second method in the same request', 'several_methods'],
  ['demo-secret-jwt', 'client_secret_jwt', 'An assertion for another audience', 'assertion_audience_mismatch'],
  ['demo-private-key-jwt', 'private_key_jwt', 'An assertion that has expired', 'assertion_expired'],
  ['demo-tls', 'tls_client_auth', 'A certificate of another CA', 'certificate_untrusted'],
  ['demo-self-signed', 'self_signed_tls_client_auth', 'A certificate of another CA', 'certificate_not_registered'],
  ['demo-oracle', 'tls_client_auth', 'No certificate', 'certificate_missing'],
] as const satisfies readonly (readonly [client: string, method: string, mistake: string, reason: string])[];

/** What each mistake looks like once it is decoded. */
const presents: Readonly<Record<string, string>> = {
  'A wrong secret': 'Authorization: Basic: demo-basic:this-is-not-the-secret',
  'A second method in the same request': 'client_secret: ',
  'An assertion for another audience': '"aud": "https://elsewhere.example"',
  'An assertion that has expired': '"sub": "demo-private-key-jwt"',
  'A certificate of another CA': 'certificate: demo-tls, by another authority',
  'No certificate': 'client_id: demo-oracle',
};

async function open(): Promise<void> {
  await page.goto(`${site.url}/playground`);
  await page.locator('#playground').waitFor();
}

const choose = (label: string, value: string) => page.getByLabel(label, { exact: true }).selectOption(value);
const mistake = (label: string) => page.getByRole('checkbox', { name: label });

interface Seen {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly event: Readonly<Record<string, unknown>>;
  readonly reason: string | undefined;
}

/** Presses the button and reads what the page then shows. */
async function send(): Promise<Seen> {
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('#reply[aria-busy=false] .status').waitFor();
  const json = async (label: string) => JSON.parse(await page.getByLabel(label, { exact: true }).innerText());
  const reason = page.locator('.reason');
  return {
    status: Number.parseInt(await page.locator('.status').innerText(), 10),
    body: await json('The body of the reply'),
    event: await json('The event'),
    reason: (await reason.count()) === 0 ? undefined : await reason.innerText(),
  };
}

/** What a panel holds. */
async function shown(tab: 'HTTP' | 'curl' | 'openid-client'): Promise<string> {
  await page.getByRole('tab', { name: tab }).click();
  return page.getByRole('tabpanel', { name: tab }).locator('code').innerText();
}

/** Runs modules one after another in one process, where the packages are found that they import. */
async function runModules(modules: readonly string[]): Promise<Ended> {
  const directory = scratch.directory();
  symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(directory, 'node_modules'));
  const files = modules.map((text, index) => {
    const file = join(directory, `module-${index}.mjs`);
    writeFileSync(file, text);
    return `await import('${file}');`;
  });
  writeFileSync(join(directory, 'all.mjs'), files.join('\n'));
  const [, authority] = /^\/\/ NODE_EXTRA_CA_CERTS=(\S+) node/m.exec(modules[0] ?? '') ?? [];
  return shell(`NODE_EXTRA_CA_CERTS=${authority} '${process.execPath}' '${directory}/all.mjs'`);
}

/** Gets an authorization code as the page offers it. */
async function askForCode(): Promise<void> {
  await page.getByRole('button', { name: 'Get a code' }).click();
  await page.getByRole('button', { name: /^(Allow|Continue)/ }).click();
  await page.waitForURL(`${site.url}/playground`);
  await page.locator('#playground').waitFor();
}

describe('the playground', () => {
  it.each(ways)('gets a token for %s by %s', async (client, method, _mistake, _reason) => {
    await choose('Client', client);
    const sent = await shown('HTTP');
    const { status, body, event } = await send();
    expect([status, event]).toMatchObject([200, { event: 'token', outcome: 'success', client_id: client, method }]);
    expect(body).toMatchObject({ access_token: expect.any(String) });
    const claims = JSON.parse(await page.getByLabel('Claims of the Access token').innerText());
    expect(claims).toMatchObject({ iss: `${site.url}/acme/demo`, client_id: client });
    await page.getByText('The request that was sent', { exact: true }).click();
    expect(await page.getByLabel('The request that was sent').innerText()).toBe(sent);
  });

  it.each(ways)('shows why %s gets none by %s with the mistake: %s', async (client, _method, label, expected) => {
    await choose('Client', client);
    await mistake(label).check();
    const { status, body, event, reason } = await send();
    expect([reason, event.reason]).toEqual([expected, expected]);
    expect(status).toBe(expected === 'several_methods' ? 400 : 401);
    expect(body).not.toHaveProperty('access_token');
    await page.getByText('What to do:').waitFor();
    await page.getByText('What it presented', { exact: true }).click();
    expect(await page.getByLabel('What it presented').innerText()).toContain(presents[label]);
  });

  it('sends the same assertion twice, and shows the second refused', async () => {
    await choose('Client', 'demo-private-key-jwt');
    await mistake('The same assertion twice').check();
    expect(await send()).toMatchObject({ status: 401, reason: 'assertion_replayed' });
    await mistake('The same assertion twice').uncheck();
    expect(await send()).toMatchObject({ status: 200, reason: undefined });
  });

  it('shows curl commands that work, for each method', async () => {
    for (const [client] of ways) {
      await choose('Client', client);
      const { code, stdout, stderr } = await shell(await shown('curl'));
      expect({ client, code, stderr }).toEqual({ client, code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ token_type: 'Bearer' });
    }
  });

  it('shows a curl command that makes the mistake, too', async () => {
    await choose('Client', 'demo-tls');
    await mistake('A certificate of another CA').check();
    const { code, stdout } = await shell(await shown('curl'));
    expect([code, JSON.parse(stdout).error]).toEqual([22, 'invalid_client']);
  });

  it('shows code for openid-client that works, for each method', async () => {
    const modules = [];
    for (const [client] of ways) {
      await choose('Client', client);
      modules.push(await shown('openid-client'));
    }
    const { code, stdout, stderr } = await runModules(modules);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.match(/access_token: /g)).toHaveLength(ways.length);
  });

  it('gets a code with PKCE for none and redeems it, which another verifier does not', async () => {
    await choose('Client', 'demo-public');
    await askForCode();
    expect(new URL(page.url()).search).toBe('');
    const { status, event } = await send();
    expect([status, event]).toMatchObject([200, { outcome: 'success', method: 'none' }]);
    await askForCode();
    await mistake('Another code verifier').check();
    expect(await send()).toMatchObject({ status: 400, reason: 'verifier_mismatch' });
  });

  it('shows a curl command and code for openid-client that redeem a code', async () => {
    await choose('Client', 'demo-public');
    await askForCode();
    expect(JSON.parse((await shell(await shown('curl'))).stdout)).toMatchObject({ token_type: 'Bearer' });
    await askForCode();
    const { code, stdout, stderr } = await runModules([await shown('openid-client')]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('access_token: ');
  });

  it('asks for no code that would go elsewhere', async () => {
    await choose('Client', 'demo-passwordless');
    await choose('Grant', 'authorization_code');
    await page.getByRole('button', { name: 'Get a code' }).click();
    await page.getByText('demo-passwordless has no redirect URI that leads back here').waitFor();
  });

  it.each(['state', 'iss'])('refuses an answer with another %s than it asked for', async (name) => {
    await choose('Client', 'demo-public');
    await page.getByRole('button', { name: 'Get a code' }).click();
    await page.getByRole('button', { name: /^(Allow|Continue)/ }).waitFor();
    const asked = new URL(page.url()).searchParams.get('state') ?? '';
    const query = new URLSearchParams({ code: 'foreign', state: asked, iss: `${site.url}/acme/demo` });
    query.set(name, 'https://elsewhere.example');
    await page.goto(`${site.url}/playground?${query}`);
    await page.getByText('not the answer to what this page asked').waitFor();
    expect(await page.getByLabel('Code', { exact: true }).inputValue()).toBe('');
  });

  it('gets a refresh token and uses it', async () => {
    await choose('Client', 'demo-basic');
    await choose('Grant', 'authorization_code');
    await page.getByLabel('Scope').fill('openid offline_access read');
    await askForCode();
    expect((await send()).body).toMatchObject({ refresh_token: expect.any(String), id_token: expect.any(String) });
    await page.getByLabel('Claims of the ID token').waitFor();
    await choose('Grant', 'refresh_token');
    expect(await send()).toMatchObject({ status: 200, event: { grant_type: 'refresh_token' } });
  });

  it('gets a token by a one-time code, once', async () => {
    await choose('Client', 'demo-passwordless');
    await choose('Grant', 'password');
    await page.getByRole('button', { name: 'Get a one-time code' }).click();
    await expectValue('Password');
    expect(await send()).toMatchObject({ status: 200, event: { grant_type: 'password' } });
    expect(await send()).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  it('DPO-05 binds a token to a key of its own, which a proof for another URL does not', async () => {
    await choose('Client', 'demo-basic');
    await page.getByLabel('Bind the token to a key (DPoP)').check();
    expect((await send()).body).toMatchObject({ token_type: 'DPoP' });
    const curled = JSON.parse((await shell(await shown('curl'))).stdout);
    expect(curled).toMatchObject({ token_type: 'DPoP' });
    const { code, stdout } = await runModules([await shown('openid-client')]);
    expect([code, stdout.includes(`token_type: 'dpop'`)]).toEqual([0, true]);
    await mistake('A DPoP proof for another URL').check();
    expect(await send()).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } });
  });

  it('shows what introspection says of an opaque token', async () => {
    await choose('Workspace', 'acme / opaque');
    expect(await send()).toMatchObject({ status: 200, event: { client_id: 'demo-opaque', workspace: 'opaque' } });
    const said = await page.getByLabel('Introspection of the Access token').innerText();
    expect(JSON.parse(said)).toMatchObject({ active: true, client_id: 'demo-opaque' });
  });

  it('shows a curl command that runs nothing of what was typed', async () => {
    const file = join(scratch.directory(), 'made');
    await choose('Client', 'demo-post');
    for (const typed of [`$(touch ${file})`, `a'; touch ${file}; '`, `a -d grant_type=\\nb`]) {
      await page.getByLabel('Scope').fill(typed);
      const { stdout } = await shell(await shown('curl'));
      expect([JSON.parse(stdout).error, existsSync(file)]).toEqual(['invalid_scope', false]);
    }
  });

  it('says what will be seen, until there is a reply', async () => {
    const awaited = page.getByRole('heading', { name: 'What you will see here' });
    expect(await awaited.count()).toBe(1);
    await choose('Client', 'demo-basic');
    expect(await page.getByText('the previous request').count()).toBe(0);
    await send();
    expect(await awaited.count()).toBe(0);
  });

  it('marks the reply as that of the previous request once the form changes, and no longer after the next', async () => {
    const marked = page.getByText('Below is the reply to the previous request');
    await choose('Client', 'demo-basic');
    await send();
    expect(await marked.count()).toBe(0);
    await mistake('A wrong secret').check();
    await marked.waitFor();
    expect(await page.locator('#reply.outdated .status').count()).toBe(1);
    await send();
    expect([await marked.count(), await page.locator('.outdated').count()]).toEqual([0, 0]);
  });

  it.each([
    ['demo-basic', 'authorization_code', 'Get a code first.'],
    ['demo-basic', 'refresh_token', 'Get a refresh token first'],
    ['demo-passwordless', 'password', 'Get a one-time code first.'],
  ])('sends nothing for %s by %s before there is what it needs', async (client, grant, hint) => {
    await choose('Client', client);
    await choose('Grant', grant);
    await page.getByText(hint).waitFor();
    expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true);
    await choose('Grant', 'client_credentials');
    await page.getByText(hint).waitFor({ state: 'detached' });
    expect(await page.getByRole('button', { name: 'Send' }).isEnabled()).toBe(true);
  });

  it.each([
    [1280, 900],
    [390, 844],
  ])('shows why a request failed without scrolling, %d by %d', async (width, height) => {
    await page.setViewportSize({ width, height });
    await choose('Client', 'demo-private-key-jwt');
    await mistake('An assertion for another audience').check();
    const { event } = await send();
    for (const seen of [page.locator('.status'), page.locator('.reason')]) {
      const box = await seen.boundingBox();
      expect(box).not.toBeNull();
      expect(box!.y).toBeGreaterThanOrEqual(0);
      expect(box!.y + box!.height).toBeLessThanOrEqual(height);
    }
    // The event has both already.
    const names = await page.locator('.verdict dt').allInnerTexts();
    expect(event).toMatchObject({ client_id: 'demo-private-key-jwt', method: 'private_key_jwt' });
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => ['client_id', 'method'].includes(name))).toEqual([]);
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  it('cuts neither a secret nor the scope, and takes the line breaks of what is pasted for nothing', async () => {
    await choose('Client', 'demo-basic');
    for (const field of ['secret', 'registered']) {
      const cut = await page.locator(`#${field}`).evaluate((element) => {
        const { scrollWidth, clientWidth, scrollHeight, clientHeight } = element as unknown as Extent;
        return clientWidth === 0 ? 0 : Math.max(scrollWidth - clientWidth, scrollHeight - clientHeight);
      });
      expect({ field, cut }).toEqual({ field, cut: 0 });
    }
    expect(await page.getByLabel('Scope').getAttribute('placeholder')).toBeNull();
    expect(await page.locator('#registered').innerText()).toContain('openid profile email read offline_access');
    const secret = await page.getByLabel('Client secret').inputValue();
    await page.getByLabel('Client secret').fill(`${secret.slice(0, 20)}\n${secret.slice(20)}\n`);
    expect((await send()).status).toBe(200);
  });

  it('AUT-13 has boxes that can be told from the card they stand on, and a wide button on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await borderContrast(page, '#mistakes input')).toBeGreaterThan(3);
    }
    const [button, card] = await Promise.all(
      ['#send', '.results .card'].map((selector) => page.locator(selector).first().boundingBox()),
    );
    expect(button!.width).toBeGreaterThan(card!.width * 0.8);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  it('copies what a panel shows', async () => {
    await choose('Client', 'demo-post');
    const text = await shown('curl');
    await page.getByRole('tabpanel', { name: 'curl' }).getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(text);
  });

  it('can be used by keyboard', async () => {
    await page.getByRole('tab', { name: 'HTTP' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tabpanel', { name: 'curl' }).waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await page.getByRole('tabpanel', { name: 'openid-client' }).waitFor();
    await page.getByRole('button', { name: 'Send' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('#reply[aria-busy=false] .status').waitFor();
  });

  it.each(['light', 'dark'] as const)(
    'AUT-13 reads well for everybody in the %s, also 320 pixels wide',
    async (scheme) => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width: 320, height: 640 });
      await open();
      expect(await overflow(page)).toBe(0);
      expect(await findings(page, `playground-${scheme}`)).toEqual([]);
      await choose('Client', 'demo-tls');
      await mistake('A certificate of another CA').check();
      await send();
      for (const tab of ['HTTP', 'curl', 'openid-client'] as const) {
        await shown(tab);
        expect(await overflow(page)).toBe(0);
      }
      expect(await findings(page, `playground-failure-${scheme}`)).toEqual([]);
      await page.setViewportSize({ width: 1280, height: 800 });
      await choose('Client', 'demo-basic');
      await send();
      expect(await findings(page, `playground-wide-${scheme}`)).toEqual([]);
    },
  );

  it('AUT-13 loads nothing that its Content Security Policy forbids', () => {
    // Chromium tells of each reply above 399; nothing else is complained of.
    expect(complaints.filter((text) => !text.startsWith('Failed to load resource'))).toEqual([]);
  });
});

interface Extent {
  readonly scrollWidth: number;
  readonly clientWidth: number;
  readonly scrollHeight: number;
  readonly clientHeight: number;
}

/** Resolves when a field has a value. */
async function expectValue(label: string): Promise<void> {
  const field = page.getByLabel(label, { exact: true });
  while ((await field.inputValue()) === '') await new Promise((resolve) => setTimeout(resolve, 20));
}
