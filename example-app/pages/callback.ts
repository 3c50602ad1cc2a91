import type { RequestHandler } from 'express';
import { html } from './html.js';
import { page } from './layout.js';

const shown = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri'] as const;

/** A redirect_uri that does nothing but show what it received (RFC 6749 4.1.2; RFC 9207 2). */
export function showCallback(base: string): RequestHandler {
  return (request, response) => {
    const rows = shown.flatMap((name) => {
      const value = request.query[name];
      return typeof value === 'string' ? [html`<dt>${name}</dt><dd><code>${value}</code></dd>`] : [];
    });
    const title = request.query.code === undefined ? 'Back from authorization' : 'Your authorization code';
    const content =
      rows.length === 0
        ? html`<p>Nothing came with this request. Authorization requests end here with a code or an error.</p>`
        : html`<div class="card"><dl>${rows}</dl></div>
<p class="quiet">A code lives a minute and can be redeemed once, by the client it was issued to.</p>`;
    response.send(page(base, title, content));
  };
}
