import { OAuthError } from '../../errors.js';
import { resourcesMeant } from '../../grants/resource.js';
import type { Form } from '../../http/form.js';
import { consentTo, covers, rememberConsent } from '../../identity/consents.js';
import type { SignedInUser } from '../../identity/users.js';
import type { Workspace } from '../../workspaces/workspace.js';
import type { Exchange } from '../exchange.js';
import type { AuthorizationRequest } from './authorization-request.js';
import type { ConsentBasis } from './consent-transaction.js';
import { urlOfRequest } from './sign-in.js';

/** On what grounds a code may be given, and for which scopes. With `ask`, the person has yet to say which. */
export interface ConsentRuling {
  readonly basis: ConsentBasis;
  readonly scopes: readonly string[];
}

/**
 * Whether the person has to be asked. Undefined when the host's `askConsent` has answered the request itself. Rejects
 * with `consent_required` under `prompt=none`, and with `consent_denied`.
 */
export async function ruleOnConsent(
  exchange: Exchange,
  form: Form,
  request: AuthorizationRequest,
  user: SignedInUser,
): Promise<ConsentRuling | undefined> {
  const { prompt, recipient, binding } = request;
  const { scopes } = binding;
  // `trusted` clients belong to the operator: nobody is asked whether they may. Unless the client itself wants it.
  if (recipient.client.metadata.trusted === true && !prompt.has('consent')) return { basis: 'trusted', scopes };
  if (exchange.workspace.askConsent) return askHost(exchange, form, request, user);
  if (mayStand(request) && (await standingConsent(exchange.workspace, user.id, binding)) !== undefined) {
    return { basis: 'standing', scopes };
  }
  if (prompt.has('none')) throw new OAuthError('consent_required');
  return { basis: 'ask', scopes };
}

/**
 * The scopes granted of those asked; `openid` is the sign-in itself and cannot be left out. Throws `consent_denied` when
 * nothing is left of what was asked.
 */
export function grantedScopes(asked: readonly string[], allowed: readonly string[]): string[] {
  const granted = asked.filter((scope) => scope === 'openid' || allowed.includes(scope));
  if (asked.length > 0 && granted.length === 0)
    throw new OAuthError('consent_denied', { detail: { allowed: 'nothing' } });
  return granted;
}

/** The id of the consent behind a code; undefined for a client that needs none. Rejects with `consent_required`. */
export async function consentBehind(
  workspace: Workspace,
  userId: string,
  { clientId, scopes: asked, resources: named }: AuthorizationRequest['binding'],
  { basis, scopes: granted }: ConsentRuling,
): Promise<string | undefined> {
  if (basis === 'trusted') return undefined;
  const resources = resourcesMeant(named, workspace);
  if (basis !== 'standing') return rememberConsent(workspace, userId, { clientId, asked, granted, resources });
  const id = await standingConsent(workspace, userId, { clientId, scopes: granted, resources });
  // Withdrawn while the person was looking at the page.
  if (id === undefined) throw new OAuthError('consent_required');
  return id;
}

/**
 * Whether an earlier consent may be enough: not where anybody can pass for the client (RFC 8252 8.6, OAuth 2.1 7.3.1),
 * nor when the client wants the person asked, nor for access while they are away (OpenID Connect Core 11).
 */
function mayStand({ prompt, recipient: { client, redirectUri }, binding }: AuthorizationRequest): boolean {
  const assured = client.method !== 'none' && /^https?:/.test(redirectUri);
  return assured && !prompt.has('consent') && !binding.scopes.includes('offline_access');
}

async function standingConsent(
  workspace: Workspace,
  userId: string,
  asked: Pick<AuthorizationRequest['binding'], 'clientId' | 'scopes' | 'resources'>,
): Promise<string | undefined> {
  const consent = await consentTo(workspace, userId, asked.clientId);
  // Who names no resource must not get the default one on the strength of a consent to another.
  const resources = resourcesMeant(asked.resources, workspace);
  return consent && covers(consent, { ...asked, resources }) ? consent.id : undefined;
}

async function askHost(
  exchange: Exchange,
  form: Form,
  request: AuthorizationRequest,
  user: SignedInUser,
): Promise<ConsentRuling | undefined> {
  const { workspace, response } = exchange;
  const { binding, recipient, prompt, authenticationCode } = request;
  const answer = await workspace.askConsent?.(exchange.request, response, {
    // The code is still to be used up: without it the browser would come back as nobody.
    returnTo: urlOfRequest(form, request, workspace, authenticationCode),
    user,
    client: recipient.client,
    scopes: binding.scopes,
    resources: binding.resources,
    prompt: prompt.size === 0 ? undefined : [...prompt].join(' '),
  });
  if (response.headersSent || response.writableEnded) return undefined;
  if (!answer) throw new OAuthError('consent_required');
  if ('deny' in answer) throw new OAuthError('consent_denied');
  // In a string, `includes` would find parts of names.
  if (!Array.isArray(answer.allow)) {
    throw new OAuthError('internal_error', { detail: { fix: 'askConsent must give the allowed scopes as an array.' } });
  }
  return { basis: 'host', scopes: grantedScopes(binding.scopes, answer.allow) };
}
