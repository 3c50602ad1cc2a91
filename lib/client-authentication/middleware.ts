import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { toOAuthError } from '../errors.js';
import { newCorrelationId } from '../http/correlation-id.js';
import { sendError } from '../http/reply.js';
import { parseOptions } from '../options.js';
import { type AuthenticationOptions, ClientAuthenticationService } from './service.js';
import type { ClientAuthenticationStrategy } from './strategy.js';

export type AuthenticateClientOptions = AuthenticationOptions & {
  /** The methods this route takes; a request may use one of them. */
  readonly strategies: readonly ClientAuthenticationStrategy[];
};

/** A strategy: anything with a name, `extract` and `verify`. */
export const strategiesSchema = z
  .array(
    z.custom<ClientAuthenticationStrategy>((value) => {
      const strategy = value as Partial<ClientAuthenticationStrategy> | undefined;
      return typeof strategy?.extract === 'function' && typeof strategy.verify === 'function' && Boolean(strategy.name);
    }, 'is not a strategy: it needs name, mechanism, extract and verify'),
  )
  .min(1, 'needs at least one strategy')
  .superRefine((strategies, context) => {
    const names = strategies.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) context.addIssue({ code: 'custom', message: `has ${twice} twice` });
  });

/**
 * Guards a route of yours: sets `req.clientAuth`, or answers 400 or 401 as JSON (RFC 6749 5.2) and tells one event.
 * The registered method of the client is the only one accepted, one method per request. Throws OptionsError.
 */
export function authenticateClient({ strategies, ...options }: AuthenticateClientOptions): ClientMiddleware {
  const service = new ClientAuthenticationService(parseOptions(strategiesSchema, strategies, 'strategies'), options);
  return async (request, response, next) => {
    const correlationId = newCorrelationId();
    response.setHeader('X-Correlation-Id', correlationId);
    try {
      await service.authenticate(request, correlationId);
    } catch (thrown) {
      const failure = toOAuthError(thrown);
      // The host may have answered meanwhile, a request that took too long say.
      if (response.headersSent) return;
      sendError(response, failure, failure.status === 401 ? { 'WWW-Authenticate': service.challenge } : {});
      return;
    }
    next();
  };
}

/** Works in Express, Connect, and anything else that hands on Node's request and response. */
export type ClientMiddleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => Promise<void>;
