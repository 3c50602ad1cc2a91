import { OAuthError, toOAuthError } from '../../errors.js';
import { withdrawCors } from '../../http/cors.js';
import type { Form } from '../../http/form.js';
import { sendPage } from '../../http/page.js';
import { readQuery } from '../../http/query.js';
import { readForm } from '../../http/request-body.js';
import type { SignedInUser } from '../../identity/users.js';
import type { Endpoint, Exchange } from '../exchange.js';
import { type AuthorizationRequest, readAuthorizationRequest } from './authorization-request.js';
import { redirectWithError } from './authorization-response.js';
import { consentPage } from './consent-page.js';
import { type ConsentRuling, ruleOnConsent } from './consent-ruling.js';
import { sealConsent } from './consent-transaction.js';
import { continuePage } from './continue-page.js';
import { refuseWithPage } from './error-page.js';
import { grantCode } from './grant-code.js';
import { type Identified, identify } from './identify.js';
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
    const form = await readParameters(exchange);
    const recipient = await findRecipient(form, exchange.workspace);
    exchange.facts.client_id = recipient.client.id;
    return answerRecipient(exchange, form, recipient);
  },
  refuse: refuseWithPage,
};

async function answerRecipient(exchange: Exchange, form: Form, recipient: Recipient): Promise<OAuthError | undefined> {
  const { response, workspace } = exchange;
  let user: SignedInUser | undefined;
  try {
    const request = readAuthorizationRequest(form, recipient, workspace);
    const person = await identify(exchange, form, request);
    if (!person || person instanceof OAuthError) return person;
    user = person.user;
    exchange.facts.scope = request.binding.scopes.join(' ');
    const ruling = await ruleOnConsent(exchange, form, request, user);
    if (!ruling) return undefined;
    // A link that somebody else may have opened gives no code before a person has pressed a button.
    if (ruling.basis === 'ask' || person.presented) ask(exchange, request, person, ruling);
    else await grantCode(exchange, recipient, request.binding, user, ruling);
    return undefined;
  } catch (thrown) {
    const failure = toOAuthError(thrown);
    if (response.headersSent || failure.reason === 'sign_in_unavailable') throw failure;
    if (!user && !mayRedirectStrangers(recipient)) throw failure;
    redirectWithError(response, workspace, recipient, failure);
    return failure;
  }
}

/** GET with a query, POST with a form; a query beside a form is not read. */
async function readParameters({ request }: Exchange): Promise<Form> {
  return request.method === 'POST' ? readForm(request) : readQuery(request);
}

/**
 * Whether an error may take a browser to the client before anybody has signed in. With clients that registered
 * themselves this would be an open redirector (RFC 9700 4.11.2), and the answer false: they get a page. Every client
 * of today was entered by the operator, who vouches for its redirect URIs.
 */
function mayRedirectStrangers(_recipient: Recipient): boolean {
  return true;
}

function ask(exchange: Exchange, asked: AuthorizationRequest, person: Identified, ruling: ConsentRuling): void {
  const { response, workspace } = exchange;
  const { recipient } = asked;
  const { user, presented } = person;
  const binding = { ...asked.binding, scopes: ruling.scopes };
  const { basis } = ruling;
  const { id: userId, authTime } = user;
  const transaction = sealConsent(exchange, { binding, basis, state: recipient.state, userId, authTime, presented });
  const facts = { client: recipient.client, user, binding, transaction };
  sendPage(response, 200, basis === 'ask' ? consentPage(workspace, facts) : continuePage(workspace, facts));
}
