import type { Transporter } from 'nodemailer';
import { type Mail, MailError, type Mailer } from './mail.js';

/** Milliseconds to wait for a mail server. */
interface Patience {
  readonly connect: number;
  /** Without a word from it. */
  readonly silence: number;
  /** For all of a conversation: one that keeps talking would never be silent. */
  readonly whole: number;
}

const usual: Patience = { connect: 5_000, silence: 10_000, whole: 15_000 };

/** A mail server, as a URL tells it. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** `smtps:`: TLS from the first byte. */
  readonly secure: boolean;
  readonly user: string | undefined;
  readonly password: string;
  /** Whom mails come from. */
  readonly from: string;
}

/** Reads `smtp://user:pass@host:port`, or `smtps:`. `?from=` is the sender's address. Undefined when it is no such URL. */
export function smtpServer(text: string, senderHost: string): SmtpServer | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^smtps?:$/.test(url.protocol) || url.hostname === '' || !/^\/?$/.test(url.pathname)) return undefined;
  const secure = url.protocol === 'smtps:';
  const usual = secure ? 465 : 587;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? usual : Number(url.port),
    secure,
    user: url.username === '' ? undefined : decode(url.username),
    password: decode(url.password),
    from: url.searchParams.get('from') ?? `no-reply@${senderHost}`,
  };
}

/** A percent sign that encodes nothing stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Hands mails to an SMTP server (RFC 5321). */
export class SmtpMailer implements Mailer {
  readonly #transport: Transporter;
  readonly #from: string;
  readonly #whole: number;
  #asking: Promise<void> | undefined;

  private constructor(transport: Transporter, from: string, { whole }: Patience) {
    this.#transport = transport;
    this.#from = from;
    this.#whole = whole;
  }

  /** Connects to nobody yet. */
  static async make(server: SmtpServer, patience = usual): Promise<SmtpMailer> {
    const { createTransport } = await import('nodemailer');
    const { host, port, secure, user, password } = server;
    const local = /^(localhost|127(\.\d+){3}|::1)$/.test(host);
    const transport = createTransport({
      host,
      port,
      secure,
      // A password travels in the clear to no other machine. On this one nobody is in between, whatever name the
      // certificate has.
      requireTLS: user !== undefined && !local,
      tls: { rejectUnauthorized: !local },
      ...(user !== undefined && { auth: { user, pass: password } }),
      connectionTimeout: patience.connect,
      greetingTimeout: patience.connect,
      socketTimeout: patience.silence,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    return new SmtpMailer(transport, server.from, patience);
  }

  async send({ to, subject, text, html }: Mail): Promise<void> {
    // nodemailer reads lists out of more members than one would think, so what is not one address goes nowhere.
    if (!/^[^\s@"(),:;<>[\\\]]+@[^\s@"(),:;<>[\\\]]+$/.test(to)) throw new MailError('This is not one address', true);
    // Objects, never strings: a string is read as a list.
    const [from, recipient] = [this.#from, to].map((address) => ({ name: '', address }));
    await this.#inTime(this.#transport.sendMail({ from, to: recipient, subject, text, html }));
  }

  ready(): Promise<void> {
    // One question at a time, however many people wait for the answer.
    this.#asking ??= this.#inTime(this.#transport.verify()).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  close(): void {
    this.#transport.close();
  }

  async #inTime(conversation: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(Object.assign(new Error('too slow'), { code: 'ETIMEDOUT' })), this.#whole);
    });
    try {
      await Promise.race([conversation, late]);
    } catch (cause) {
      throw failure(cause);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The server's own words may repeat the address, so only the codes are kept. */
function failure(thrown: unknown): MailError {
  const { code = 'unknown', responseCode } = thrown as { code?: string; responseCode?: number };
  const answer = responseCode === undefined ? '' : `, the mail server answered ${responseCode}`;
  const permanent = responseCode !== undefined && responseCode >= 500 && code !== 'EAUTH';
  return new MailError(`The mail was not accepted: ${code}${answer}`, permanent);
}
