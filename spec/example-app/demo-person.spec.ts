import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { demoUser } from '../../example-app/demo/demo-configuration.js';
import { DemoSite } from '../support/demo-site.js';
import { passwordlessConfiguration } from '../support/passwordless-configuration.js';
import { SiteVisitor } from '../support/site-visitor.js';

const demo = new DemoSite();
const own = new DemoSite();
beforeAll(async () => {
  await Promise.all([demo.start(), own.start((publicUrl) => passwordlessConfiguration(publicUrl, ['johndoe']))]);
}, 30_000);
afterAll(async () => {
  await demo.stop();
  await own.stop();
});

const page = { accept: 'text/html' };

/** The page that takes the code, for whoever asked for one. */
async function codePage({ url, ca }: DemoSite, email: string): Promise<string> {
  const browser = new SiteVisitor(url, ca);
  const form_token = await browser.formToken();
  const { headers } = await browser.post('/sign-in', { form_token, email });
  const { text } = await browser.get(String(headers.location));
  return text.replace(/name="form_token" value="[\w-]+"/g, 'value=""').replace(/request=[\w-]{22}/, 'request=');
}

describe('a stranger to the demo', () => {
  it('reads who can sign in, on the home page, the sign-in page and the empty outbox', async () => {
    const visitor = new SiteVisitor(demo.url, demo.ca);
    expect((await visitor.get('/', page)).text).toContain(`Demo person: <code>${demoUser.email}</code>`);
    expect((await visitor.get('/sign-in', page)).text).toContain(`Demo person: <code>${demoUser.email}</code>`);
    const { text } = await visitor.get('/outbox', page);
    expect(text).toContain(`<a href="/sign-in">Sign in</a> as <code>${demoUser.email}</code> to get one`);
  });

  it("finds the address written at the server's own login", async () => {
    const visitor = new SiteVisitor(demo.url, demo.ca);
    const { text } = await visitor.get('/', page);
    const link = /href="([^"]+\/oauth2\/authorize\?[^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const { pathname, search } = new URL(link);
    const login = await visitor.get(pathname + search);
    const { text: asked } = login.headers.location ? await visitor.get(String(login.headers.location)) : login;
    expect(asked).toContain(`value="${demoUser.email}"`);
  });

  it('GAC-08 is led to the outbox after asking, whoever the mail was for', async () => {
    const [known, unknown] = [await codePage(demo, demoUser.email), await codePage(demo, 'nobody@example.com')];
    expect(known).toContain('<a href="/outbox">Outbox</a>');
    expect(unknown).toBe(known);
  });

  it('sees the issuer with the most clients first', async () => {
    const { text } = await new SiteVisitor(demo.url, demo.ca).get('/', page);
    expect(text.match(/<dt>acme \/ \w+<\/dt>/g)?.[0]).toBe('<dt>acme / demo</dt>');
  });
});

describe('with a configuration of its own', () => {
  it('no page tells who can sign in', async () => {
    const visitor = new SiteVisitor(own.url, own.ca);
    for (const path of ['/', '/sign-in', '/outbox']) {
      expect((await visitor.get(path, page)).text).not.toMatch(/johndoe|Demo person/);
    }
    expect(await codePage(own, 'johndoe@example.com')).not.toMatch(/johndoe|Demo person|outbox/i);
  });
});
