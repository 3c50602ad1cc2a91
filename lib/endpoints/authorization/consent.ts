import { usePushedRequest } from '../../codes/pushed-requests.js';
import { OAuthError, toOAuthError } from '../../errors.js';
import { withdrawCors } from '../../http/cors.js';
import { refuseCrossSite } from '../../http/cross-site.js';
import type { Form } from '../../http/form.js';
import { readForm } from '../../http/request-body.js';
import type { SignedInUser } from '../../identity/users.js';
import type { Workspace } from '../../workspaces/workspace.js';
import { attempt, isCodeRefusal, poolOf } from '../account/login-visit.js';
import type { Endpoint, Exchange } from '../exchange.js';
import { mustBeToldOnPage, redirectWithError } from './authorization-response.js';
import { type ConsentRuling, grantedScopes } from './consent-ruling.js';
import { type ConsentTransaction, claimConsent, openConsent } from './consent-transaction.js';
import { refuseWithPage } from './error-page.js';
import { grantCode } from './grant-code.js';
import { offerLogin } from './identify.js';
import { findActiveClient, isRegistered, type Recipient } from './redirect-target.js';
import { sameUser } from './sign-in.js';

/**
 * Takes a person's decision (RFC 6749 4.1.1). The form is good once, in the browser it was shown to, for the person it
 * was shown to (RFC 6749 10.12); anything else is answered with a page and gives no code.
 */
export const consentEndpoint: Endpoint = {
  event: 'consent',
  methods: ['POST'],
  async handle(exchange) {
    withdrawCors(exchange.response);
    const form = await readDecision(exchange);
    const transaction = openTransaction(exchange, form);
    const recipient = await sameRecipient(exchange, transaction);
    return answerDecision(exchange, form, transaction, recipient);
  },
  refuse: refuseWithPage,
};

async function answerDecision(
  exchange: Exchange,
  form: Form,
  transaction: ConsentTransaction,
  recipient: Recipient,
): Promise<OAuthError | undefined> {
  const { workspace, response } = exchange;
  try {
    // Before the form is used up: whoever is not the person who was asked must not spoil it for them.
    const signedIn = transaction.presented ? undefined : await presentUser(exchange, transaction);
    if (!(await claimConsent(workspace, transaction))) throw formInvalid('was answered before');
    if (form.get('decision') === 'deny') await deny(workspace, transaction);
    const ruling = rulingOf(form, transaction);
    const user = signedIn ?? (await redeemingUser(exchange, transaction));
    await grantCode(
      exchange,
      { recipient, binding: transaction.binding, pushedId: transaction.pushedId },
      user,
      ruling,
    );
    return undefined;
  } catch (thrown) {
    const failure = toOAuthError(thrown);
    if (response.headersSent || failure.reason === 'consent_form_invalid' || mustBeToldOnPage(failure)) throw failure;
    if (transaction.presented && isCodeRefusal(failure)) {
      offerLogin(exchange, transaction.presented.returnTo, recipient, failure);
    } else redirectWithError(response, workspace, recipient, failure);
    return failure;
  }
}

async function deny(workspace: Workspace, { pushedId }: ConsentTransaction): Promise<never> {
  if (pushedId !== undefined) await usePushedRequest(workspace, pushedId);
  throw new OAuthError('consent_denied');
}

async function presentUser(
  exchange: Exchange,
  { binding, userId, authTime }: ConsentTransaction,
): Promise<SignedInUser> {
  const user = await sameUser(exchange, binding.clientId, userId);
  if (!user) throw formInvalid('is another person than the one who was asked');
  return { ...user, authTime };
}

/** Uses up the one-time code that stands in for a session. Rejects with `otc_*`. */
async function redeemingUser(
  { workspace }: Exchange,
  { presented, binding, userId }: ConsentTransaction,
): Promise<SignedInUser> {
  const code = { ...attempt(workspace, presented?.code ?? ''), clientId: binding.clientId };
  const user = await poolOf(workspace).codes.redeem(code);
  if (user.id !== userId) throw formInvalid('is another person than the one who was asked');
  return { ...user, authTime: Math.floor(workspace.now() / 1000) };
}

/** What the person has allowed: the boxes they left ticked, where there were any. */
function rulingOf(form: Form, { basis, binding }: ConsentTransaction): ConsentRuling {
  return { basis, scopes: basis === 'ask' ? grantedScopes(binding.scopes, form.getAll('scope')) : binding.scopes };
}

async function readDecision({ request, workspace }: Exchange): Promise<Form> {
  refuseCrossSite(request, workspace.issuer);
  const form = await readForm(request);
  form.refuseRepeated(['transaction', 'decision']);
  const decision = form.get('decision');
  if (decision === 'allow' || decision === 'deny') return form;
  throw new OAuthError('parameter_invalid', {
    description: 'The decision must be allow or deny.',
    detail: { parameter: 'decision' },
  });
}

function openTransaction(exchange: Exchange, form: Form): ConsentTransaction {
  const { facts } = exchange;
  const transaction = openConsent(exchange, form.get('transaction'));
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
