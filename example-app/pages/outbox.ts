import { BlockList, isIPv6 } from 'node:net';
import type { RequestHandler } from 'express';
import type { Outbox, OutboxMail } from '../mail/outbox.js';
import { type Html, html } from './html.js';
import { page } from './layout.js';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** The mails of `outbox:`: JSON has the oldest first, people see the newest first. */
export function showOutbox(base: string, outbox: Outbox): RequestHandler {
  return async (request, response, next) => {
    // Whoever reads it can sign in as anybody: it is for the person at this machine.
    if (
      !loopback.check(request.socket.remoteAddress ?? '', isIPv6(request.socket.remoteAddress ?? '') ? 'ipv6' : 'ipv4')
    ) {
      next();
      return;
    }
    const mails = await outbox.list();
    response.vary('Accept');
    if (request.accepts(['html', 'json']) === 'json') response.json(mails);
    else response.send(page(base, 'Outbox', mails.length === 0 ? nothing(base) : all(mails)));
  };
}

function nothing(base: string): Html {
  return html`<p>No mail was sent in the last hour. <a href="${base}/sign-in">Sign in</a> to get one.</p>`;
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
