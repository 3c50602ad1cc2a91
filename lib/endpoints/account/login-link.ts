import { OAuthError } from '../../errors.js';
import { withdrawCors } from '../../http/cors.js';
import { refuseCrossSite } from '../../http/cross-site.js';
import type { Form } from '../../http/form.js';
import { sendPage } from '../../http/page.js';
import { readQuery } from '../../http/query.js';
import { readForm } from '../../http/request-body.js';
import { displayName } from '../../identity/display-name.js';
import { refuseWithPage } from '../authorization/error-page.js';
import type { Endpoint, Exchange } from '../exchange.js';
import { showLogin } from './login.js';
import { linkPage, linkRefused } from './login-page.js';
import { attempt, completeLogin, isCodeRefusal, type LoginVisit, poolOf, visitOfLink } from './login-visit.js';
import { openForm, sealForm } from './sealed-form.js';

/** What the form of the link's page carries. */
interface LinkForm extends LoginVisit {
  /** The extended one-time code. */
  readonly code: string;
}

/** Seconds a person may take to press the button. */
const lifetime = 600;

/**
 * The link of a mail. GET and HEAD show a page and use nothing up, because programs that check mails open links too;
 * the button of that page does it, in the browser it was shown to.
 */
export const loginLinkEndpoint: Endpoint = {
  event: 'login',
  methods: ['GET', 'HEAD', 'POST'],
  async handle(exchange) {
    withdrawCors(exchange.response);
    return exchange.request.method === 'POST' ? signIn(exchange) : showPage(exchange);
  },
  refuse: refuseWithPage,
};

async function showPage(exchange: Exchange): Promise<OAuthError | undefined> {
  const { workspace, request, response } = exchange;
  const query = readQuery(request);
  query.refuseRepeated(['c', 'r']);
  const [code = '', sealed = ''] = [query.get('c'), query.get('r')];
  const visit = visitOfLink(workspace, sealed);
  if (!visit) throw formInvalid('has an end that is not ours, or is too old');
  return orLogin(exchange, visit, async () => {
    const user = await poolOf(workspace).codes.inspect(attempt(workspace, code));
    const form = sealForm<LinkForm>('login link', { ...visit, code }, lifetime, workspace, exchange);
    sendPage(response, 200, linkPage(workspace, { visit, form }, displayName(user)));
  });
}

async function signIn(exchange: Exchange): Promise<OAuthError | undefined> {
  const { workspace, request } = exchange;
  const form = await readLinkForm(exchange);
  const opened = openForm<LinkForm>('login link', form.get('form'), workspace, request);
  if (!opened) throw formInvalid('is not of this browser, or is too old');
  const { code, returnTo, leadsTo, clientName } = opened;
  const visit = { returnTo, leadsTo, clientName };
  return orLogin(exchange, visit, async () => {
    const user = await poolOf(workspace).codes.redeem(attempt(workspace, code));
    await completeLogin(exchange, visit, user);
  });
}

async function readLinkForm({ request, workspace }: Exchange): Promise<Form> {
  refuseCrossSite(request, workspace.issuer);
  const form = await readForm(request);
  form.refuseRepeated(['form']);
  return form;
}

/** A code that is no longer good leads back to the beginning, whatever it is that is wrong with it. */
async function orLogin(
  exchange: Exchange,
  visit: LoginVisit,
  step: () => Promise<void>,
): Promise<OAuthError | undefined> {
  try {
    await step();
    return undefined;
  } catch (thrown) {
    if (!isCodeRefusal(thrown)) throw thrown;
    showLogin(exchange, visit, undefined, linkRefused);
    return thrown;
  }
}

function formInvalid(what: string): OAuthError {
  return new OAuthError('form_invalid', { detail: { what } });
}
