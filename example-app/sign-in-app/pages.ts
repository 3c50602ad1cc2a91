import { type Html, html } from '../pages/html.js';

/** What every page knows. */
export interface PageFacts {
  /** Path of this application, such as `/sign-in`. */
  readonly path: string;
  /** What a form carries to show that it is ours. */
  readonly formToken: string;
  readonly demo: DemoHints | undefined;
}

/** What helps a stranger on; in the demo alone. */
export interface DemoHints {
  /** The address of somebody who can sign in. */
  readonly person: string;
  /** The path of the page that shows the mails; absent where they really go out. */
  readonly outbox?: string;
}

/** A page's title and what stands below it. */
export interface Page {
  readonly title: string;
  readonly content: Html;
}

/** Asks for the address. `wrong`: what was typed and cannot be an address. */
export function askAddressPage({ path, formToken, demo }: PageFacts, wrong?: string): Page {
  return {
    title: 'Sign in',
    content: html`<p>We send you a mail with a code and a link. There is no password.</p>
<form class="card" method="post" action="${path}">
<input type="hidden" name="form_token" value="${formToken}">
<label for="email">E-mail address</label>
${wrong === undefined ? undefined : html`<p class="mistake" id="mistake">This is not an address that a mail can go to. Type one, such as name@example.com.</p>`}
<input type="email" id="email" name="email" value="${wrong}" autocomplete="email" required maxlength="254"${
      wrong === undefined ? undefined : html` aria-invalid="true" aria-describedby="mistake"`
    }>
<button type="submit">Request Code</button>
</form>${hints(demo)}`,
  };
}

/** What the page with the code says above the form. */
export type CodeNotice = 'asked' | 'again' | 'wrong' | 'no-mail';

const notices: Readonly<Record<CodeNotice, Html>> = {
  asked: html`<p>If we know the address, a mail is on its way. Type the code from it here, or open the link in it.</p>`,
  again: html`<p role="status">You asked for another mail. If we know the address, one comes at most every 30 seconds, and five in ten minutes. The newest code is the one that counts.</p>`,
  wrong: html`<p class="mistake" id="mistake">This is not a code. It is the row of digits in the mail.</p>`,
  'no-mail': html`<p class="mistake" role="status">Mail cannot be sent at the moment, so no new code was made. A code you already have stays valid. Try again in a few minutes.</p>`,
};

/**
 * Asks for the code, and offers another mail and the server's own login. It looks the same whoever asked. `request`:
 * what the browser asked for, base64url.
 */
export function askCodePage({ path, formToken, demo }: PageFacts, request: string, notice: CodeNotice): Page {
  return {
    title: 'Check your mail',
    content: html`${notices[notice]}${hints(demo)}
<form class="card" method="post">
<input type="hidden" name="form_token" value="${formToken}">
<label for="code">Code</label>
<input type="text" id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="80"${
      notice === 'wrong' ? html` aria-invalid="true" aria-describedby="mistake"` : undefined
    }>
<button type="submit">Sign in</button>
</form>
<form method="post">
<input type="hidden" name="form_token" value="${formToken}">
<button class="second" type="submit" name="again" value="yes">Send another mail</button>
</form>
<p>No mail, or the code does not work? The server that signs you in has a login page, too:
<a href="${path}/server?request=${request}">Sign in on the server's own page instead</a>.</p>
<p><a href="${path}">Use another address</a></p>`,
  };
}

/** The same whatever was typed: it may not tell whether an address is known. */
function hints(demo: DemoHints | undefined): Html | undefined {
  if (!demo) return undefined;
  const mails = demo.outbox === undefined ? undefined : html`. Mails are in the <a href="${demo.outbox}">Outbox</a>`;
  return html`
<p class="quiet">Demo person: <code>${demo.person}</code>${mails}.</p>`;
}

/** The page a link leads to. It does nothing until its button is pressed. */
export function linkPage({ path, formToken }: PageFacts, link: LinkFacts): Page {
  return {
    title: 'Sign in',
    content: html`${link.askedHere ? undefined : elsewhere}
<form class="card" method="post" action="${path}/link">
<input type="hidden" name="form_token" value="${formToken}">
<input type="hidden" name="extended_code" value="${link.extendedCode}">
<p>Press the button to sign in in this browser.</p>
<button type="submit">Sign in</button>
</form>
<p class="quiet">To sign in somewhere else, type this code there: <code>${link.code}</code></p>`,
  };
}

/** What a link carries. */
export interface LinkFacts {
  readonly extendedCode: string;
  readonly code: string;
  /** Whether this browser asked for this very mail, a short time ago. */
  readonly askedHere: boolean;
}

const elsewhere = html`<p>This browser did not ask for the mail. If you asked for it yourself, somewhere else, go on. If
somebody sent you this link, close the page: you would be signed in as that person.</p>`;

/** Something that ended, with a way to begin again. */
export function endPage({ path }: Pick<PageFacts, 'path'>, title: string, words: string): Page {
  return { title, content: html`<p>${words}</p>\n<p><a href="${path}">Sign in</a></p>` };
}

/** All there is to say where no mail can be sent. */
export const noMailPage: Page = {
  title: 'Mail is not set up',
  content: html`<p>So nobody can get a code or a link, and nobody can sign in here.</p>
<p>Whoever runs this server sets <code>mail</code> in its configuration, or starts it with <code>--mail</code>.</p>`,
};
