import { type GivenOptions, UsageError } from './command.js';

/** `--days`, for certificates. Throws UsageError. */
export function daysOf(given: GivenOptions, usual: number, most: number): number {
  const days = Number(given.text('days') ?? usual);
  if (Number.isInteger(days) && days >= 1 && days <= most) return days;
  throw new UsageError(`--days must be 1 to ${most}.`);
}
