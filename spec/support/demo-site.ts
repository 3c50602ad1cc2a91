import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppProcess, killAll, Scratch } from '../example-app/run-app.js';
import { SiteVisitor } from './site-visitor.js';

/** A mail as `/outbox` shows it. */
export interface ShownMail {
  readonly to: string;
  readonly text: string;
}

/** The example app as people run it, for a browser to visit. */
export class DemoSite {
  readonly #scratch = new Scratch();
  #app: AppProcess | undefined;
  #visitor: SiteVisitor | undefined;
  url = '';
  ca = '';

  /** The demo; with `configuration`, what that answers for the URL the site will have. */
  async start(
    configuration?: (publicUrl: string) => unknown,
    environment?: Readonly<Record<string, string>>,
  ): Promise<this> {
    const directory = this.#scratch.directory();
    const args = ['--data-dir', directory, '--port', '0'];
    if (configuration) {
      const port = await freePort();
      const file = join(directory, 'configuration.json');
      writeFileSync(file, JSON.stringify(configuration(`https://localhost:${port}`)));
      args.splice(2, 2, '--port', String(port), '--config', file);
    }
    this.#app = new AppProcess(args, environment);
    this.url = await this.#app.listening();
    this.ca = readFileSync(join(directory, 'pki/ca.crt'), 'utf8');
    this.#visitor = new SiteVisitor(this.url, this.ca);
    return this;
  }

  /** What the app has printed. */
  get stdout(): string {
    return this.#app?.stdout ?? '';
  }

  /** The mails, oldest first. */
  async mails(): Promise<ShownMail[]> {
    const answer = await this.#visitor?.get('/outbox', { accept: 'application/json' });
    return JSON.parse(answer?.text ?? '[]');
  }

  /** The mail that comes after `before` others. */
  async mailAfter(before: number): Promise<{ readonly code: string; readonly link: string }> {
    for (;;) {
      const mail = (await this.mails())[before];
      if (mail) {
        return { code: /^ {4}(\d+)$/m.exec(mail.text)?.[1] ?? '', link: /https:\S+/.exec(mail.text)?.[0] ?? '' };
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop(): Promise<void> {
    await killAll();
    this.#scratch.remove();
  }
}

/** A port nobody uses at the moment. */
export async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (typeof address !== 'object' || address === null) throw new Error('There is no port');
  return address.port;
}
