import type { RequestHandler } from 'express';
import type { Outbox, OutboxMail } from '../mail/outbox.js';
import { type Html, html } from './html.js';
import { page } from './layout.js';
import { isOfThisMachine } from './this-machine.js';

/** Where the outbox is shown. */
export interface OutboxPlace {
  /** The path of the public URL: empty, or like `/auth`. */
  readonly base: string;
  /** The name the server is known by. */
  readonly host: string;
  /** Whether there is the sign-in page. */
  readonly signIn: boolean;
  /** The address of somebody who can sign in there. */
  readonly demoPerson?: string | undefined;
}

/**
 * The mails of `outbox:`: JSON has the oldest first, people see the newest first. Whoever reads them can sign in as
 * anybody, so they are for the person at this machine.
 */
export function showOutbox(outbox: Outbox, place: OutboxPlace): RequestHandler {
  return async (request, response, next) => {
    if (!isOfThisMachine(request, place.host)) {
      next();
      return;
    }
    const mails = await outbox.list();
    response.vary('Accept');
    if (request.accepts(['html', 'json']) === 'json') response.json(mails);
    else response.send(page(place.base, 'Outbox', mails.length === 0 ? nothing(place) : all(mails)));
  };
}

function nothing({ base, signIn, demoPerson }: OutboxPlace): Html {
  const who = demoPerson === undefined ? undefined : html` as <code>${demoPerson}</code>`;
  const where = signIn ? html` <a href="${base}/sign-in">Sign in</a>${who} to get one.` : undefined;
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
