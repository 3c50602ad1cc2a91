import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { CodeAttempt } from '../../codes/one-time-codes.js';
import { OAuthError } from '../../errors.js';
import { browserOf } from '../../http/browser-cookie.js';
import type { IdentityPool } from '../../identity/pool.js';
import { startSession } from '../../identity/sessions.js';
import type { User } from '../../identity/users.js';
import type { Workspace } from '../../workspaces/workspace.js';
import { seeOther } from '../authorization/authorization-response.js';
import type { Exchange } from '../exchange.js';

/** Why a person signs in. It travels sealed in the form of the page, and waits sealed for the link of the mail. */
export interface LoginVisit {
  /** Our own URL to go on to. */
  readonly returnTo: string;
  /** The CSP source that a redirect from there leads to: browsers hold redirects after a form against form-action. */
  readonly leadsTo?: string;
  readonly clientName?: string;
}

/** Whether the workspace lets people sign in by itself: it has people, a mailer, and no host who does it. */
export function servesLogin({ pool, deliverCode, authenticateUser }: Workspace): boolean {
  return pool !== undefined && deliverCode !== undefined && authenticateUser === undefined;
}

/** Whether people can see what they have allowed: whoever signs them in tells who is there. */
export function servesConsents(workspace: Workspace): boolean {
  const { authenticateUser, grants } = workspace;
  return servesLogin(workspace) || (authenticateUser !== undefined && grants.has('authorization_code'));
}

/** The pool of a workspace that serves a login. */
export function poolOf({ pool }: Workspace): IdentityPool {
  if (pool) return pool;
  throw new OAuthError('internal_error', { detail: { fix: 'This workspace has no pool.' } });
}

/** A one-time code as this workspace presents it to its pool. */
export function attempt({ name }: Workspace, code: string): CodeAttempt {
  return { type: 'authentication', code, workspace: name };
}

/** Whether it says that a one-time code is not good: all such refusals look the same to the person. */
export function isCodeRefusal(thrown: unknown): thrown is OAuthError {
  return thrown instanceof OAuthError && thrown.error === 'invalid_grant';
}

/**
 * The name of this browser as it may be kept: a digest, for whoever knows the name itself passes for the browser. Empty,
 * which is nobody's, when it has none.
 */
export function browserDigest(request: IncomingMessage): string {
  const browser = browserOf(request);
  return browser === undefined ? '' : createHash('sha256').update(browser).digest('base64url');
}

/** A person has proved who they are: gives them a session and sends them on. */
export async function completeLogin(exchange: Exchange, { returnTo }: LoginVisit, user: User): Promise<void> {
  const { workspace, request, response, facts } = exchange;
  facts.subject = user.id;
  // It came sealed. This line is for the day when something else than our own URLs gets into a seal.
  if (!returnTo.startsWith(`${workspace.issuer}/`)) {
    throw new OAuthError('form_invalid', { detail: { what: 'leads away' } });
  }
  await startSession(workspace, request, response, user.id);
  seeOther(response, returnTo);
}
