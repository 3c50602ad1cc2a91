import { sourceOf } from '../../http/client-address.js';
import type { Exchange } from '../exchange.js';

/**
 * Does work that compares a token of registration: wrong ones count among the wrong credentials of their address
 * (`rate_limits`), and of the client where one is named. Rejects as the work does, with `client_guesses_exceeded` or
 * `source_guesses_exceeded`.
 */
export function countingGuesses<T>(
  { request, workspace: { authenticator, proxies } }: Pick<Exchange, 'request' | 'workspace'>,
  clientId: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const { limits } = authenticator;
  return limits ? limits.guard(sourceOf(request, proxies), clientId, work) : work();
}
