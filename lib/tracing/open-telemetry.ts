import { AsyncLocalStorage } from 'node:async_hooks';
import type { TracingChannel } from 'node:diagnostics_channel';
import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api';
import { clientAuthentications, grantWork, requests, type TraceMessage } from './channels.js';

type Api = typeof import('@opentelemetry/api');

const library = 'express-client-auth';
const spanNames = [
  ['request', requests],
  ['client_authentication', clientAuthentications],
  ['grant', grantWork],
] as const;

let running: (() => void) | undefined;

/**
 * Makes OpenTelemetry spans of requests at the endpoints, of client authentication and of grants, by the tracer
 * provider that is registered with `@opentelemetry/api`. Resolves with a function that ends it; called again meanwhile,
 * it makes no span twice. Rejects with an Error where `@opentelemetry/api` is not installed.
 */
export async function traceWithOpenTelemetry(): Promise<() => void> {
  const spans = new Spans(await loadApi());
  running ??= follow(spans);
  return stop;
}

function stop(): void {
  running?.();
  running = undefined;
}

async function loadApi(): Promise<Api> {
  try {
    return await import('@opentelemetry/api');
  } catch (cause) {
    const message =
      'OpenTelemetry needs the package @opentelemetry/api, which cannot be loaded: npm install @opentelemetry/api';
    throw new Error(message, { cause });
  }
}

function follow(spans: Spans): () => void {
  const ends = spanNames.map(([name, channel]) => followOne(spans, name, channel));
  return () => {
    for (const end of ends) end();
  };
}

function followOne(spans: Spans, name: string, { start, asyncEnd }: TracingChannel<unknown, TraceMessage>): () => void {
  const store = new ActiveContext(spans.api);
  const end = (message: unknown) => spans.end(message as TraceMessage);
  start.bindStore(store, (message) => spans.begin(name, message as TraceMessage));
  asyncEnd.subscribe(end);
  return () => {
    start.unbindStore(store);
    asyncEnd.unsubscribe(end);
  };
}

/** What a channel takes for a store of its own is OpenTelemetry's: spans that others make meanwhile become children. */
class ActiveContext extends AsyncLocalStorage<Context> {
  readonly #api: Api;

  constructor(api: Api) {
    super();
    this.#api = api;
  }

  override run<R, A extends unknown[]>(active: Context, work: (...given: A) => R, ...given: A): R {
    return this.#api.context.with(active, work, undefined, ...given);
  }
}

class Spans {
  readonly api: Api;
  readonly #tracer: Tracer;
  readonly #open = new WeakMap<TraceMessage, Span>();

  constructor(api: Api) {
    this.api = api;
    this.#tracer = api.trace.getTracer(library);
  }

  /** The context in which the work is done. What goes wrong here is no matter of the request. */
  begin(name: string, message: TraceMessage): Context {
    const { context, trace, SpanKind } = this.api;
    const active = context.active();
    try {
      const parent = this.#parent(message, active);
      const origin = trace.getSpanContext(parent);
      const isEntry = name === 'request' && (origin === undefined || origin.isRemote === true);
      const kind = isEntry ? SpanKind.SERVER : SpanKind.INTERNAL;
      const span = this.#tracer.startSpan(spanName(name, message), { kind, attributes: names(message) }, parent);
      this.#open.set(message, span);
      return trace.setSpan(parent, span);
    } catch {
      return active;
    }
  }

  end(message: TraceMessage): void {
    const span = this.#open.get(message);
    if (!span) return;
    try {
      span.setAttributes(facts(message));
      const code = this.api.SpanStatusCode.ERROR;
      if (message.outcome === 'failure') span.setStatus({ code, message: message.error?.error ?? 'server_error' });
      span.end();
    } catch {
      // A span processor's mistake, which has no caller here who could mend it.
    }
  }

  /** The request; else what the host has begun; else what the caller says (W3C Trace Context). */
  #parent(message: TraceMessage, active: Context): Context {
    const { propagation, trace } = this.api;
    const request = message.parent && this.#open.get(message.parent);
    if (request) return trace.setSpan(active, request);
    if (trace.getSpan(active)) return active;
    return propagation.extract(active, message, {
      get: (from, key) => from.header(key),
      keys: () => propagation.fields(),
    });
  }
}

function spanName(name: string, { event }: TraceMessage): string {
  return `oauth.${name === 'request' ? event : name}`;
}

function names({ event, issuer, tenant, workspace, correlation_id }: TraceMessage): Attributes {
  return {
    'oauth.endpoint': event,
    'oauth.issuer': issuer,
    'oauth.tenant': tenant,
    'oauth.workspace': workspace,
    'oauth.correlation_id': correlation_id,
  };
}

/** Without `subject`: traces often leave the house, and people should not go with them. */
function facts(message: TraceMessage): Attributes {
  return {
    'oauth.issuer': message.issuer,
    'oauth.outcome': message.outcome,
    'oauth.error': message.error?.error,
    'oauth.reason': message.reason,
    'oauth.client_id': message.client_id,
    'oauth.client_authentication.method': message.method,
    'oauth.client_authentication.secret_id': message.secret_id,
    'oauth.grant_type': message.grant_type,
    'oauth.scope': message.scope,
    'http.response.status_code': message.status,
    'error.type': message.error?.error,
  };
}
