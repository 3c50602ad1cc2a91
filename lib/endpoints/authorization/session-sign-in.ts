import { OAuthError } from '../../errors.js';
import { findActiveUser } from '../../identity/active-user.js';
import { currentSession } from '../../identity/sessions.js';
import type { SignedInUser } from '../../identity/users.js';
import type { Interaction } from '../../workspaces/workspace.js';
import { showLogin } from '../account/login.js';
import { type LoginVisit, servesLogin } from '../account/login-visit.js';
import type { Exchange } from '../exchange.js';
import { redirectSource } from './consent-page.js';
import type { Recipient } from './redirect-target.js';

/**
 * Our own `authenticateUser`: the person of this browser's session, or undefined after having shown the login page.
 * Undefined without an answer under `prompt=none`. Rejects with `sign_in_unavailable` where there is no login.
 */
export async function signInBySession(
  exchange: Exchange,
  asked: Interaction,
  recipient: Recipient | undefined,
): Promise<SignedInUser | undefined> {
  const prompt = new Set(asked.prompt?.split(' '));
  const user = await personOfSession(exchange, asked);
  if (user && !prompt.has('login') && !prompt.has('select_account')) return user;
  if (prompt.has('none')) return undefined;
  if (!servesLogin(exchange.workspace)) throw new OAuthError('sign_in_unavailable');
  showLogin(exchange, visitFor(asked.returnTo, recipient), asked.loginHint);
  return undefined;
}

/** The person of this browser's session, as they are now. */
export async function sessionUser({ workspace, request }: Exchange): Promise<SignedInUser | undefined> {
  const session = await currentSession(workspace, request);
  if (!session) return undefined;
  const user = await findActiveUser(workspace.users, { id: session.userId });
  return user && { ...user, authTime: session.authTime };
}

/** A login on the way to a client. */
export function visitFor(returnTo: string, recipient: Recipient | undefined): LoginVisit {
  if (!recipient) return { returnTo };
  const { client, redirectUri } = recipient;
  return { returnTo, leadsTo: redirectSource(redirectUri), clientName: client.metadata.client_name ?? client.id };
}

async function personOfSession(exchange: Exchange, { maxAge }: Interaction): Promise<SignedInUser | undefined> {
  const user = await sessionUser(exchange);
  const age = Math.floor(exchange.workspace.now() / 1000) - (user?.authTime ?? 0);
  return maxAge === undefined || age <= maxAge ? user : undefined;
}
