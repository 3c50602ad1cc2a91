import { issueCode } from '../codes/authorization-codes.js';
import { OAuthError, toOAuthError } from '../errors.js';
import { withdrawCors } from '../http/cors.js';
import { type Form, parseForm } from '../http/form.js';
import { sendPage } from '../http/page.js';
import { type BodyRequest, readForm } from '../http/request-body.js';
import type { SignedInUser } from '../identity/users.js';
import { type AuthorizationRequest, readAuthorizationRequest } from './authorization-request.js';
import { redirectWithCode, redirectWithError } from './authorization-response.js';
import { consentPage } from './consent-page.js';
import { sealConsent } from './consent-transaction.js';
import { refuseWithPage } from './error-page.js';
import type { Endpoint, Exchange } from './exchange.js';
import { findRecipient, type Recipient } from './recipient.js';
import { signedInUser } from './sign-in.js';

/**
 * The authorization endpoint (RFC 6749 3.1, 4.1.1; OpenID Connect Core 3.1.2). Until client and redirect URI are
 * known every failure is a page; from then on it goes to the client. Needs `workspace.authenticateUser`.
 */
export const authorizeEndpoint: Endpoint = {
  event: 'authorize',
  async handle(exchange) {
    try {
      withdrawCors(exchange.response);
      const form = await readParameters(exchange.request);
      const recipient = await findRecipient(form, exchange.workspace);
      exchange.facts.client_id = recipient.client.id;
      return await answerRecipient(exchange, form, recipient);
    } catch (thrown) {
      return refuseWithPage(exchange, toOAuthError(thrown));
    }
  },
};

async function answerRecipient(exchange: Exchange, form: Form, recipient: Recipient): Promise<OAuthError | undefined> {
  const { response, workspace } = exchange;
  let user: SignedInUser | undefined;
  try {
    const request = readAuthorizationRequest(form, recipient, workspace);
    user = await signedInUser(exchange, form, request);
    if (!user) return undefined;
    exchange.facts.scope = request.binding.scopes.join(' ');
    if (needsConsent(request)) askForConsent(exchange, request, user);
    else
      redirectWithCode(
        response,
        workspace,
        recipient,
        await issueCode(workspace, recipient.client, request.binding, user),
      );
    return undefined;
  } catch (thrown) {
    const failure = toOAuthError(thrown);
    if (response.headersSent || (!user && !mayRedirectStrangers(recipient))) throw failure;
    redirectWithError(response, workspace, recipient, failure);
    return failure;
  }
}

/** GET with a query, POST with a form; a query beside a form is not read. */
async function readParameters(request: BodyRequest & { readonly originalUrl?: string }): Promise<Form> {
  if (request.method === 'POST') return readForm(request);
  if (request.method !== 'GET') {
    throw new OAuthError('method_not_allowed', {
      description: 'Use GET or POST.',
      detail: { method: request.method, allow: 'GET, POST' },
    });
  }
  const url = request.originalUrl ?? request.url ?? '';
  const question = url.indexOf('?');
  try {
    return parseForm(question === -1 ? '' : url.slice(question + 1));
  } catch (cause) {
    throw new OAuthError('parameter_invalid', { description: 'The query is malformed.', cause });
  }
}

/**
 * Whether an error may take a browser to the client before anybody has signed in. With clients that registered
 * themselves this would be an open redirector (RFC 9700 4.11.2), and the answer false: they get a page. Every client
 * of today was entered by the operator, who vouches for its redirect URIs.
 */
function mayRedirectStrangers(_recipient: Recipient): boolean {
  return true;
}

/** `trusted` clients belong to the operator: nobody is asked whether they may. Unless the client itself wants it. */
function needsConsent({ prompt, recipient }: AuthorizationRequest): boolean {
  if (recipient.client.metadata.trusted === true && !prompt.has('consent')) return false;
  if (prompt.has('none')) throw new OAuthError('consent_required');
  return true;
}

function askForConsent(
  { request, response, workspace }: Exchange,
  asked: AuthorizationRequest,
  user: SignedInUser,
): void {
  const { binding, recipient } = asked;
  const question = { binding, state: recipient.state, userId: user.id, authTime: user.authTime };
  const transaction = sealConsent(workspace, request, response, question);
  sendPage(response, 200, consentPage(workspace, { client: recipient.client, user, binding, transaction }));
}
