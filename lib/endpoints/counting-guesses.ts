import { sourceOf } from '../http/client-address.js';
import type { Soon } from '../soon.js';
import type { Guess } from '../throttling/guess-limits.js';
import type { Exchange } from './exchange.js';

/**
 * Does work that compares something secret: wrong guesses count against the address they come from (`rate_limits`).
 * Fails as the work does, or with a reason that ends in `_guesses_exceeded`.
 */
export function countingGuesses<T>(
  { request, workspace: { authenticator, proxies } }: Pick<Exchange, 'request' | 'workspace'>,
  guess: Omit<Guess, 'source'>,
  work: () => Soon<T>,
): Soon<T> {
  const { limits } = authenticator;
  return limits ? limits.guard({ source: sourceOf(request, proxies), ...guess }, work) : work();
}
