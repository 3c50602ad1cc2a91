import type { OAuthError } from './errors.js';
import type { OutcomeEvent } from './events.js';
import { loggable } from './loggable-value.js';

/** What the event of a failed request tells of the failure; the client and method if they were known by then. */
export function failureFacts({
  error,
  reason,
  detail,
  cause,
  status,
}: OAuthError): Pick<OutcomeEvent, 'error' | 'reason' | 'detail' | 'client_id' | 'method' | 'cause'> {
  const { client_id, method } = detail;
  return {
    error,
    reason,
    detail: Object.fromEntries(
      Object.entries(detail).map(([name, value]) => [name, isShown(value) ? value : loggable(value)]),
    ),
    ...(typeof client_id === 'string' && { client_id: String(loggable(client_id)) }),
    ...(typeof method === 'string' && { method }),
    // A stranger's rubbish has causes too, stack and all; only ours are worth waking somebody for.
    ...(status >= 500 && cause !== undefined && { cause }),
  };
}

// Objects in a detail are ours; what came from outside as one has been flattened where it was read.
function isShown(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
