import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppProcess, killAll, Scratch } from '../example-app/run-app.js';
import { freePort } from './demo-site.js';
import { MailServer, partsOf, type ReceivedMail } from './mail-server.js';
import { addressOf, passwordlessConfiguration } from './passwordless-configuration.js';
import { type Answer, SiteVisitor } from './site-visitor.js';

/** The path and query of where an answer leads. */
export function locationOf({ headers }: Answer): string {
  return String(headers.location);
}

/** The example app with a mail server and a person per name; each may ask for one code in 30 seconds. */
export class SignInSite {
  readonly mails = new MailServer();
  readonly #scratch = new Scratch();
  #running: AppProcess | undefined;
  url = '';
  ca = '';

  async start(people: readonly string[], settings: Readonly<Record<string, number>> = {}): Promise<this> {
    await this.mails.open();
    const directory = this.#scratch.directory();
    const port = await freePort();
    const content = passwordlessConfiguration(`https://localhost:${port}`, people);
    Object.assign(content.tenants.acme.pools.staff.otp_settings.authentication, settings);
    const file = join(directory, 'configuration.json');
    writeFileSync(file, JSON.stringify({ ...content, mail: this.mails.url() }));
    this.#running = new AppProcess(['--data-dir', directory, '--port', String(port), '--config', file]);
    this.url = await this.#running.listening();
    this.ca = readFileSync(join(directory, 'pki/ca.crt'), 'utf8');
    return this;
  }

  async stop(): Promise<void> {
    await killAll();
    await this.mails.close();
    this.#scratch.remove();
  }

  get app(): AppProcess {
    if (!this.#running) throw new Error('The site is not running');
    return this.#running;
  }

  visitor(): SiteVisitor {
    return new SiteVisitor(this.url, this.ca);
  }

  /** Asks for a code, and answers the path of the page that takes it. */
  async ask(browser: SiteVisitor, email: string): Promise<string> {
    return locationOf(await browser.post('/sign-in', { form_token: await browser.formToken(), email }));
  }

  /** The mail to a person, of whom there is to be one. */
  mailTo(name: string): Promise<ReceivedMail> {
    return this.mails.mail(({ to }) => to.join() === addressOf(name));
  }

  /** Asks for a code and reads it from the mail. `path`: the page that takes it. */
  async request(browser: SiteVisitor, name: string): Promise<{ path: string; code: string; link: string }> {
    const path = await this.ask(browser, addressOf(name));
    const text = partsOf(await this.mailTo(name)).get('text/plain') ?? '';
    return { path, code: /^ {4}(\d{8})$/m.exec(text)?.[1] ?? '', link: /https:\S+/.exec(text)?.[0] ?? '' };
  }

  /** Types a code, and answers where that leads. */
  async typeCode(browser: SiteVisitor, path: string, code: string): Promise<Answer> {
    return browser.post(path, { form_token: await browser.formToken(), code });
  }

  /** Says no, or yes, at the consent page that a URL leads to, and answers the callback's path and query. */
  async decide(browser: SiteVisitor, authorizeUrl: string, decision: 'allow' | 'deny'): Promise<string> {
    const page = await browser.get(authorizeUrl);
    const action = /<form [^>]*action="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const transaction = /name="transaction" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const answer = await browser.post(action, { transaction, decision });
    const { pathname, search } = new URL(locationOf(answer));
    return pathname + search;
  }
}
