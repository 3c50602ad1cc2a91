import { LRUCache } from 'lru-cache';
import type { NamedSecret } from '../clients/client.js';
import type { WarningName } from '../events.js';
import type { ClientCertificate } from './client-certificate.js';

const millisecondsPerDay = 86_400_000;
const daysAhead = 30;
const rememberedCredentials = 10_000;

/** Tells of certificates and secrets that clients still use and that end soon: once for each and day of this process. */
export class ExpiryNotices {
  /** The day of the last notice, by the certificate's digest, or client and secret. */
  readonly #told = new LRUCache<string, number>({ max: rememberedCredentials });
  readonly #warn: (name: WarningName, detail: Readonly<Record<string, unknown>>) => void;

  constructor(warn: (name: WarningName, detail: Readonly<Record<string, unknown>>) => void) {
    this.#warn = warn;
  }

  /** `now` is in milliseconds since 1970. */
  note({ digest, notAfter }: ClientCertificate, clientId: string, now: number): void {
    if (!this.#isDue(digest, notAfter, now)) return;
    this.#warn('certificate_expires_soon', {
      client_id: clientId,
      'x5t#S256': digest,
      not_after: new Date(notAfter),
      days_left: daysBetween(now, notAfter),
    });
  }

  /** `now` is in milliseconds since 1970. */
  noteSecret({ id, expiresAt }: NamedSecret, clientId: string, now: number): void {
    if (!this.#isDue(`${clientId}\n${id}`, expiresAt, now)) return;
    this.#warn('client_secret_expires_soon', {
      client_id: clientId,
      secret_id: id,
      expires_at: new Date(expiresAt),
      days_left: daysBetween(now, expiresAt),
    });
  }

  #isDue(credential: string, end: number, now: number): boolean {
    if (end - now > daysAhead * millisecondsPerDay) return false;
    const today = Math.floor(now / millisecondsPerDay);
    if (this.#told.get(credential) === today) return false;
    this.#told.set(credential, today);
    return true;
  }
}

function daysBetween(now: number, end: number): number {
  return Math.floor((end - now) / millisecondsPerDay);
}
