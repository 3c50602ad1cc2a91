import { OAuthError } from '../../errors.js';
import { withdrawCors } from '../../http/cors.js';
import { refuseCrossSite } from '../../http/cross-site.js';
import type { Form } from '../../http/form.js';
import { sendPage } from '../../http/page.js';
import { readQuery } from '../../http/query.js';
import { readForm } from '../../http/request-body.js';
import { currentSession, endSession } from '../../identity/sessions.js';
import { type HintedPerson, readIdTokenHint } from '../../tokens/id-token-hint.js';
import type { Workspace } from '../../workspaces/workspace.js';
import { seeOther } from '../authorization/authorization-response.js';
import { redirectSource } from '../authorization/consent-page.js';
import { refuseWithPage } from '../authorization/error-page.js';
import type { Endpoint, Exchange } from '../exchange.js';
import { confirmLogoutPage, signedOutPage } from './logout-page.js';
import { openForm, sealForm } from './sealed-form.js';

/** What the form of the confirmation page carries. */
interface LogoutForm {
  /** Where the browser goes then, `state` in it. Absent: nowhere. */
  readonly goOn?: string;
}

/** Seconds a person may take. */
const lifetime = 600;

const parameters = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state', 'form'];

/**
 * Ends the session of this browser (OpenID Connect RP-Initiated Logout 1.0). A client that proves by an ID token that it
 * knows the person gets it done at once; anybody else's wish is put before the person first. Tokens live on.
 */
export const logoutEndpoint: Endpoint = {
  event: 'logout',
  methods: ['GET', 'POST'],
  async handle(exchange) {
    const { request, workspace } = exchange;
    withdrawCors(exchange.response);
    const form = request.method === 'POST' ? await readForm(request) : readQuery(request);
    form.refuseRepeated(parameters);
    if (request.method === 'POST' && form.has('form')) await confirmed(exchange, form);
    else await requested(exchange, form, await hintOf(form, workspace));
    return undefined;
  },
  refuse: refuseWithPage,
};

/** A hint that is none of ours counts as none: the person is asked then (RP-Initiated Logout 2, 6). */
async function hintOf(form: Form, workspace: Workspace): Promise<HintedPerson | undefined> {
  const hint = form.get('id_token_hint');
  const hinted = hint === undefined ? undefined : await readIdTokenHint(hint, workspace);
  const clientId = form.get('client_id');
  if (hinted && clientId !== undefined && clientId !== hinted.clientId) {
    throw new OAuthError('parameter_invalid', {
      description: 'The id_token_hint was issued to another client.',
      detail: { parameter: 'client_id', issued_to: hinted.clientId },
    });
  }
  return hinted;
}

async function requested(exchange: Exchange, form: Form, hinted: HintedPerson | undefined): Promise<void> {
  const { workspace, request, response } = exchange;
  const goOn = await destination(exchange, form, hinted);
  const session = await currentSession(workspace, request);
  // A post from another site comes without our SameSite cookies: that no session is seen means nothing then.
  const certain = session ? session.userId === hinted?.subject : hinted !== undefined && request.method !== 'POST';
  if (certain) {
    await signOut(exchange, goOn);
    return;
  }
  const sealed = sealForm<LogoutForm>('logout', { goOn }, lifetime, workspace, exchange);
  const leadsTo = goOn === undefined ? [] : [redirectSource(goOn)];
  sendPage(response, 200, confirmLogoutPage(workspace, sealed, leadsTo));
}

async function confirmed(exchange: Exchange, form: Form): Promise<void> {
  const { workspace, request } = exchange;
  refuseCrossSite(request, workspace.issuer);
  const opened = openForm<LogoutForm>('logout', form.get('form'), workspace, request);
  if (!opened) throw new OAuthError('form_invalid', { detail: { what: 'is not of this browser, or is too old' } });
  await signOut(exchange, opened.goOn);
}

async function signOut(exchange: Exchange, goOn: string | undefined): Promise<void> {
  const { workspace, request, response, facts } = exchange;
  const session = await currentSession(workspace, request);
  if (session) {
    facts.subject = session.userId;
    await endSession(workspace, response, session);
  }
  if (goOn === undefined) sendPage(response, 200, signedOutPage());
  else seeOther(response, goOn);
}

/**
 * Where the browser goes, `state` added: one of the client's `post_logout_redirect_uris`, compared as strings
 * (RP-Initiated Logout 3). Rejects with `redirect_uri_unregistered`, and nobody is signed out then.
 */
async function destination(
  { workspace, facts }: Exchange,
  form: Form,
  hinted: HintedPerson | undefined,
): Promise<string | undefined> {
  const uri = form.get('post_logout_redirect_uri');
  if (uri === undefined) return undefined;
  const clientId = hinted?.clientId ?? form.get('client_id');
  const client = clientId === undefined ? undefined : await workspace.clients.find(clientId);
  if (!client?.active || !client.metadata.post_logout_redirect_uris?.includes(uri)) {
    throw new OAuthError('redirect_uri_unregistered', {
      description: 'The post_logout_redirect_uri is not registered for this client.',
      detail: { client_id: clientId, post_logout_redirect_uri: uri },
    });
  }
  facts.client_id = client.id;
  return withState(uri, form.get('state'));
}

function withState(uri: string, state: string | undefined): string {
  if (state === undefined) return uri;
  return `${uri}${uri.includes('?') ? '&' : '?'}state=${encodeURIComponent(state)}`;
}
