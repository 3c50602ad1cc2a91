import type { IncomingMessage, ServerResponse } from 'node:http';
import { type OAuthError, toOAuthError } from '../errors.js';
import { failureFacts } from '../failure-facts.js';
import { parseScopes } from '../grants/scope.js';
import { newCorrelationId } from '../http/correlation-id.js';
import { isTraced, TraceMessage, tracedAnswer } from '../tracing/channels.js';
import { refuseBearer } from './bearer-challenge.js';
import { type PresentedToken, presentedToken } from './presented-token.js';
import { openGuard, type ProtectResourceOptions } from './resource/options.js';
import { resourceMetadataUrl } from './resource/resource-metadata.js';
import type { AcceptedToken } from './resource/token-source.js';
import type { VerifiedAccess } from './resource/verified-access.js';
import { requireBinding, requireScopes } from './token-requirements.js';

type ResourceRequest = IncomingMessage & { body?: unknown; auth?: VerifiedAccess };

/**
 * Guards an API route with access tokens (RFC 6750, RFC 9068 4): those of a router in this process, or of an issuer
 * elsewhere. Sets `req.auth`, or answers 400, 401 or 403 with a Bearer or DPoP challenge, and 503 when an issuer
 * elsewhere cannot be asked. A certificate-bound token is taken only over a connection with that certificate (RFC 8705
 * 3), one bound to a key only with a DPoP proof made for this request (RFC 9449 7), and a token bound in a way not
 * understood here is refused. Throws OptionsError.
 */
export function protectResource(
  options: ProtectResourceOptions,
): (request: IncomingMessage, response: ServerResponse, next: () => void) => Promise<void> {
  const { source, scope, resource, proofsFor } = openGuard(options);
  const needed = parseScopes(scope);
  const resourceMetadata = resource === undefined ? undefined : resourceMetadataUrl(resource);

  /** The failure it was answered with, if it was. */
  const guard = async (
    request: ResourceRequest,
    response: ServerResponse,
    trace: TraceMessage | undefined,
    correlationId: string,
  ) => {
    let presented: PresentedToken | undefined;
    let accepted: AcceptedToken | undefined;
    try {
      presented = presentedToken(request);
      accepted = await source.accept(presented.value);
      const { proxies, warn } = accepted.home;
      const witnesses = { proxies, warn, proofs: proofsFor(accepted.home) };
      await requireBinding(accepted.claims, witnesses, { request, response, presented });
      requireScopes(accepted.claims, needed);
    } catch (thrown) {
      const failure = toOAuthError(thrown);
      const home = accepted?.home ?? (presented ? source.homeOf(presented.value) : source.home);
      const { algorithms } = proofsFor(home);
      const event = outcomeOf(correlationId, accepted, failure);
      const told = home.explain?.(failure, event) ?? failure;
      const facts = { realm: home.issuer, scope, algorithms, resourceMetadata };
      // The host may have answered meanwhile, a request that took too long say.
      if (!response.headersSent) refuseBearer(response, told, facts);
      home.emit(() => event);
      trace?.note({ ...(accepted && subjectFacts(accepted)), issuer: home.issuer });
      return failure;
    }
    const token = accepted;
    const { claims, home } = token;
    const { sub, client_id, scope: granted, iss, cnf } = claims;
    request.auth = { sub, client_id, scope: granted, iss, ...(cnf && { cnf }), claims };
    home.emit(() => outcomeOf(correlationId, token));
    trace?.note({ ...subjectFacts(token), issuer: home.issuer });
    return undefined;
  };

  return async (request: ResourceRequest, response, next) => {
    const correlationId = newCorrelationId();
    response.setHeader('X-Correlation-Id', correlationId);
    const trace = isTraced()
      ? new TraceMessage({ event: 'resource', issuer: source.home.issuer, correlation_id: correlationId }, request)
      : undefined;
    const work = () => guard(request, response, trace, correlationId);
    const failure = await (trace ? tracedAnswer(trace, response, work) : work());
    if (!failure) next();
  };
}

function subjectFacts({ claims }: AcceptedToken) {
  return { client_id: claims.client_id, subject: claims.sub };
}

function outcomeOf(correlation_id: string, accepted: AcceptedToken | undefined, failure?: OAuthError) {
  const outcome = failure
    ? ({ outcome: 'failure', ...failureFacts(failure) } as const)
    : ({ outcome: 'success' } as const);
  return { event: 'resource', ...outcome, ...(accepted && subjectFacts(accepted)), correlation_id } as const;
}
