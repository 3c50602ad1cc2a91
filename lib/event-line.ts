import type { AuthorizationServerEvent } from './events.js';

/**
 * An event as one line of JSON, with the time, for a log. What was thrown is written out, which `JSON.stringify` alone
 * would leave empty.
 */
export function eventLine(event: AuthorizationServerEvent): string {
  return JSON.stringify({ time: new Date().toISOString(), ...event }, (_name, value: unknown) =>
    value instanceof Error
      ? { name: value.name, message: value.message, stack: value.stack, cause: value.cause }
      : value,
  );
}
