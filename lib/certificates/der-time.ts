import { DerError, type DerValue, TAG } from './der.js';

/**
 * A Time as RFC 5280 4.1.2.5 writes it, in UTC with seconds and without fractions: UTCTime or GeneralizedTime.
 * Milliseconds since 1970.
 */
export function readTime(value: DerValue | undefined): number {
  const text = value?.content.toString('latin1') ?? '';
  const digits =
    value?.tag === TAG.utcTime && /^\d{12}Z$/.test(text)
      ? // RFC 5280 4.1.2.5.1: two digits of a year mean 1950 to 2049.
        (text < '50' ? '20' : '19') + text
      : value?.tag === TAG.generalizedTime && /^\d{14}Z$/.test(text)
        ? text
        : undefined;
  const iso = digits?.replace(/^(....)(..)(..)(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6.000Z');
  const time = Date.parse(iso ?? '');
  // Date.parse takes February the 30th for the 2nd of March.
  if (Number.isNaN(time) || new Date(time).toISOString() !== iso) throw new DerError('broken time');
  return time;
}
