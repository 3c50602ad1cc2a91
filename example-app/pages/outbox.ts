import type { RequestHandler } from 'express';
import type { Outbox, OutboxMail } from '../mail/outbox.js';
import { type Html, html } from './html.js';
import { page } from './layout.js';
import { isOfThisMachine } from './this-machine.js';

/**
 * The mails of `outbox:`: JSON has the oldest first, people see the newest first. `publicHost`: the name the server is
 * known by; `signIn`: there is the sign-in page. Whoever reads them can sign in as anybody, so they are for the person at
 * this machine.
 */
export function showOutbox(base: string, outbox: Outbox, publicHost: string, signIn: boolean): RequestHandler {
  return async (request, response, next) => {
    if (!isOfThisMachine(request, publicHost)) {
      next();
      return;
    }
    const mails = await outbox.list();
    response.vary('Accept');
    if (request.accepts(['html', 'json']) === 'json') response.json(mails);
    else response.send(page(base, 'Outbox', mails.length === 0 ? nothing(base, signIn) : all(mails)));
  };
}

function nothing(base: string, signIn: boolean): Html {
  const where = signIn ? html` <a href="${base}/sign-in">Sign in</a> to get one.` : undefined;
  return html`<p>No mail was sent in the last hour.${where}</p>`;
}

function all(mails: readonly OutboxMail[]): Html {
  return html`<p>Mails of the last hour, the newest first. They went nowhere else.</p>
${mails.toReversed().map(one)}`;
}

function one({ to, subject, text, date }: OutboxMail): Html {
  return html`<article class="card">
<h2>${subject}</h2>
<dl>
<dt>To</dt><dd>${to}</dd>
<dt>Sent</dt><dd><time datetime="${date}">${date.slice(0, 19).replace('T', ' ')} UTC</time></dd>
</dl>
<div class="mail">${withLinks(text)}</div>
</article>`;
}

/** The text, in which addresses of the web can be clicked on. */
function withLinks(text: string): Html[] {
  return text
    .trim()
    .split(/(https:\/\/[^\s<>"]+)/)
    .map((part, index) => (index % 2 === 1 ? html`<a href="${part}">${part}</a>` : html`${part}`));
}
