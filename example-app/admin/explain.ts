import express, { type RequestHandler, type Response, type Router } from 'express';
import type { FailureExplanation, FailureExplanations } from '../../index.js';
import { type Html, html } from '../pages/html.js';
import { page } from '../pages/layout.js';
import type { AdminTokens } from './admin-tokens.js';

/** Tells operators why a request failed: JSON or a page by bearer token, or a form to ask by. */
export function explainPages(base: string, tokens: AdminTokens, explanations: FailureExplanations): Router {
  const router = express.Router();
  const title = 'Why did it fail?';
  router.get('/', (_request, response) => {
    response.send(page(base, title, form(base)));
  });
  router.post('/', express.urlencoded({ extended: false, limit: 4096 }), async (request, response) => {
    const { token, correlation_id: asked } = (request.body ?? {}) as Record<string, unknown>;
    const id = typeof asked === 'string' ? asked.trim() : '';
    if (typeof token !== 'string' || !tokens.includes(token)) {
      response.status(403).send(page(base, title, form(base, { mistake: 'This is none of the admin_tokens.', id })));
      return;
    }
    const found = await explanations.find(id);
    if (found) response.send(page(base, title, html`${card(found)}${form(base)}`));
    else response.status(404).send(page(base, title, form(base, { mistake: unknown, id })));
  });
  router.get('/:correlationId', tokens.guard, answer(base, title, explanations));
  return router;
}

const unknown = 'Nothing is known of this id: it succeeded, failed more than an hour ago, or came in a flood.';

function answer(
  base: string,
  title: string,
  explanations: FailureExplanations,
): RequestHandler<{ correlationId: string }> {
  return async (request, response) => {
    const found = await explanations.find(request.params.correlationId);
    const asPage = request.accepts(['json', 'html']) === 'html';
    response.vary('Accept');
    if (!found) refuse(response, asPage, page(base, title, form(base, { mistake: unknown })));
    else if (asPage) response.send(page(base, title, card(found)));
    else response.json(found);
  };
}

function refuse(response: Response, asPage: boolean, text: string): void {
  response.status(404);
  if (asPage) response.send(text);
  else response.json({ error: 'not_found', error_description: unknown });
}

/** `id`: what was asked before. */
function form(base: string, { mistake, id = '' }: { readonly mistake?: string; readonly id?: string } = {}): Html {
  return html`${mistake === undefined ? undefined : html`<p role="alert" class="mistake">${mistake}</p>`}
<form method="post" action="${base}/admin/explain" class="card">
<label for="correlation_id">Correlation id</label>
<p id="where" class="quiet">The reply's <code>X-Correlation-Id</code>, or <code>correlation_id</code> in the log.</p>
<input id="correlation_id" name="correlation_id" value="${id}" required autocomplete="off" spellcheck="false" aria-describedby="where">
<label for="token">Admin token</label>
<p id="whose" class="quiet">One of the configuration's <code>admin_tokens</code>.</p>
<input id="token" name="token" type="password" required autocomplete="current-password" aria-describedby="whose">
<button>Explain</button>
</form>`;
}

function card({ happened, remedy, detail = {}, ...told }: FailureExplanation): Html {
  return html`<article class="card">
<h2>${told.reason ?? told.error ?? 'failed'}</h2>
<p>${withCode(happened)}</p>
<p><strong>What to do:</strong> ${withCode(remedy)}</p>
<dl>${Object.entries({ ...told, ...detail }).map(([name, value]) => html`<dt>${name}</dt><dd><code>${shown(value)}</code></dd>`)}</dl>
</article>`;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Code words are in backticks. */
function withCode(text = ''): Html[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}
