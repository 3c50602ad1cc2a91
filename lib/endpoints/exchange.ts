import type { ServerResponse } from 'node:http';
import { OAuthError, toOAuthError } from '../errors.js';
import type { OutcomeEvent } from '../events.js';
import { failureFacts } from '../failure-facts.js';
import { answerPreflight, shareReply } from '../http/cors.js';
import { sendError } from '../http/reply.js';
import type { BodyRequest } from '../http/request-body.js';
import { isLater } from '../soon.js';
import { isTraced, TraceMessage, tracedAnswer } from '../tracing/channels.js';
import type { Workspace } from '../workspaces/workspace.js';

/** One request at one endpoint of one workspace. */
export interface Exchange {
  readonly request: BodyRequest;
  readonly response: ServerResponse;
  readonly workspace: Workspace;
  /** Stands in the reply's X-Correlation-Id already. */
  readonly correlationId: string;
  /** When it came, in milliseconds since 1970: a revocation since then ends what it is answered with. */
  readonly receivedAt: number;
  /** What those who trace this request are told; absent where nobody does. */
  readonly trace?: TraceMessage;
  /** What the event will tell, filled in as it becomes known. */
  readonly facts: {
    -readonly [Fact in 'client_id' | 'method' | 'secret_id' | 'grant_type' | 'subject' | 'scope']?: OutcomeEvent[Fact];
  };
}

/** An endpoint of a workspace. */
export interface Endpoint {
  /** The name of its events. */
  readonly event: OutcomeEvent['event'];
  /** The HTTP methods it takes, as `Allow` names them. Every other is answered 405. */
  readonly methods: readonly string[];
  /** Whether scripts of the workspace's `cors_origins` may call it. */
  readonly crossOrigin?: boolean;
  /** Whether `reply.ts` writes all that it answers, and so may give it its X-Correlation-Id. */
  readonly repliesPlainly?: boolean;
  /**
   * Answers the request. A failure that is thrown is answered by `refuse`; one that is returned has been answered
   * already, by a redirect say. Either way it becomes the one event of the request.
   */
  handle(exchange: Exchange): Promise<OAuthError | undefined> | OAuthError | undefined;
  /** How a failure is answered when nothing has been sent yet; must not throw. Absent: as JSON (RFC 6749 5.2). */
  refuse?(exchange: Exchange, failure: OAuthError): void;
}

/** Runs an endpoint: whatever happens, one reply and one event. */
export function serve(endpoint: Endpoint, exchange: Exchange): void {
  if (endpoint.crossOrigin && answeredPreflight(endpoint, exchange)) return;
  void (isTraced() ? answerTraced(endpoint, exchange) : answer(endpoint, exchange));
}

async function answerTraced(endpoint: Endpoint, exchange: Exchange): Promise<void> {
  const { request, response, workspace, correlationId, facts } = exchange;
  const { issuer, tenant, name } = workspace;
  const { event } = endpoint;
  const trace = new TraceMessage({ event, issuer, tenant, workspace: name, correlation_id: correlationId }, request);
  await tracedAnswer(trace, response, async () => {
    const failure = await answer(endpoint, { ...exchange, trace });
    trace.note(facts);
    return failure;
  });
}

/** The failure it was answered with, if it was. */
async function answer(endpoint: Endpoint, exchange: Exchange): Promise<OAuthError | undefined> {
  let failure: OAuthError | undefined;
  try {
    requireMethod(endpoint, exchange);
    const handled = endpoint.handle(exchange);
    failure = isLater(handled) ? await handled : handled;
  } catch (thrown) {
    failure = toOAuthError(thrown);
    const { explain } = exchange.workspace;
    const told = explain ? explain(failure, outcomeOf(endpoint, exchange, failure)) : failure;
    if (exchange.response.headersSent) exchange.response.destroy();
    else if (endpoint.refuse) endpoint.refuse(exchange, told);
    else refuseWithJson(exchange, told);
  }
  exchange.workspace.emit(() => outcomeOf(endpoint, exchange, failure));
  return failure;
}

/** A browser's question before the request (Fetch 3.2.2) does nothing, and so is no event. */
function answeredPreflight(
  { methods }: Endpoint,
  { request, response, workspace: { corsOrigins } }: Exchange,
): boolean {
  if (corsOrigins.size === 0) return false;
  shareReply(request, response, corsOrigins);
  if (request.method !== 'OPTIONS') return false;
  answerPreflight(response, methods);
  return true;
}

function requireMethod({ methods }: Endpoint, { request: { method = '' } }: Exchange): void {
  if (methods.includes(method)) return;
  throw new OAuthError('method_not_allowed', { detail: { method, allow: methods.join(', ') } });
}

/** As RFC 6749 5.2 wants it; failed client authentication with a challenge. */
export function refuseWithJson({ response, workspace }: Exchange, failure: OAuthError): void {
  // RFC 9110 15.5.2: every 401 carries a challenge; which method failed does not show.
  const headers = failure.status === 401 ? { 'WWW-Authenticate': workspace.challenge } : {};
  sendError(response, failure, headers);
}

function outcomeOf({ event }: Endpoint, { correlationId: correlation_id, facts }: Exchange, failure?: OAuthError) {
  if (!failure) return { event, outcome: 'success', ...facts, correlation_id } as const;
  return { event, outcome: 'failure', ...failureFacts(failure), ...facts, correlation_id } as const;
}
