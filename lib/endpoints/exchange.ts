import type { ServerResponse } from 'node:http';
import { type OAuthError, toOAuthError } from '../errors.js';
import type { OutcomeEvent } from '../events.js';
import { failureFacts } from '../failure-facts.js';
import { sendError } from '../http/reply.js';
import type { BodyRequest } from '../http/request-body.js';
import type { Workspace } from '../workspaces/workspace.js';

/** One request at one endpoint of one workspace. */
export interface Exchange {
  readonly request: BodyRequest;
  readonly response: ServerResponse;
  readonly workspace: Workspace;
  /** Stands in the reply's X-Correlation-Id already. */
  readonly correlationId: string;
  /** What the event will tell, filled in as it becomes known. */
  readonly facts: {
    -readonly [Fact in 'client_id' | 'method' | 'grant_type' | 'subject' | 'scope']?: OutcomeEvent[Fact];
  };
}

/** An endpoint of a workspace. */
export interface Endpoint {
  /** The name of its events. */
  readonly event: OutcomeEvent['event'];
  /**
   * Answers the request. A failure that is thrown is answered as JSON by the caller (RFC 6749 5.2); one that is
   * returned has been answered already, as a page or a redirect. Either way it becomes the one event of the request.
   */
  handle(exchange: Exchange): Promise<OAuthError | undefined> | OAuthError | undefined;
}

/** Runs an endpoint: whatever happens, one reply and one event. */
export async function serve(endpoint: Endpoint, exchange: Exchange): Promise<void> {
  let failure: OAuthError | undefined;
  try {
    failure = await endpoint.handle(exchange);
  } catch (thrown) {
    failure = toOAuthError(thrown);
    answerFailure(exchange, failure);
  }
  report(endpoint, exchange, failure);
}

function answerFailure({ response, workspace }: Exchange, failure: OAuthError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // RFC 9110 15.5.2: every 401 carries a challenge; which method failed does not show.
  const headers = failure.status === 401 ? { 'WWW-Authenticate': workspace.challenge } : {};
  sendError(response, failure, headers);
}

function report({ event }: Endpoint, { workspace, correlationId, facts }: Exchange, failure?: OAuthError): void {
  if (!failure) {
    workspace.emit({ event, outcome: 'success', ...facts, correlation_id: correlationId });
    return;
  }
  workspace.emit({ event, outcome: 'failure', ...failureFacts(failure), ...facts, correlation_id: correlationId });
}
