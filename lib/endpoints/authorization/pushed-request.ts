import {
  beginPushedRequest,
  isPushedRequestUri,
  readPushedRequest,
  requireUnrevoked,
  requireUnused,
} from '../../codes/pushed-requests.js';
import { OAuthError } from '../../errors.js';
import { Form } from '../../http/form.js';
import type { Workspace } from '../../workspaces/workspace.js';

/** The pushed request (RFC 9126 4) that a browser came with. */
export interface PushedReference {
  readonly id: string;
  readonly requestUri: string;
  /** Seconds since 1970: when a browser first came with it. */
  readonly begunAt: number;
}

/** An authorization request as it counts, and where it comes from. */
export interface AuthorizationParameters {
  readonly form: Form;
  readonly pushed: PushedReference | undefined;
}

/** Parameters that a sign-in on the way changes. Undefined: left out. */
export type Changes = Readonly<Record<string, string | undefined>>;

/** What a pushed request's URL carries for us alone, sealed: a request that was begun, and what has changed since. */
interface Continuation {
  readonly begunAt: number;
  readonly changes: Changes;
}

const continuationParameter = 'continued';
const purpose = 'pushed request continued';

/** Seconds a person may take to sign in, once they came in time. */
const lifetime = 1800;

/**
 * What was asked: of a pushed request what was pushed, whatever else the browser brings (RFC 9126 4, RFC 9101 6.3); of
 * any other what stands in the front channel. Rejects with `request_uri_*` and `parameter_repeated`, for a page.
 */
export async function authorizationParameters(front: Form, workspace: Workspace): Promise<AuthorizationParameters> {
  const requestUri = front.get('request_uri');
  if (!isPushedRequestUri(requestUri)) return { form: front, pushed: undefined };
  front.refuseRepeated(['client_id', 'request_uri', continuationParameter]);
  const record = await readPushedRequest(workspace, requestUri);
  const clientId = front.get('client_id');
  if (!record) throw new OAuthError('request_uri_unknown', { detail: { client_id: clientId } });
  if (record.clientId !== clientId) {
    const detail = { client_id: clientId, pushed_by: record.clientId };
    throw new OAuthError('request_uri_client_mismatch', { detail });
  }
  await requireUnused(workspace, record);
  await requireUnrevoked(workspace, record);
  const continuation = openContinuation(front, workspace);
  if (!continuation && record.expiresAt <= workspace.now()) {
    const expired_at = new Date(record.expiresAt).toISOString();
    throw new OAuthError('request_uri_expired', { detail: { client_id: clientId, expired_at } });
  }
  if (!continuation) await beginPushedRequest(workspace, record);
  const begunAt = continuation?.begunAt ?? Math.floor(workspace.now() / 1000);
  const form = Form.of(record.parameters).with({ ...continuation?.changes });
  return { form, pushed: { id: record.id, requestUri, begunAt } };
}

/** Rejects a request that came by the front channel where it had to be pushed (RFC 9126 5, 6). */
export function requirePushed(required: boolean, pushed: PushedReference | undefined): void {
  if (required && !pushed) throw new OAuthError('request_not_pushed');
}

/**
 * This request once more with these changes, as a URL of ours to come back to; never from the Host header. That of a
 * pushed request stays good while the person signs in, though the request itself may be over by then.
 */
export function urlOfChanged(
  { form, pushed }: AuthorizationParameters,
  changes: Changes,
  { urls, secretKeys, issuer }: Workspace,
): string {
  if (!pushed) return `${urls.authorize}?${form.with(changes).toQuery()}`;
  const contents: Continuation = { begunAt: pushed.begunAt, changes: withoutUndefined(changes) };
  const query = { client_id: form.get('client_id') ?? '', request_uri: pushed.requestUri };
  const sealed = secretKeys.seal(purpose, JSON.stringify(contents), boundTo(query, issuer));
  return `${urls.authorize}?${new URLSearchParams({ ...query, [continuationParameter]: sealed })}`;
}

/** JSON has no undefined; an empty value counts as absent. */
function withoutUndefined(changes: Changes): Changes {
  return Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value ?? '']));
}

/** Undefined when there is none, and when it is not ours, of another request, or too old. */
function openContinuation(front: Form, { secretKeys, issuer, now }: Workspace): Continuation | undefined {
  const sealed = front.get(continuationParameter);
  if (sealed === undefined) return undefined;
  const query = { client_id: front.get('client_id') ?? '', request_uri: front.get('request_uri') ?? '' };
  const opened = secretKeys.open(purpose, sealed, boundTo(query, issuer));
  const continuation = opened === undefined ? undefined : (JSON.parse(opened) as Continuation);
  return continuation && (continuation.begunAt + lifetime) * 1000 > now() ? continuation : undefined;
}

function boundTo(query: { readonly client_id: string; readonly request_uri: string }, issuer: string): string {
  return JSON.stringify([issuer, query.client_id, query.request_uri]);
}
