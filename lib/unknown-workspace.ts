import type { ServerResponse } from 'node:http';
import { toOAuthError } from './errors.js';
import type { EventListener } from './events.js';
import { failureFacts } from './failure-facts.js';
import { newCorrelationId } from './http/correlation-id.js';
import { sendError, sendJson } from './http/reply.js';
import type { NamedEndpoint } from './routes.js';
import type { ServerResources } from './server-resources.js';
import type { Workspace } from './workspaces/workspace.js';

const mostNeighbours = 20;

/**
 * Answers a request at one of our endpoints below an issuer that there is not, or that does not have this endpoint: 404,
 * in one shape. Where it has neighbours, as `/acme/dmeo` beside `/acme/demo`, the operator is told.
 */
export function refuseUnknown(
  { issuerPath }: NamedEndpoint,
  response: ServerResponse,
  { workspaces, onEvent }: { readonly workspaces: readonly Workspace[]; readonly onEvent: EventListener },
): void {
  const correlation_id = newCorrelationId();
  const known = neighboursOf(issuerPath, workspaces);
  if (known.length > 0) {
    const detail = { path: issuerPath, known, correlation_id };
    onEvent({ event: 'warning', name: 'workspace_unknown', detail });
  }
  sendJson(response, 404, { error: 'not_found' }, { 'X-Correlation-Id': correlation_id });
}

/** Answers where the host's database could not be asked, or told of a workspace that cannot be served. */
export function failToFind(
  { issuerPath, place }: NamedEndpoint,
  response: ServerResponse,
  { onEvent, explain }: Pick<ServerResources, 'onEvent' | 'explain'>,
  thrown: unknown,
): void {
  const correlation_id = newCorrelationId();
  const failure = toOAuthError(thrown);
  const { event } = place.endpoint;
  const outcome = { event, outcome: 'failure', ...failureFacts(failure), issuer: issuerPath, correlation_id } as const;
  onEvent(outcome);
  sendError(response, explain?.(failure, outcome) ?? failure, { 'X-Correlation-Id': correlation_id });
}

/** The issuer paths that differ in their last segment alone. */
function neighboursOf(path: string, workspaces: readonly Workspace[]): string[] {
  const parent = path.slice(0, path.lastIndexOf('/') + 1);
  const paths = workspaces.map((workspace) => workspace.path);
  if (parent.length < 2 || paths.includes(path)) return [];
  return paths.filter((each) => each.startsWith(parent) && !each.includes('/', parent.length)).slice(0, mostNeighbours);
}
