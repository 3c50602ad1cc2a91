import { issueCode } from '../codes/authorization-codes.js';
import { OAuthError, toOAuthError } from '../errors.js';
import { withdrawCors } from '../http/cors.js';
import type { Form } from '../http/form.js';
import { readForm } from '../http/request-body.js';
import { redirectWithCode, redirectWithError } from './authorization-response.js';
import { type ConsentTransaction, claimConsent, openConsent } from './consent-transaction.js';
import { refuseWithPage } from './error-page.js';
import type { Endpoint, Exchange } from './exchange.js';
import { findActiveClient, isRegistered, type Recipient } from './recipient.js';
import { sameUser } from './sign-in.js';

/**
 * Takes a person's decision (RFC 6749 4.1.1). The form is good once, in the browser it was shown to, for the person it
 * was shown to (RFC 6749 10.12); anything else is answered with a page and gives no code.
 */
export const consentEndpoint: Endpoint = {
  event: 'consent',
  async handle(exchange) {
    try {
      withdrawCors(exchange.response);
      const form = await readDecision(exchange);
      const transaction = openTransaction(exchange, form);
      const recipient = await sameRecipient(exchange, transaction);
      return await answerDecision(exchange, form, transaction, recipient);
    } catch (thrown) {
      return refuseWithPage(exchange, toOAuthError(thrown));
    }
  },
};

async function answerDecision(
  exchange: Exchange,
  form: Form,
  transaction: ConsentTransaction,
  recipient: Recipient,
): Promise<OAuthError | undefined> {
  const { workspace, response } = exchange;
  const { binding, userId, authTime } = transaction;
  try {
    const user = await sameUser(exchange, binding.clientId, userId);
    if (!user) throw formInvalid('is another person than the one who was asked');
    if (!(await claimConsent(workspace, transaction))) throw formInvalid('was answered before');
    if (form.get('decision') === 'deny') throw new OAuthError('consent_denied');
    const code = await issueCode(workspace, recipient.client, binding, { ...user, authTime });
    redirectWithCode(response, workspace, recipient, code);
    return undefined;
  } catch (thrown) {
    const failure = toOAuthError(thrown);
    if (response.headersSent || failure.reason === 'consent_form_invalid') throw failure;
    redirectWithError(response, workspace, recipient, failure);
    return failure;
  }
}

async function readDecision({ request }: Exchange): Promise<Form> {
  if (request.method !== 'POST') throw new OAuthError('method_not_allowed', { detail: { method: request.method } });
  const form = await readForm(request);
  form.refuseRepeated(['transaction', 'decision']);
  const decision = form.get('decision');
  if (decision === 'allow' || decision === 'deny') return form;
  throw new OAuthError('parameter_invalid', {
    description: 'The decision must be allow or deny.',
    detail: { parameter: 'decision' },
  });
}

function openTransaction({ request, workspace, facts }: Exchange, form: Form): ConsentTransaction {
  const transaction = openConsent(workspace, request, form.get('transaction') ?? '');
  if (!transaction) throw formInvalid('is not of this browser, or is too old');
  facts.client_id = transaction.binding.clientId;
  facts.subject = transaction.userId;
  facts.scope = transaction.binding.scopes.join(' ');
  return transaction;
}

/** The client may have been changed or switched off while the person was reading. */
async function sameRecipient({ workspace }: Exchange, { binding, state }: ConsentTransaction): Promise<Recipient> {
  const client = await findActiveClient(binding.clientId, workspace);
  const { redirectUri, redirectUriWasSent } = binding;
  if (isRegistered(redirectUri, client.metadata.redirect_uris))
    return { client, redirectUri, redirectUriWasSent, state };
  throw new OAuthError('redirect_uri_unregistered', { detail: { redirect_uri: redirectUri } });
}

function formInvalid(what: string): OAuthError {
  return new OAuthError('consent_form_invalid', { detail: { what } });
}
