import { usePushedRequest } from '../../codes/pushed-requests.js';
import { OAuthError, toOAuthError } from '../../errors.js';
import { withdrawCors } from '../../http/cors.js';
import type { Form } from '../../http/form.js';
import { sendPage } from '../../http/page.js';
import { readQuery } from '../../http/query.js';
import { readForm } from '../../http/request-body.js';
import type { SignedInUser } from '../../identity/users.js';
import type { Workspace } from '../../workspaces/workspace.js';
import type { Endpoint, Exchange } from '../exchange.js';
import { type AuthorizationRequest, readAuthorizationRequest } from './authorization-request.js';
import { mustBeToldOnPage, redirectWithError } from './authorization-response.js';
import { consentPage } from './consent-page.js';
import { type ConsentRuling, ruleOnConsent } from './consent-ruling.js';
import { sealConsent } from './consent-transaction.js';
import { continuePage } from './continue-page.js';
import { refuseWithPage } from './error-page.js';
import { grantCode } from './grant-code.js';
import { type Identified, identify } from './identify.js';
import { type AuthorizationParameters, authorizationParameters, requirePushed } from './pushed-request.js';
import { findRecipient, type Recipient } from './redirect-target.js';

/**
 * The authorization endpoint (RFC 6749 3.1, 4.1.1; OpenID Connect Core 3.1.2). Until client and redirect URI are
 * known every failure is a page; from then on it goes to the client.
 */
export const authorizeEndpoint: Endpoint = {
  event: 'authorize',
  methods: ['GET', 'POST'],
  async handle(exchange) {
    withdrawCors(exchange.response);
    const { workspace, facts } = exchange;
    const asked = await authorizationParameters(await readParameters(exchange), workspace);
    const recipient = await findRecipient(asked.form, workspace);
    facts.client_id = recipient.client.id;
    return answerRecipient(exchange, asked, recipient);
  },
  refuse: refuseWithPage,
};

async function answerRecipient(
  exchange: Exchange,
  { form, pushed }: AuthorizationParameters,
  recipient: Recipient,
): Promise<OAuthError | undefined> {
  const { response, workspace } = exchange;
  let user: SignedInUser | undefined;
  try {
    requirePushed(mustPush(recipient, workspace), pushed);
    const request = readAuthorizationRequest(form, recipient, workspace, pushed);
    const person = await identify(exchange, form, request);
    if (!person || person instanceof OAuthError) return person;
    user = person.user;
    exchange.facts.scope = request.binding.scopes.join(' ');
    const ruling = await ruleOnConsent(exchange, form, request, user);
    if (!ruling) return undefined;
    // A link that somebody else may have opened gives no code before a person has pressed a button.
    if (ruling.basis === 'ask' || person.presented) ask(exchange, request, person, ruling);
    else await grantCode(exchange, { recipient, binding: request.binding, pushedId: pushed?.id }, user, ruling);
    return undefined;
  } catch (thrown) {
    const failure = toOAuthError(thrown);
    if (response.headersSent || mustBeToldOnPage(failure)) throw failure;
    if (!user && !mayRedirectStrangers(recipient, form)) throw failure;
    if (failure.reason === 'consent_denied' && pushed) await usePushedRequest(workspace, pushed.id);
    redirectWithError(response, workspace, recipient, failure);
    return failure;
  }
}

/** GET with a query, POST with a form; a query beside a form is not read. */
async function readParameters({ request }: Exchange): Promise<Form> {
  return request.method === 'POST' ? readForm(request) : readQuery(request);
}

/**
 * Whether an error may take a browser to the client before anybody has signed in. To clients that registered themselves
 * only where the request says that nobody is to be asked: this would be an open redirector (RFC 9700 4.11.2). For those
 * of the operator he vouches himself.
 */
function mayRedirectStrangers({ client }: Recipient, form: Form): boolean {
  return !client.selfRegistered || form.get('prompt') === 'none';
}

/** RFC 9126 5, 6. */
function mustPush({ client }: Recipient, { policy }: Workspace): boolean {
  return policy.require_pushed_authorization_requests || client.metadata.require_pushed_authorization_requests;
}

function ask(exchange: Exchange, asked: AuthorizationRequest, person: Identified, ruling: ConsentRuling): void {
  const { response, workspace } = exchange;
  const { recipient, pushed } = asked;
  const { user, presented } = person;
  const binding = { ...asked.binding, scopes: ruling.scopes };
  const { basis } = ruling;
  const { id: userId, authTime } = user;
  const pushedId = pushed?.id;
  const { state } = recipient;
  const transaction = sealConsent(exchange, { binding, basis, state, userId, authTime, presented, pushedId });
  const facts = { client: recipient.client, user, binding, transaction };
  sendPage(response, 200, basis === 'ask' ? consentPage(workspace, facts) : continuePage(workspace, facts));
}
