import { hash } from 'node:crypto';
import { OAuthError } from '../errors.js';
import { longestPushedRequest } from '../http/limits.js';
import { randomToken } from '../http/random-token.js';
import { dateOfIssue, isRevoked } from '../tokens/revocation.js';
import type { WorkspaceServices } from '../workspaces/services.js';

/** A pushed authorization request (RFC 9126), as it waits for a browser. */
export interface PushedRequest {
  /** Names it in the store and in forms. The request URI cannot be made from it. */
  readonly id: string;
  readonly clientId: string;
  /** Name and value, in the order sent. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
  /** Milliseconds since 1970: by then a browser must have come with it. */
  readonly expiresAt: number;
  /** Seconds since 1970, for revocation. */
  readonly pushedAt: number;
}

const prefix = 'urn:ietf:params:oauth:request_uri:';

/** A request that nobody came with is remembered this many seconds, so that the log can tell late from wrong. */
const memoryOfExpired = 300;
/** Seconds for a person who came in time to sign in. */
const memoryOfBegun = 2400;
/** Seconds. Longer than any record is remembered and any page is good that was made of it (at most 600 + 2400). */
const memoryOfUse = 3600;

type PushWorkspace = Pick<WorkspaceServices, 'store' | 'now' | 'policy' | 'secretKeys' | 'issuer'>;

/** Whether this names a pushed request, ours or not, and not a document to be fetched (RFC 9126 2.2). */
export function isPushedRequestUri(requestUri: string | undefined): requestUri is string {
  return requestUri?.startsWith(prefix) === true;
}

/**
 * Keeps a request that was pushed. Answers its URI, 256 random bits as base64url behind a URN, good for
 * `pushed_authorization_request_ttl` seconds. The store keeps it encrypted, since it may hold a one-time code, and
 * under the SHA-256 digest of its URI only. Rejects with `body_too_large`: a public client's pushes are anybody's.
 * `asOf`, in milliseconds since 1970: a revocation of all that the client has after that reaches it.
 */
export async function keepPushedRequest(
  workspace: PushWorkspace,
  request: Pick<PushedRequest, 'clientId' | 'parameters'>,
  asOf: number,
): Promise<{ readonly requestUri: string; readonly expiresIn: number }> {
  const { length } = JSON.stringify(request.parameters);
  if (length > longestPushedRequest)
    throw new OAuthError('body_too_large', { detail: { length, limit: longestPushedRequest } });
  const requestUri = prefix + randomToken();
  const expiresIn = workspace.policy.pushed_authorization_request_ttl;
  const expiresAt = workspace.now() + expiresIn * 1000;
  const pushedAt = await dateOfIssue(workspace, { client_id: request.clientId }, asOf);
  await put(workspace, { ...request, id: digest(requestUri), expiresAt, pushedAt }, expiresIn + memoryOfExpired);
  return { requestUri, expiresIn };
}

/** Keeps the record for a person who came in time and may have to sign in. Call it before `expiresAt`. */
export function beginPushedRequest(workspace: PushWorkspace, record: PushedRequest): Promise<void> {
  return put(workspace, record, memoryOfBegun);
}

/** What was pushed, used or not; undefined for what never was or is long gone. Look at `expiresAt`. */
export async function readPushedRequest(
  workspace: PushWorkspace,
  requestUri: string,
): Promise<PushedRequest | undefined> {
  const id = digest(requestUri);
  const sealed = await workspace.store.get(recordKey(id));
  const opened = sealed === undefined ? undefined : workspace.secretKeys.open(purpose, sealed, boundTo(workspace, id));
  return opened === undefined ? undefined : (JSON.parse(opened) as PushedRequest);
}

/** Rejects with `request_uri_revoked` when all that its client had was revoked since. */
export async function requireUnrevoked(
  workspace: Pick<PushWorkspace, 'store'>,
  { id, clientId, pushedAt }: PushedRequest,
): Promise<void> {
  if (!(await isRevoked(workspace, { grant_id: id, client_id: clientId, iat: pushedAt }))) return;
  throw new OAuthError('request_uri_revoked', { detail: { client_id: clientId } });
}

/** Rejects with `request_uri_used` when the request has been answered already. Uses nothing up. */
export async function requireUnused(
  { store }: Pick<PushWorkspace, 'store'>,
  { id, clientId }: Pick<PushedRequest, 'id' | 'clientId'>,
): Promise<void> {
  if ((await store.get(usedKey(id))) === undefined) return;
  throw new OAuthError('request_uri_used', { detail: { client_id: clientId } });
}

/**
 * Uses a pushed request up, at the moment its client is answered (RFC 9126 7.3). Of all calls, however many at once,
 * exactly one resolves; the others reject with `request_uri_used`.
 */
export async function usePushedRequest({ store }: Pick<PushWorkspace, 'store'>, id: string): Promise<void> {
  const { first } = await store.claim(usedKey(id), '1', memoryOfUse);
  if (!first) throw new OAuthError('request_uri_used');
}

/** Remembers that the one-time code of a pushed request was not good: it is not looked at again. */
export function refusePushedCode({ store }: Pick<PushWorkspace, 'store'>, id: string): Promise<void> {
  return store.set(refusedKey(id), '1', memoryOfUse);
}

/** Whether `refusePushedCode` was told so. */
export async function pushedCodeWasRefused({ store }: Pick<PushWorkspace, 'store'>, id: string): Promise<boolean> {
  return (await store.get(refusedKey(id))) !== undefined;
}

const purpose = 'pushed request';

async function put(workspace: PushWorkspace, record: PushedRequest, ttl: number): Promise<void> {
  const { id } = record;
  const sealed = workspace.secretKeys.seal(purpose, JSON.stringify(record), boundTo(workspace, id));
  await workspace.store.set(recordKey(id), sealed, ttl);
}

function boundTo({ issuer }: Pick<PushWorkspace, 'issuer'>, id: string): string {
  return JSON.stringify([issuer, id]);
}

function recordKey(id: string): string {
  return `pushed-request/${id}`;
}

function usedKey(id: string): string {
  return `pushed-request-used/${id}`;
}

function refusedKey(id: string): string {
  return `pushed-code-refused/${id}`;
}

function digest(requestUri: string): string {
  return hash('sha256', requestUri, 'base64url');
}
