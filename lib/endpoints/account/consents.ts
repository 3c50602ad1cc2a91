import { OAuthError } from '../../errors.js';
import { withdrawCors } from '../../http/cors.js';
import { refuseCrossSite } from '../../http/cross-site.js';
import type { Form } from '../../http/form.js';
import { sendPage } from '../../http/page.js';
import { readQuery } from '../../http/query.js';
import { readForm } from '../../http/request-body.js';
import { type Consent, consentsOf, withdrawConsent } from '../../identity/consents.js';
import type { User } from '../../identity/users.js';
import { loggable } from '../../loggable-value.js';
import type { Workspace } from '../../workspaces/workspace.js';
import { seeOther } from '../authorization/authorization-response.js';
import { refuseWithPage } from '../authorization/error-page.js';
import { sessionUser } from '../authorization/session-sign-in.js';
import { hostUser } from '../authorization/sign-in.js';
import type { Endpoint, Exchange } from '../exchange.js';
import { consentsPage, type NamedConsent } from './consents-page.js';
import { showLogin } from './login.js';
import { servesLogin } from './login-visit.js';
import { openForm, sealForm } from './sealed-form.js';

/** What the form of the page carries: whose page it is. */
interface ConsentsForm {
  readonly userId: string;
}

/** Seconds a person may look at the page. */
const lifetime = 3600;

/** Where a person sees what they have allowed, and withdraws it (RFC 6749 10.4). They must be signed in. */
export const consentsEndpoint: Endpoint = {
  event: 'consents',
  methods: ['GET', 'HEAD', 'POST'],
  async handle(exchange) {
    const { request, facts } = exchange;
    withdrawCors(exchange.response);
    const form = request.method === 'POST' ? await readConsentsForm(exchange) : undefined;
    const user = await personHere(exchange);
    if (!user) return undefined;
    facts.subject = user.id;
    if (form) await withdraw(exchange, form, user);
    else await showConsents(exchange, user);
    return undefined;
  },
  refuse: refuseWithPage,
};

/** Whoever is signed in, by our session or as the host tells; undefined after a page to sign in was shown. */
async function personHere(exchange: Exchange): Promise<User | undefined> {
  const { workspace, request, response } = exchange;
  if (workspace.authenticateUser) {
    // A form of ours that is posted says who sent it: there is no page to go to and come back from.
    const prompt = request.method === 'POST' ? 'none' : undefined;
    const user = await hostUser(exchange, { returnTo: workspace.urls.consents, prompt });
    if (!user && !response.headersSent && !response.writableEnded) throw new OAuthError('login_required');
    return user;
  }
  const user = await sessionUser(exchange);
  if (!user) showLogin(exchange, { returnTo: workspace.urls.consents });
  return user;
}

async function readConsentsForm({ request, workspace }: Exchange): Promise<Form> {
  refuseCrossSite(request, workspace.issuer);
  const form = await readForm(request);
  form.refuseRepeated(['form', 'withdraw']);
  return form;
}

async function showConsents(exchange: Exchange, user: User): Promise<void> {
  const { workspace, request, response } = exchange;
  const consents = await consentsOf(workspace, user.id);
  const named = await Promise.all(consents.map((consent) => withClientName(consent, workspace)));
  const form = sealForm<ConsentsForm>('consents', { userId: user.id }, lifetime, workspace, exchange);
  const query = readQuery(request);
  const news = (['withdrawn', 'signed_in'] as const).find((name) => query.has(name));
  const hasLogout = servesLogin(workspace);
  sendPage(response, 200, consentsPage(workspace, { user, consents: named, form, news, hasLogout }));
}

async function withClientName(consent: Consent, { clients }: Workspace): Promise<NamedConsent> {
  const client = await clients.find(consent.clientId);
  return { ...consent, clientName: client?.metadata.client_name ?? consent.clientId };
}

async function withdraw({ workspace, request, response, facts }: Exchange, form: Form, user: User): Promise<void> {
  const opened = openForm<ConsentsForm>('consents', form.get('form'), workspace, request);
  if (opened?.userId !== user.id) {
    throw new OAuthError('form_invalid', { detail: { what: 'is of another browser or person, or is too old' } });
  }
  const clientId = form.get('withdraw');
  if (clientId === undefined) {
    throw new OAuthError('parameter_missing', { detail: { parameter: 'withdraw' } });
  }
  facts.client_id = String(loggable(clientId));
  const withdrawn = await withdrawConsent(workspace, user.id, clientId);
  seeOther(response, withdrawn ? `${workspace.urls.consents}?withdrawn=1` : workspace.urls.consents);
}
