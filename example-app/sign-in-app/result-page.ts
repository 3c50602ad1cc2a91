import { type Html, html } from '../pages/html.js';
import type { Page, PageFacts } from './pages.js';
import type { Reply } from './wire.js';

/** What came of it. */
export interface Result {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly scope: string;
  readonly accessToken: string;
  readonly idToken: string;
  readonly apiUrl: string;
  readonly api: Reply;
  readonly issuer: string;
}

/** Who signed in, with which tokens, and what the protected API says to them. */
export function resultPage({ path, formToken }: PageFacts, result: Result): Page {
  const { claims, scope, accessToken, idToken, api, apiUrl, issuer } = result;
  const name = [claims.name, claims.preferred_username, claims.email, claims.sub].find((each) => each !== undefined);
  return {
    title: 'You are signed in',
    content: html`<p>Welcome, <strong>${String(name)}</strong>.</p>
<section class="card">
<h2>ID token</h2>
${json(claims)}
<details><summary>As it was received</summary><p><code>${idToken}</code></p></details>
</section>
<section class="card">
<h2>Access token</h2>
<dl><dt>Scope</dt><dd><code>${scope}</code></dd></dl>
<details><summary>As it was received</summary><p><code>${accessToken}</code></p></details>
</section>
<section class="card">
<h2>The protected API</h2>
<dl>
<dt>Asked</dt><dd><code>${apiUrl}</code></dd>
<dt>Answered</dt><dd>${api.status}</dd>
</dl>
${json(api.json)}
</section>
<form method="post" action="${path}/out">
<input type="hidden" name="form_token" value="${formToken}">
<button type="submit">Sign out</button>
</form>
<p><a href="${issuer}/consents">See or withdraw what you allowed</a></p>`,
  };
}

function json(value: unknown): Html {
  return html`<pre tabindex="0">${JSON.stringify(value, undefined, 2)}</pre>`;
}
