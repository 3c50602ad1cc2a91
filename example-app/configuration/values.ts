import { resolve } from 'node:path';
import { z } from 'zod';
import { smtpServer } from '../mail/smtp.js';

/** A name that stands in URLs as it is written. */
export const urlNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9._~-]+$/, 'may hold letters, digits and . _ ~ - only: it becomes part of URLs')
  .refine((name) => name !== '.' && name !== '..', 'may not be . or .. as it becomes part of URLs');

/** The https URL people reach this server at, written as it is compared: no query, fragment or trailing slash. */
export const publicUrlSchema = z.string().superRefine((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const written = url && (url.pathname === '/' ? url.origin : `${url.origin}${url.pathname}`);
  if (url?.protocol !== 'https:') context.addIssue({ code: 'custom', message: 'must be an https URL' });
  else if (text !== written || text.endsWith('/')) {
    context.addIssue({
      code: 'custom',
      message: 'must have no query, fragment, user name, default port, upper-case host or trailing slash',
    });
  }
});

/** `memory:`, `memory:?acknowledge=single-process`, `lmdb:DIR`, `redis://...` or `postgres://...`; the store itself checks the rest. */
export const storeSchema = z.string().superRefine((url, context) => {
  if (!/^(memory:|(lmdb:(?!\/\/)|rediss?:\/\/|postgres(ql)?:\/\/).)/.test(url)) {
    context.addIssue({
      code: 'custom',
      message: 'must be memory:, lmdb:DIR, redis://HOST or postgres://USER:PASSWORD@HOST/DATABASE',
    });
  }
});

/** A store URL whose `lmdb:` directory, if relative, is taken from `directory`. */
export function storeFrom(directory: string, store: string): string {
  return store.startsWith('lmdb:') ? `lmdb:${resolve(directory, store.slice('lmdb:'.length))}` : store;
}

/** `outbox:`, which keeps mails to be looked at, or `smtp://user:pass@host:port` and `smtps:`. */
export const mailSchema = z.string().superRefine((url, context) => {
  if (url === 'outbox:' || smtpServer(url, 'localhost')) return;
  context.addIssue({ code: 'custom', message: 'must be outbox: or smtp://user:pass@host:port' });
});
