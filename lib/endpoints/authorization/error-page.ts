import type { OutgoingHttpHeaders } from 'node:http';
import type { OAuthError } from '../../errors.js';
import { withdrawCors } from '../../http/cors.js';
import { html } from '../../http/html.js';
import { type Page, sendPage } from '../../http/page.js';
import type { Exchange } from '../exchange.js';

/** Answers a failure with a page, as endpoints that browsers come to do; no script of another origin may read it. */
export function refuseWithPage(exchange: Exchange, failure: OAuthError): void {
  withdrawCors(exchange.response);
  sendPage(exchange.response, failure.status, errorPage(exchange, failure), headersOf(failure));
}

/** Shows what is public of the failure and nothing of what was sent; the correlation id leads an operator to the rest. */
function errorPage({ correlationId }: Exchange, failure: OAuthError): Page {
  const title = failure.status < 500 ? 'This request cannot be completed' : 'Something went wrong here';
  const body = html`<p>${failure.description}</p>
<p>Go back to the application you came from and start again. If that does not help, tell its makers.</p>
<p class="quiet">Error <code>${failure.error}</code> Reference <code>${correlationId}</code></p>`;
  return { title, body };
}

function headersOf({ status, detail }: OAuthError): OutgoingHttpHeaders {
  if (status === 405) return { Allow: String(detail.allow ?? 'POST') };
  if (status === 413) return { Connection: 'close' };
  if (status === 429 && detail.retry_after !== undefined) return { 'Retry-After': String(detail.retry_after) };
  return status === 503 ? { 'Retry-After': '2' } : {};
}
