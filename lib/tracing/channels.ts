import { channel, type TracingChannel, tracingChannel } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type OAuthError, toOAuthError } from '../errors.js';
import type { AuthorizationServerEvent, OutcomeEvent } from '../events.js';
import { failureFacts } from '../failure-facts.js';

const outcomes = channel('express-client-auth:outcome');
const warnings = channel('express-client-auth:warning');

/** Whether anybody hears of outcomes by their channel. */
export function outcomesAreHeard(): boolean {
  return outcomes.hasSubscribers;
}

/** Publishes an event to the channel of its kind, as `onEvent` hears it. */
export function publishEvent(event: AuthorizationServerEvent): void {
  const kind = event.event === 'warning' ? warnings : outcomes;
  if (kind.hasSubscribers) kind.publish(event);
}

/** The work on one request at an endpoint. */
export const requests = tracingChannel<TraceMessage, TraceMessage>('express-client-auth:request');
/** Client authentication, at an endpoint or at a route of the host. */
export const clientAuthentications = tracingChannel<TraceMessage, TraceMessage>(
  'express-client-auth:client_authentication',
);
/** The work of a grant, after client authentication. */
export const grantWork = tracingChannel<TraceMessage, TraceMessage>('express-client-auth:grant');

/** Whether anybody traces. Asked once per request, before anything is made for it. */
export function isTraced(): boolean {
  return requests.hasSubscribers || clientAuthentications.hasSubscribers || grantWork.hasSubscribers;
}

/** What is known from the start on. */
export type TraceNames = Pick<OutcomeEvent, 'event' | 'issuer' | 'tenant' | 'workspace' | 'correlation_id'>;
type Known = 'outcome' | 'reason' | 'client_id' | 'method' | 'secret_id' | 'grant_type' | 'subject' | 'scope';
/** What becomes known. */
export type TraceFacts = { -readonly [Fact in Known | 'issuer']?: OutcomeEvent[Fact] | undefined } & {
  status?: number | undefined;
};

/** Where a secret of the caller's stands. */
const secretHeaders: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie', 'dpop']);

/** What the channels `express-client-auth:request`, `:client_authentication` and `:grant` carry. Never a secret. */
export class TraceMessage implements TraceNames {
  readonly event: TraceNames['event'];
  readonly issuer: string;
  declare readonly tenant?: string;
  declare readonly workspace?: string;
  readonly correlation_id: string;
  /** The request that this is a part of. Absent of a request itself, and at a route of the host. */
  declare readonly parent?: TraceMessage;
  // From here on, what is there at the end, as far as it was known. See OutcomeEvent.
  declare readonly outcome?: OutcomeEvent['outcome'];
  declare readonly reason?: OutcomeEvent['reason'];
  declare readonly client_id?: string;
  declare readonly method?: string;
  declare readonly secret_id?: string;
  declare readonly grant_type?: string;
  declare readonly subject?: string;
  declare readonly scope?: string;
  /** The status of the reply to a request that has been answered. */
  declare readonly status?: number;
  /** The failure. */
  declare readonly error?: OAuthError;
  readonly #request: IncomingMessage;

  constructor(
    { event, issuer, tenant, workspace, correlation_id }: TraceNames,
    request: IncomingMessage,
    parent?: TraceMessage,
  ) {
    this.event = event;
    this.issuer = issuer;
    if (tenant !== undefined) this.tenant = tenant;
    if (workspace !== undefined) this.workspace = workspace;
    this.correlation_id = correlation_id;
    if (parent) this.parent = parent;
    this.#request = request;
  }

  /** A header of the request, such as `traceparent`; undefined for those that carry secrets. */
  header(name: string): string | undefined {
    const asked = name.toLowerCase();
    const value = secretHeaders.has(asked) ? undefined : this.#request.headers[asked];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  /** A part of the work on this request. */
  part(): TraceMessage {
    return new TraceMessage(this, this.#request, this);
  }

  /** Adds what became known. */
  note(facts: TraceFacts): void {
    const known = Object.entries(facts).filter(([, value]) => value !== undefined);
    Object.assign(this, Object.fromEntries(known));
  }
}

/**
 * Does work while `channel` tells of it, and answers as the work does, whatever becomes of the telling. `told`: what its
 * result makes known; the result itself, which may hold secrets, is not published.
 */
export async function traced<T>(
  to: TracingChannel<TraceMessage, TraceMessage>,
  trace: TraceMessage,
  work: () => Promise<T>,
  told: (result: T) => TraceFacts,
): Promise<T> {
  let begun: Promise<T> | undefined;
  const tellingly = async () => {
    try {
      begun = (async () => work())();
      trace.note({ ...told(await begun), outcome: 'success' });
    } catch (thrown) {
      throw noted(trace, toOAuthError(thrown));
    }
  };
  try {
    await to.tracePromise(tellingly, trace);
  } catch {
    // The work's own failure comes below. Whatever else went wrong, such as a store bound to the channel, decides nothing.
  }
  return begun ?? work();
}

/**
 * The same for what answers a request itself: `work` resolves with the failure it was answered with, if it was. The
 * channel hears of one as of anything that was thrown. Rejects as `work` does: what came to no end is no success.
 */
export async function tracedAnswer(
  trace: TraceMessage,
  response: ServerResponse,
  work: () => Promise<OAuthError | undefined>,
): Promise<OAuthError | undefined> {
  let begun: Promise<OAuthError | undefined> | undefined;
  const answer = async () => {
    begun = (async () => work())();
    const failure = await begun;
    trace.note({ status: response.headersSent ? response.statusCode : undefined });
    if (failure) throw failure;
  };
  await traced(requests, trace, answer, () => ({})).catch(() => undefined);
  return begun ?? work();
}

function noted(trace: TraceMessage, failure: OAuthError): OAuthError {
  const { client_id, method } = failureFacts(failure);
  const { client_id: knownId = client_id, method: knownMethod = method } = trace;
  trace.note({ outcome: 'failure', reason: failure.reason, client_id: knownId, method: knownMethod });
  return failure;
}
