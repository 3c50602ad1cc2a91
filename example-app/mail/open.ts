import { isLoopbackHost } from '../loopback.js';
import { Sealing } from '../sealing.js';
import type { Mailer } from './mail.js';
import { Outbox, type OutboxStore } from './outbox.js';
import { SmtpMailer, smtpServer } from './smtp.js';

/** What mail goes through. */
export interface MailParts {
  readonly store: OutboxStore;
  readonly secretKeys: readonly string[];
  /** The host of the sender's address, when the URL names none. */
  readonly senderHost: string;
}

/** The mailer a URL means: `outbox:`, or `smtp://user:pass@host:port`. */
export async function openMail(url: string, { store, secretKeys, senderHost }: MailParts): Promise<Mailer> {
  const server = smtpServer(url, senderHost);
  return server ? SmtpMailer.make(server) : new Outbox(store, new Sealing(secretKeys, 'outbox'));
}

/** Where a server can be reached. */
export interface Reach {
  /** The host that is listened on. */
  readonly host: string;
  /** As configured; none is `https://localhost`. */
  readonly publicUrls: readonly string[];
  readonly production: boolean;
}

/** Which mail a server has, and what its operator should know of that. */
export interface MailChoice {
  /** Undefined: none. */
  readonly mail: string | undefined;
  readonly doubt: string | undefined;
}

/**
 * What is written, or an outbox on a machine of its own. Whoever reads an outbox can sign in as anybody: in production
 * there is none, and nobody gets one at an address that others reach without having asked for it.
 */
export function chooseMail(written: string | undefined, { host, publicUrls, production }: Reach): MailChoice {
  if (written !== undefined && written !== 'outbox:') return { mail: written, doubt: undefined };
  const open = [
    ...(production ? ['NODE_ENV is production'] : []),
    ...(isLoopbackHost(host) ? [] : [`the server listens on ${host}`]),
    ...publicUrls.filter((url) => !isLoopbackHost(new URL(url).hostname)).map((url) => `it is known as ${url}`),
  ];
  if (open.length === 0) return { mail: 'outbox:', doubt: undefined };
  const why = open.join(', and ');
  if (production || written === undefined) return { mail: undefined, doubt: `There is no outbox, for ${why}.` };
  return { mail: written, doubt: `Whoever reads the outbox can sign in as anybody, and ${why}.` };
}
