import { createHash } from 'node:crypto';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type Html, html } from './html.js';
import { stylesheet } from './stylesheet.js';

/** One page for a person. It has no script and loads nothing. */
export interface Page {
  readonly title: string;
  /** What stands above the card; absent: the title. */
  readonly heading?: Html;
  readonly body: Html;
  /** CSP sources a form of the page may lead to, by itself or through a redirect. Absent: the page has no form. */
  readonly formAction?: readonly string[];
}

const styleHash = createHash('sha256').update(stylesheet.markup).digest('base64');

/** A page in one write, with the headers of every page of ours (RFC 9700 4.2.4, 4.16; OAuth 2.1 7.11). */
export function sendPage(
  response: ServerResponse,
  status: number,
  page: Page,
  headers: OutgoingHttpHeaders = {},
): void {
  const { markup } = render(page);
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': Buffer.byteLength(markup),
    'Content-Security-Policy': contentSecurityPolicy(page.formAction),
    'X-Frame-Options': 'DENY',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
    ...headers,
  });
  response.end(markup);
}

function contentSecurityPolicy(formAction: readonly string[] = ["'none'"]): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    `form-action ${formAction.join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

// The style element holds the stylesheet and nothing else: its digest stands in the policy.
function render({ title, heading, body }: Page): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${stylesheet}</style>
</head>
<body>
<main>
<h1>${heading ?? html`${title}`}</h1>
<div class="card">
${body}
</div>
</main>
</body>
</html>
`;
}
