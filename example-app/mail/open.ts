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

/** The mailer a URL means: `outbox:`, or `smtp://user:pass@host:port`. In production an outbox is none. */
export async function openMail(url: string, { store, secretKeys, senderHost }: MailParts): Promise<Mailer | undefined> {
  const server = smtpServer(url, senderHost);
  if (server) return SmtpMailer.make(server);
  // Everybody could read everybody's codes there.
  if (process.env.NODE_ENV === 'production') return undefined;
  return new Outbox(store, new Sealing(secretKeys, 'outbox'));
}
