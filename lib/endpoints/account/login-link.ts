import { otpSetting } from '../../codes/otp-settings.js';
import { type FailureReason, OAuthError } from '../../errors.js';
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
import { browserDigest, completeLogin, type LoginVisit, poolOf } from './login-visit.js';
import { openForm, sealForm } from './sealed-form.js';

/** What the form of the link's page carries. */
interface LinkForm {
  /** The secret of the link. */
  readonly secret: string;
}

/** Seconds a person may take to press the button. */
const lifetime = 600;

/**
 * The link of a mail. GET and HEAD show a page and use nothing up, because programs that check mails open links too;
 * the button of that page does it, in the browser it was shown to. Only the browser that asked for the mail goes on to
 * where its visit leads: another one would complete the request of whoever asked.
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
  query.refuseRepeated(['t']);
  const secret = query.get('t') ?? '';
  const { loginLinks } = poolOf(workspace);
  const link = await loginLinks.find(secret, workspace.issuer);
  if (typeof link === 'string') return refuse(exchange, link);
  const visit = visitOf(exchange, link);
  if (!link.user) return refuse(exchange, link.refusal, visit);
  const { clientName } = JSON.parse(link.contents) as LoginVisit;
  const form = sealForm<LinkForm>('login link', { secret }, lifetime, workspace, exchange);
  const facts = { form, clientName, leadsTo: visit?.leadsTo, askedHere: visit !== undefined };
  sendPage(response, 200, linkPage(workspace, facts, displayName(link.user)));
  return undefined;
}

async function signIn(exchange: Exchange): Promise<OAuthError | undefined> {
  const { workspace, request } = exchange;
  const form = await readLinkForm(exchange);
  const opened = openForm<LinkForm>('login link', form.get('form'), workspace, request);
  if (!opened) throw new OAuthError('form_invalid', { detail: { what: 'is not of this browser, or is too old' } });
  const { loginLinks, otpSettings } = poolOf(workspace);
  const link = await loginLinks.find(opened.secret, workspace.issuer);
  if (typeof link === 'string') return refuse(exchange, link);
  const visit = visitOf(exchange, link);
  if (!link.user) return refuse(exchange, link.refusal, visit);
  const { ttl } = otpSetting(otpSettings, 'authentication');
  if (!(await loginLinks.claim(link, ttl))) return refuse(exchange, 'login_link_used', visit);
  await completeLogin(exchange, visit ?? { returnTo: `${workspace.urls.consents}?signed_in=1` }, link.user);
  return undefined;
}

/** The visit behind the link, if it is this browser's. */
function visitOf({ request }: Exchange, link: { readonly browser: string; readonly contents: string }) {
  return link.browser === browserDigest(request) ? (JSON.parse(link.contents) as LoginVisit) : undefined;
}

async function readLinkForm({ request, workspace }: Exchange): Promise<Form> {
  refuseCrossSite(request, workspace.issuer);
  const form = await readForm(request);
  form.refuseRepeated(['form']);
  return form;
}

/** A link that is no longer good leads back to the beginning, whatever it is that is wrong with it. */
function refuse(exchange: Exchange, reason: FailureReason, visit?: LoginVisit): OAuthError {
  showLogin(exchange, visit ?? { returnTo: exchange.workspace.urls.consents }, undefined, linkRefused);
  return new OAuthError(reason);
}
