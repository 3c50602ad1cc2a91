import { pushedCodeWasRefused, refusePushedCode } from '../../codes/pushed-requests.js';
import { OAuthError } from '../../errors.js';
import type { Form } from '../../http/form.js';
import type { SignedInUser } from '../../identity/users.js';
import { showLogin } from '../account/login.js';
import { codeOrLinkRefused } from '../account/login-page.js';
import { attempt, isCodeRefusal, servesLogin } from '../account/login-visit.js';
import { countingGuesses } from '../counting-guesses.js';
import type { Exchange } from '../exchange.js';
import type { AuthorizationRequest } from './authorization-request.js';
import { seeOther } from './authorization-response.js';
import type { AskedConsent } from './consent-transaction.js';
import type { Recipient } from './redirect-target.js';
import { visitFor } from './session-sign-in.js';
import { expectedSubject, requireSubject, signedInUser, urlOfRequest } from './sign-in.js';

/** Who an authorization request is about, and how we know. */
export interface Identified {
  readonly user: SignedInUser;
  /** The one-time code that says so. It is not used up yet: a page with a button has to come first. */
  readonly presented?: AskedConsent['presented'];
}

/**
 * The person of an authorization request: of its `authentication_code`, or else who is signed in. Undefined, or the
 * failure to tell, when the request has been answered with a way to sign in.
 */
export async function identify(
  exchange: Exchange,
  form: Form,
  request: AuthorizationRequest,
): Promise<Identified | OAuthError | undefined> {
  const { workspace, facts } = exchange;
  const { authenticationCode: code, prompt, binding, pushed } = request;
  // Under prompt=none there can be no button, and so the code cannot count.
  if (code === undefined || !workspace.pool || prompt.has('none')) {
    const user = await signedInUser(exchange, form, request);
    return user && { user };
  }
  // A page that is loaded again is not a second guess.
  if (pushed && (await pushedCodeWasRefused(workspace, pushed.id))) {
    return withoutCode(exchange, form, request, new OAuthError('otc_refused_before'));
  }
  try {
    const { codes } = workspace.pool;
    const presented = { ...attempt(workspace, code), clientId: binding.clientId };
    const user = await countingGuesses(exchange, { kind: 'one_time_code' }, () => codes.inspect(presented));
    requireSubject(user, { subject: await expectedSubject(request, workspace) });
    facts.subject = user.id;
    const returnTo = urlOfRequest(form, request, workspace);
    return { user: { ...user, authTime: Math.floor(workspace.now() / 1000) }, presented: { code, returnTo } };
  } catch (thrown) {
    if (!isCodeRefusal(thrown)) throw thrown;
    if (pushed) await refusePushedCode(workspace, pushed.id);
    return withoutCode(exchange, form, request, thrown);
  }
}

/**
 * The person who presented a code must sign in after all, by whatever way there is; the browser is told nothing of why.
 * Throws `sign_in_unavailable` when there is none.
 */
export function offerLogin(exchange: Exchange, returnTo: string, recipient: Recipient, refusal: OAuthError): void {
  const { workspace, response } = exchange;
  if (servesLogin(workspace)) showLogin(exchange, visitFor(returnTo, recipient), undefined, codeOrLinkRefused);
  else if (workspace.authenticateUser) seeOther(response, returnTo);
  else throw new OAuthError('sign_in_unavailable', { detail: { code_refused: refusal.reason } });
}

async function withoutCode(
  exchange: Exchange,
  form: Form,
  request: AuthorizationRequest,
  refusal: OAuthError,
): Promise<Identified | OAuthError> {
  if (exchange.workspace.authenticateUser) {
    const user = await signedInUser(exchange, form, request, { anew: true });
    return user ? { user } : refusal;
  }
  offerLogin(exchange, urlOfRequest(form, request, exchange.workspace), request.recipient, refusal);
  return refusal;
}
