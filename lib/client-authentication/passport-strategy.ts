import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Strategy, StrategyCreated } from 'passport';
import CustomStrategy from 'passport-custom';
import { type OAuthError, toOAuthError } from '../errors.js';
import { newCorrelationId } from '../http/correlation-id.js';
import type { ProvenClient } from './proven-client.js';
import { type AuthenticationOptions, ClientAuthenticationService } from './service.js';
import type { ClientAuthenticationStrategy } from './strategy.js';

// The types of passport-custom fix the name to 'custom'; each method has its own here.
const PassportCustomStrategy = CustomStrategy as unknown as new (
  verify: () => void,
) => { name: string; authenticate(request: IncomingMessage): void };

/**
 * Any client authentication method as a Passport strategy, for `passport.use` and
 * `passport.authenticate(name, { session: false })`. `req.user` becomes the client's metadata, `req.clientAuth` what
 * was proven. A failure answers as Passport does, 401 with a challenge or 400; in a custom callback the third argument
 * is the OAuthError.
 */
export class PassportClientStrategy extends PassportCustomStrategy {
  override readonly name: string;
  // Not a #field: Passport works on Object.create(strategy), which has none.
  protected readonly service: ClientAuthenticationService;

  /** Throws OptionsError for wrong options. */
  constructor(strategy: ClientAuthenticationStrategy, options: AuthenticationOptions) {
    super(unused);
    this.name = strategy.name;
    this.service = new ClientAuthenticationService([strategy], options);
  }

  override authenticate(request: IncomingMessage): void {
    void answerPassport(this as unknown as PassportVerdict, this.service, request);
  }
}

/** The three ends of a Passport strategy that we use. Passport adds them to a strategy for each request. */
export type PassportVerdict = Pick<StrategyCreated<Strategy>, 'success' | 'fail' | 'error'>;

/** Runs one authentication and ends it with exactly one of success, fail and error. */
export async function answerPassport(
  verdict: PassportVerdict,
  service: ClientAuthenticationService,
  request: IncomingMessage & { readonly res?: ServerResponse },
): Promise<void> {
  const correlationId = newCorrelationId();
  request.res?.setHeader('X-Correlation-Id', correlationId);
  let proven: ProvenClient;
  try {
    proven = await service.authenticate(request, correlationId);
  } catch (thrown) {
    refuse(verdict, toOAuthError(thrown), service.challenge, request.res);
    return;
  }
  request.res?.removeHeader('WWW-Authenticate');
  try {
    verdict.success(proven.client);
  } catch (thrown) {
    // What the host does next failed at once. Nobody awaits us, so an escaping error would end the process.
    verdict.error(thrown);
  }
}

function refuse(verdict: PassportVerdict, failure: OAuthError, challenge: string, response?: ServerResponse): void {
  if (failure.status >= 500) {
    verdict.error(failure);
    return;
  }
  // Passport sends a challenge only when it is a string, but hands whatever it is to the callback: there the whole
  // failure is worth more, so the header is set here (`res` is Express's).
  if (failure.status === 401) response?.setHeader('WWW-Authenticate', challenge);
  verdict.fail(failure, failure.status);
}

// passport-custom insists on a callback; ours would lose the status, so `authenticate` is overridden instead.
function unused(): void {}
