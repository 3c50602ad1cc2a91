import { otpSetting } from '../../codes/otp-settings.js';
import { OAuthError } from '../../errors.js';
import { withdrawCors } from '../../http/cors.js';
import { refuseCrossSite } from '../../http/cross-site.js';
import type { Form } from '../../http/form.js';
import { sendPage } from '../../http/page.js';
import { readForm } from '../../http/request-body.js';
import { normalizeAddress } from '../../identity/addresses.js';
import { postCode } from '../../identity/post-code.js';
import { refuseWithPage } from '../authorization/error-page.js';
import { countingGuesses } from '../counting-guesses.js';
import type { Endpoint, Exchange } from '../exchange.js';
import { addressPage, codePage, codeRefused } from './login-page.js';
import { attempt, browserDigest, completeLogin, isCodeRefusal, type LoginVisit, poolOf } from './login-visit.js';
import { openForm, sealForm } from './sealed-form.js';

/** What the form of a login page carries. With an address, it is the page that asks for the code. */
interface LoginForm extends LoginVisit {
  readonly address?: string;
}

/** Seconds a person may take for one page. */
const lifetime = 1800;

/**
 * Our own login: an e-mail address, then the code that was sent there. Known and unknown addresses are answered alike,
 * in words, status and time. The forms work in the browser they were shown to, and nowhere else; so do the codes.
 */
export const loginEndpoint: Endpoint = {
  event: 'login',
  methods: ['GET', 'HEAD', 'POST'],
  async handle(exchange) {
    const { request, workspace } = exchange;
    withdrawCors(exchange.response);
    if (request.method !== 'POST') {
      showLogin(exchange, { returnTo: workspace.urls.consents });
      return undefined;
    }
    const form = await readLoginForm(exchange);
    const opened = openForm<LoginForm>('login', form.get('form'), workspace, request);
    if (!opened) throw new OAuthError('form_invalid', { detail: { what: 'is not of this browser, or is too old' } });
    const { address, returnTo, leadsTo, clientName } = opened;
    return takeStep(exchange, form, { returnTo, leadsTo, clientName }, address);
  },
  refuse: refuseWithPage,
};

/** Answers with the page that asks for an address. `wrong` is told to the person; a post is then answered 400. */
export function showLogin(exchange: Exchange, visit: LoginVisit, address?: string, wrong?: string): void {
  const { workspace, request, response } = exchange;
  const form = sealForm<LoginForm>('login', visit, lifetime, workspace, exchange);
  const status = wrong !== undefined && request.method === 'POST' ? 400 : 200;
  sendPage(response, status, addressPage(workspace, { visit, form, wrong }, address));
}

/** A form of ours, posted by a page of ours. */
async function readLoginForm({ request, workspace }: Exchange): Promise<Form> {
  refuseCrossSite(request, workspace.issuer);
  const form = await readForm(request);
  form.refuseRepeated(['form', 'step', 'email', 'code']);
  return form;
}

async function takeStep(
  exchange: Exchange,
  form: Form,
  visit: LoginVisit,
  address: string | undefined,
): Promise<OAuthError | undefined> {
  const step = form.get('step');
  if (address === undefined) return takeAddress(exchange, visit, form.get('email') ?? '');
  if (step === 'address') showLogin(exchange, visit);
  else if (step === 'again') await sendCode(exchange, visit, address);
  else return takeCode(exchange, visit, address, form.get('code') ?? '');
  return undefined;
}

async function takeAddress(exchange: Exchange, visit: LoginVisit, typed: string): Promise<OAuthError | undefined> {
  const address = normalizeAddress(typed);
  if (address !== undefined) {
    await sendCode(exchange, visit, address);
    return undefined;
  }
  showLogin(exchange, visit, typed.slice(0, 254), 'That is not an e-mail address.');
  return new OAuthError('parameter_invalid', { detail: { parameter: 'email' } });
}

async function sendCode(exchange: Exchange, visit: LoginVisit, address: string): Promise<void> {
  const { workspace, request } = exchange;
  const { deliverCode } = workspace;
  const pool = poolOf(workspace);
  const due = await pool.mailLimit.take(address);
  showCodePage(exchange, visit, address);
  if (!due || !deliverCode) return;
  postCode(
    { ...workspace, pool, deliverCode },
    {
      address,
      clientName: visit.clientName,
      browser: browserDigest(request),
      contents: JSON.stringify(visit),
      link: (secret) => `${workspace.urls.loginLink}?${new URLSearchParams({ t: secret })}`,
    },
  );
}

function showCodePage(exchange: Exchange, visit: LoginVisit, address: string, wrong?: string): void {
  const { workspace, response } = exchange;
  const form = sealForm<LoginForm>('login', { ...visit, address }, lifetime, workspace, exchange);
  const { ttl } = otpSetting(poolOf(workspace).otpSettings, 'authentication');
  sendPage(response, wrong === undefined ? 200 : 400, codePage(workspace, { visit, form, wrong }, address, ttl));
}

async function takeCode(
  exchange: Exchange,
  visit: LoginVisit,
  address: string,
  typed: string,
): Promise<OAuthError | undefined> {
  const { workspace, request } = exchange;
  try {
    const { codes } = poolOf(workspace);
    const named = { user: { email: address }, browser: browserDigest(request) };
    const presented = { ...attempt(workspace, withoutBlanks(typed)), ...named };
    const user = await countingGuesses(exchange, { kind: 'one_time_code' }, () => codes.redeem(presented));
    await completeLogin(exchange, visit, user);
    return undefined;
  } catch (thrown) {
    if (!isCodeRefusal(thrown)) throw thrown;
    showCodePage(exchange, visit, address, codeRefused);
    return thrown;
  }
}

/** People copy blanks with it, and type digits in groups. */
function withoutBlanks(typed: string): string {
  const code = typed.replace(/\s+/g, '');
  return /^[\d-]+$/.test(code) ? code.replaceAll('-', '') : code;
}
