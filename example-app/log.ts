import { pino } from 'pino';
import type { AuthorizationServerEvent } from '../index.js';

/** Names of members that would be secrets. Events hold none; this is the second lock. */
const secretNames = [
  'access_token',
  'assertion',
  'authorization',
  'client_assertion',
  'client_secret',
  'code',
  'code_verifier',
  'cookie',
  'id_token',
  'password',
  'refresh_token',
];

/** What the app needs of its log. */
export interface Log {
  /** One line per outcome: who, by which method, for which grant, and why not. */
  event(event: AuthorizationServerEvent): void;
  /** Something an operator should look at. `fields` name the workspace where there is one. */
  warning(name: string, fields: Readonly<Record<string, unknown>>): void;
  /** Something that went wrong outside the protocol. */
  error(fields: Readonly<Record<string, unknown>>, thrown: unknown): void;
}

/** A log whose events others hear too. */
export function withListeners(log: Log, listeners: readonly ((event: AuthorizationServerEvent) => void)[]): Log {
  return {
    ...log,
    event: (event) => {
      log.event(event);
      for (const listen of listeners) listen(event);
    },
  };
}

/** JSON lines on stderr. */
export function makeLog(): Log {
  const logger = pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { cause: pino.stdSerializers.err },
      redact: secretNames.flatMap((name) => [`detail.${name}`, `detail.*.${name}`]),
    },
    pino.destination({ dest: 2, sync: true }),
  );
  return {
    event: (event) => logger[levelOf(event)](fieldsOf(event)),
    warning: (name, fields) => logger.warn({ event: 'warning', name, ...fields }),
    error: (fields, cause) => logger.error({ ...fields, cause }),
  };
}

function levelOf(event: AuthorizationServerEvent): 'info' | 'warn' | 'error' {
  if (event.event === 'warning') return 'warn';
  if (event.error === 'server_error' || event.error === 'temporarily_unavailable') return 'error';
  return event.outcome === 'success' ? 'info' : 'warn';
}

function fieldsOf(event: AuthorizationServerEvent): Record<string, unknown> {
  const { tenant, workspace, detail } = event;
  if (event.event === 'warning') return { event: event.event, name: event.name, tenant, workspace, detail };
  const { outcome, error, reason, client_id, method, grant_type, correlation_id, cause } = event;
  return {
    event: event.event,
    outcome,
    error,
    reason,
    client_id,
    method,
    grant_type,
    tenant,
    workspace,
    correlation_id,
    detail,
    ...(cause !== undefined && { cause }),
  };
}
