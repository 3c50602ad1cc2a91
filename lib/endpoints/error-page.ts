import type { OutgoingHttpHeaders } from 'node:http';
import type { OAuthError } from '../errors.js';
import { html } from '../http/html.js';
import { type Page, sendPage } from '../http/page.js';
import type { Exchange } from './exchange.js';

/** Answers a failure that must not be redirected with a page, and hands it back for the event. */
export function refuseWithPage(exchange: Exchange, failure: OAuthError): OAuthError {
  // Half an answer is there already: `serve` ends the connection.
  if (exchange.response.headersSent) throw failure;
  sendPage(exchange.response, failure.status, errorPage(exchange, failure), headersOf(failure));
  return failure;
}

/** Shows what is public of the failure and nothing of what was sent; the correlation id leads an operator to the rest. */
function errorPage({ correlationId }: Exchange, failure: OAuthError): Page {
  const title = failure.status < 500 ? 'This request cannot be completed' : 'Something went wrong here';
  const body = html`<h1>${title}</h1>
<p>${failure.description}</p>
<p>Go back to the application you came from and start again. If that does not help, tell its makers.</p>
<p class="quiet">Error <code>${failure.error}</code> Reference <code>${correlationId}</code></p>`;
  return { title, body };
}

function headersOf({ status, detail }: OAuthError): OutgoingHttpHeaders {
  if (status === 405) return { Allow: String(detail.allow ?? 'POST') };
  if (status === 413) return { Connection: 'close' };
  return status === 503 ? { 'Retry-After': '2' } : {};
}
