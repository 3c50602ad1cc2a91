import { OAuthError } from '../../errors.js';
import type { Form } from '../../http/form.js';
import { findActiveUser } from '../../identity/active-user.js';
import type { SignedInUser } from '../../identity/users.js';
import { readIdTokenHint } from '../../tokens/id-token-hint.js';
import type { Interaction, Workspace } from '../../workspaces/workspace.js';
import type { Exchange } from '../exchange.js';
import type { AuthorizationRequest } from './authorization-request.js';
import { urlOfChanged } from './pushed-request.js';
import type { Recipient } from './redirect-target.js';
import { signInBySession } from './session-sign-in.js';

/** Stands in `returnTo` when the person must sign in anew: since when, sealed. A parameter of ours, in no standard. */
const sinceParameter = 'sign_in_since';
const purpose = 'sign-in-since';
/** Seconds a person may take to sign in before they are asked once more. */
const lifetime = 1800;

/** Seconds the host's clock may be ahead of ours. */
const clockDifference = 60;

/** Who must have signed in, and how fresh it must be. */
interface Demand {
  /** The `sub` of the person the client expects. Undefined: anybody will do. */
  readonly subject: string | undefined;
  /** Seconds since the sign-in, at most. Undefined: any sign-in will do. */
  readonly maxAge: number | undefined;
  /** The sealed time from which on a new sign-in will do. Undefined: any sign-in will do. */
  readonly sealedSince: string | undefined;
  /** The browser comes back from a sign-in that we asked for. */
  readonly returning: boolean;
}

/**
 * The person at the browser, as the host or our own session tells. Undefined when the request has been answered with a
 * way to sign in. `anew`: whoever is signed in, a sign-in page is due. Rejects with `login_required`,
 * `person_inactive` or `sign_in_unavailable`, and with what the host's hook throws.
 */
export async function signedInUser(
  exchange: Exchange,
  form: Form,
  request: AuthorizationRequest,
  { anew = false }: { readonly anew?: boolean } = {},
): Promise<SignedInUser | undefined> {
  const { workspace, response } = exchange;
  const now = Math.floor(workspace.now() / 1000);
  const demand = demandOf(form, request, workspace, now, await expectedSubject(request, workspace));
  const interaction = interactionOf(form, request, workspace, demand);
  const { recipient } = request;
  let user = await askWho(exchange, anew ? { ...interaction, prompt: 'login' } : interaction, recipient);
  if (user && mayAskAgain(user, request, demand, now))
    user = await askWho(exchange, { ...interaction, prompt: 'login' }, recipient);
  if (response.headersSent || response.writableEnded) return undefined;
  if (!user) throw new OAuthError('login_required');
  exchange.facts.subject = user.id;
  requireSubject(user, demand);
  if (!isFresh(user, demand, now)) {
    throw new OAuthError('login_required', { detail: { auth_time: user.authTime, max_age: demand.maxAge } });
  }
  requireAuthTime(user, request);
  return activeUser(user, workspace);
}

/** The `sub` of the request's `id_token_hint`. Rejects with `parameter_invalid` for what is no ID token of this client's. */
export async function expectedSubject(
  { idTokenHint, binding }: Pick<AuthorizationRequest, 'idTokenHint' | 'binding'>,
  workspace: Workspace,
): Promise<string | undefined> {
  if (idTokenHint === undefined) return undefined;
  const hinted = await readIdTokenHint(idTokenHint, workspace);
  if (hinted?.clientId === binding.clientId) return hinted.subject;
  throw new OAuthError('parameter_invalid', {
    description: 'The parameter id_token_hint has an invalid value.',
    detail: { parameter: 'id_token_hint', issued_to: hinted?.clientId },
  });
}

/** OpenID Connect Core 3.1.2.1: another person than the one hinted at gets nothing. Throws `login_required`. */
export function requireSubject(user: SignedInUser, { subject }: Pick<Demand, 'subject'>): void {
  if (subject === undefined || subject === user.id) return;
  throw new OAuthError('login_required', { detail: { subject: user.id, expected: subject } });
}

/** OpenID Connect Dynamic Client Registration 1.0, 2. A code without it could never be redeemed. */
function requireAuthTime({ id, authTime }: SignedInUser, { recipient: { client } }: AuthorizationRequest): void {
  if (!client.metadata.require_auth_time || authTime !== undefined) return;
  throw new OAuthError('auth_time_missing', {
    detail: { subject: id, fix: 'The client has require_auth_time: authenticateUser must tell authTime.' },
  });
}

/** This request once more, with this `authentication_code` or none, as a URL to come back to. */
export function urlOfRequest(
  form: Form,
  request: AuthorizationRequest,
  workspace: Workspace,
  authenticationCode?: string,
): string {
  const demand = demandOf(form, request, workspace, Math.floor(workspace.now() / 1000), undefined);
  return returnTo(form, request, workspace, demand, authenticationCode);
}

/**
 * The person at the browser if it is still the one who was asked, without showing any page; undefined otherwise. For
 * the moment of decision. Rejects with `person_inactive`.
 */
export async function sameUser(
  exchange: Exchange,
  clientId: string,
  userId: string,
): Promise<SignedInUser | undefined> {
  const { workspace, response } = exchange;
  const { issuer, urls } = workspace;
  const asked = { returnTo: urls.authorize, clientId, issuer, prompt: 'none', loginHint: undefined, maxAge: undefined };
  const user = await askWho(exchange, asked);
  if (user?.id !== userId || response.headersSent || response.writableEnded) return undefined;
  return activeUser(user, workspace);
}

/**
 * The person at the browser as the host tells, where no client asks; undefined when nobody is signed in or the host has
 * answered. Rejects with `person_inactive`.
 */
export async function hostUser(
  { workspace, request, response }: Exchange,
  { returnTo, prompt }: Pick<Interaction, 'returnTo' | 'prompt'>,
): Promise<SignedInUser | undefined> {
  const { issuer } = workspace;
  const asked = { returnTo, clientId: undefined, issuer, prompt, loginHint: undefined, maxAge: undefined };
  const user = await workspace.authenticateUser?.(request, response, asked);
  return user && !response.headersSent && !response.writableEnded ? activeUser(user, workspace) : undefined;
}

async function askWho(exchange: Exchange, asked: Interaction, to?: Recipient): Promise<SignedInUser | undefined> {
  const { request, response, workspace } = exchange;
  if (workspace.authenticateUser) return workspace.authenticateUser(request, response, asked);
  return signInBySession(exchange, asked, to);
}

async function activeUser(user: SignedInUser, { users }: Workspace): Promise<SignedInUser> {
  const active = await findActiveUser(users, user);
  if (!active) throw new OAuthError('person_inactive', { detail: { subject: user.id } });
  return { ...active, authTime: user.authTime };
}

/**
 * What `prompt=login` and `max_age` ask (OpenID Connect Core 3.1.2.1). `prompt=login` is `max_age=0`; and since time
 * passes on the sign-in page, a sign-in after the request was first made fulfils either of them.
 */
function demandOf(
  form: Form,
  { prompt, maxAge }: AuthorizationRequest,
  workspace: Workspace,
  now: number,
  subject: string | undefined,
): Demand {
  const since = readSince(form, workspace, now);
  if (since !== undefined) {
    // The same seal again: `returnTo` stays one and the same however often the browser comes back.
    const sealedSince = form.get(sinceParameter);
    return { subject, maxAge: Math.max(maxAge ?? 0, now - since), sealedSince, returning: true };
  }
  const required = prompt.has('login') || form.has(sinceParameter) ? 0 : maxAge;
  const sealedSince = required === undefined ? undefined : sealSince(now, form, workspace);
  return { subject, maxAge: required, sealedSince, returning: false };
}

function isFresh({ authTime }: SignedInUser, { maxAge }: Demand, now: number): boolean {
  if (maxAge === undefined) return true;
  // A time far ahead is a mistake of the host, milliseconds perhaps, and would be fresh for ever.
  return authTime !== undefined && now - authTime <= maxAge && authTime <= now + clockDifference;
}

/**
 * A host that looks at `prompt` but not at `maxAge` gets a second chance to show its sign-in page; so does one where
 * another person is signed in than the client expects.
 */
function mayAskAgain(user: SignedInUser, { prompt }: AuthorizationRequest, demand: Demand, now: number): boolean {
  if (demand.subject !== undefined && demand.subject !== user.id) return !prompt.has('none') && !prompt.has('login');
  const hopeless = user.authTime === undefined || demand.returning || prompt.has('none') || prompt.has('login');
  return !hopeless && !isFresh(user, demand, now);
}

function interactionOf(form: Form, request: AuthorizationRequest, workspace: Workspace, demand: Demand): Interaction {
  const { prompt, loginHint, binding } = request;
  return {
    returnTo: returnTo(form, request, workspace, demand),
    clientId: binding.clientId,
    issuer: workspace.issuer,
    prompt: prompt.size === 0 ? undefined : [...prompt].join(' '),
    loginHint,
    maxAge: demand.maxAge,
  };
}

/**
 * This request once more. What the sign-in page is about to fulfil is taken out of `prompt`: left in, it would send the
 * person to that page for ever.
 */
function returnTo(
  form: Form,
  { prompt, pushed }: AuthorizationRequest,
  workspace: Workspace,
  { sealedSince }: Demand,
  authenticationCode?: string,
): string {
  const left = [...prompt].filter((value) => value !== 'login' && value !== 'select_account');
  const changes = {
    prompt: left.join(' '),
    [sinceParameter]: sealedSince,
    authentication_code: authenticationCode,
  };
  return urlOfChanged({ form, pushed }, changes, workspace);
}

function sealSince(since: number, form: Form, { secretKeys, issuer }: Workspace): string {
  return secretKeys.seal(purpose, String(since), boundTo(form, issuer));
}

/** Undefined when there is none, and when it is not ours or too old: the person is then asked to sign in anew. */
function readSince(form: Form, { secretKeys, issuer }: Workspace, now: number): number | undefined {
  const sealed = form.get(sinceParameter);
  const opened = sealed === undefined ? undefined : secretKeys.open(purpose, sealed, boundTo(form, issuer));
  const since = Number(opened);
  return opened !== undefined && since + lifetime > now ? since : undefined;
}

function boundTo(form: Form, issuer: string): string {
  return JSON.stringify([
    issuer,
    form.get('client_id'),
    form.get('state'),
    form.get('nonce'),
    form.get('code_challenge'),
  ]);
}
