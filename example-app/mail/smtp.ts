import type { Transporter } from 'nodemailer';
import { type Mail, MailError, type Mailer } from './mail.js';

const connectMilliseconds = 5_000;
const answerMilliseconds = 10_000;

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
  #asking: Promise<void> | undefined;

  private constructor(transport: Transporter, from: string) {
    this.#transport = transport;
    this.#from = from;
  }

  /** Connects to nobody yet. */
  static async make(server: SmtpServer): Promise<SmtpMailer> {
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
      connectionTimeout: connectMilliseconds,
      greetingTimeout: connectMilliseconds,
      socketTimeout: answerMilliseconds,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    return new SmtpMailer(transport, server.from);
  }

  async send({ to, subject, text, html }: Mail): Promise<void> {
    // nodemailer reads lists out of more members than one would think, so what is not one address goes nowhere.
    if (!/^[^\s@"(),:;<>[\\\]]+@[^\s@"(),:;<>[\\\]]+$/.test(to)) throw new MailError('This is not one address', true);
    try {
      await this.#transport.sendMail({
        // Objects, never strings: a string is read as a list.
        from: { name: '', address: this.#from },
        to: { name: '', address: to },
        subject,
        text,
        html,
      });
    } catch (cause) {
      throw failure(cause);
    }
  }

  ready(): Promise<void> {
    // One question at a time, however many people wait for the answer.
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  close(): void {
    this.#transport.close();
  }

  async #ask(): Promise<void> {
    try {
      await this.#transport.verify();
    } catch (cause) {
      throw failure(cause);
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
