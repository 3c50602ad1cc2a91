import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A mail as it came over the wire. */
export interface ReceivedMail {
  /** The envelope: RFC 5321 3.3. */
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body, as sent. */
  readonly source: string;
  readonly user: string | undefined;
}

/** A real SMTP server on a port of the system's choice. */
export class MailServer {
  readonly received: ReceivedMail[] = [];
  /** How many more mails are turned away for now, with 451. */
  busy = 0;
  readonly #password: string | undefined;
  #server: SMTPServer | undefined;
  #port = 0;

  /** `password`: of the only user, `mailer`. */
  constructor(password?: string) {
    this.#password = password;
  }

  /** Opens it, again at the port it had. */
  async open(): Promise<this> {
    const server = this.#make();
    server.on('error', () => undefined);
    await new Promise<void>((resolve) => {
      server.listen(this.#port, '127.0.0.1', () => resolve());
    });
    this.#port = (server.server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  /** `smtp://...`. */
  url(credentials = ''): string {
    return `smtp://${credentials}127.0.0.1:${this.#port}`;
  }

  /** Resolves with the first mail that `fits`. */
  async mail(fits: (mail: ReceivedMail) => boolean = () => true): Promise<ReceivedMail> {
    for (;;) {
      const found = this.received.find(fits);
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server?.close(() => resolve());
    });
  }

  #make(): SMTPServer {
    return new SMTPServer({
      authOptional: this.#password === undefined,
      // The server's own certificate is for nobody's name; TLS is not what is looked at here.
      hideSTARTTLS: true,
      allowInsecureAuth: true,
      logger: false,
      onAuth: ({ username, password: given }, _session, done) => {
        if (username === 'mailer' && given === this.#password) done(null, { user: username });
        else done(new Error('no'));
      },
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          if (this.busy > 0) {
            this.busy -= 1;
            return done(Object.assign(new Error('later'), { responseCode: 451 }));
          }
          const { mailFrom, rcptTo } = session.envelope;
          this.received.push({
            from: mailFrom ? mailFrom.address : '',
            to: rcptTo.map(({ address }) => address),
            source: Buffer.concat(chunks).toString(),
            user: typeof session.user === 'string' ? session.user : undefined,
          });
          done();
        });
      },
      onRcptTo: ({ address }, _session, done) => {
        if (address.startsWith('refused')) done(Object.assign(new Error(`no ${address}`), { responseCode: 550 }));
        else done();
      },
    });
  }
}

/** The parts of a multipart/alternative mail, decoded, by type. */
export function partsOf({ source }: ReceivedMail): ReadonlyMap<string, string> {
  const boundary = /boundary="([^"]+)"/.exec(source)?.[1] ?? '';
  const parts = new Map<string, string>();
  for (const part of source.split(`--${boundary}`).slice(1, -1)) {
    const [, head = '', body = ''] = /^\r\n([\s\S]*?)\r\n\r\n([\s\S]*)$/.exec(part) ?? [];
    parts.set(/content-type: ([^;\r]+)/i.exec(head)?.[1] ?? '', decode(head, body));
  }
  return parts;
}

function decode(head: string, body: string): string {
  if (/transfer-encoding: base64/i.test(head)) return Buffer.from(body, 'base64').toString();
  if (!/transfer-encoding: quoted-printable/i.test(head)) return body;
  return body
    .replace(/=\r\n/g, '')
    .replace(/=([\dA-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
