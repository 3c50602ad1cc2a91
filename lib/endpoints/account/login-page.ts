import { type Html, html } from '../../http/html.js';
import type { Page } from '../../http/page.js';
import type { Workspace } from '../../workspaces/workspace.js';
import type { LoginVisit } from './login-visit.js';

/** What a page of the login shows. */
interface LoginPageFacts {
  readonly visit: LoginVisit;
  /** The sealed form. */
  readonly form: string;
  /** What went wrong before. */
  readonly wrong?: string | undefined;
}

/** Said of every code that is not good, whatever the reason, and whoever it is for. */
export const codeRefused = 'That code is not right, or it is no longer good. Try again, or ask for a new one.';
export const linkRefused = 'That link is no longer good. Enter your e-mail address to get a new one.';
/** Where it cannot be told whether the person typed the code elsewhere or followed a link. */
export const codeOrLinkRefused =
  'That code or link is not right, or it is no longer good. Enter your e-mail address to get a new one.';

/** The page that asks for an e-mail address. */
export function addressPage(workspace: Workspace, { visit, form, wrong }: LoginPageFacts, address = ''): Page {
  const body = html`${destination(visit)}${problem(wrong)}
<form method="post" action="${pathOf(workspace.urls.login)}">
<input type="hidden" name="form" value="${form}">
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" value="${address}" autocomplete="email" required autofocus maxlength="254"${describedBy(wrong)}>
<div class="choice"><button class="primary" type="submit">Send me a code</button></div>
</form>`;
  return { title: 'Sign in', body, formAction: formAction(visit) };
}

/** The page that asks for the code. It is the same whether or not the address is known here. */
export function codePage(
  workspace: Workspace,
  { visit, form, wrong }: LoginPageFacts,
  address: string,
  lifetime: number,
): Page {
  const action = pathOf(workspace.urls.login);
  const body = html`${destination(visit)}${problem(wrong)}
<p class="message" role="status" aria-live="polite" id="sent">If we know this address, a mail with a code and a link is on its way to <strong><bdi>${address}</bdi></strong>. They are good for ${duration(lifetime)}, the code in this browser alone.</p>
<form method="post" action="${action}">
<input type="hidden" name="form" value="${form}">
<label for="code">Code</label>
<input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" required autofocus maxlength="400"${describedBy(wrong)}>
<div class="choice"><button class="primary" type="submit">Sign in</button></div>
</form>
<form method="post" action="${action}">
<input type="hidden" name="form" value="${form}">
<div class="choice">
<button type="submit" name="step" value="again">Send a new code</button>
<button type="submit" name="step" value="address">Use another address</button>
</div>
<p class="quiet">A new code can be sent every half a minute, and makes the one before worthless. Does no code come, or is it refused? The link of the newest mail works too.</p>
</form>`;
  return { title: 'Enter your code', body, formAction: formAction(visit) };
}

/** What the page behind the link of a mail shows. */
interface LinkPageFacts extends Pick<LoginVisit, 'leadsTo' | 'clientName'> {
  /** The sealed form. */
  readonly form: string;
  /** Whether this is the browser that asked for the mail. */
  readonly askedHere: boolean;
}

/** The page behind the link of a mail. Opening it uses nothing up: programs that check mails open links too. */
export function linkPage(workspace: Workspace, { form, askedHere, ...visit }: LinkPageFacts, person: string): Page {
  const body = html`${askedHere ? destination(visit) : askedElsewhere(visit)}
<p>You are about to sign in as <strong><bdi>${person}</bdi></strong> in this browser.</p>
<form method="post" action="${pathOf(workspace.urls.loginLink)}">
<input type="hidden" name="form" value="${form}">
<div class="choice"><button class="primary" type="submit" autofocus>Sign in</button></div>
</form>`;
  return { title: 'Sign in', body, formAction: formAction(visit) };
}

/** What is wrong, read out at once by screen readers; nothing when all is well. */
function problem(wrong: string | undefined): Html | undefined {
  if (wrong === undefined) return undefined;
  return html`<p class="message" role="alert" id="problem">${wrong}</p>`;
}

function describedBy(wrong: string | undefined): Html {
  return wrong === undefined ? html`` : html` aria-invalid="true" aria-describedby="problem"`;
}

function destination({ clientName }: Pick<LoginVisit, 'clientName'>): Html | undefined {
  if (clientName === undefined) return undefined;
  return html`<p class="quiet">to go on to <strong><bdi>${clientName}</bdi></strong></p>
`;
}

/** It may be the same person's, or that of somebody who would like them to finish what was begun there. */
function askedElsewhere({ clientName }: Pick<LoginVisit, 'clientName'>): Html {
  const way = clientName === undefined ? html`` : html`, on the way to <strong><bdi>${clientName}</bdi></strong>`;
  return html`<p class="message">This mail was asked for in another browser${way}. Nobody is signed in there by what you do here.</p>
<p>Was it you, and do you want to go on there? Then type the code of the mail there. Or sign in here, and start again at the application.</p>`;
}

function formAction({ leadsTo }: Pick<LoginVisit, 'leadsTo'>): readonly string[] {
  return leadsTo === undefined ? ["'self'"] : ["'self'", leadsTo];
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`;
  return `${Math.floor(seconds / 60)} minutes`;
}

function pathOf(url: string): string {
  return new URL(url).pathname;
}
