import type { RequestHandler } from 'express';
import { type Html, html } from './html.js';
import { page } from './layout.js';
import type { Site } from './site.js';

/** What runs here, with a link to everything that can be looked at. */
export function showHome(site: Site): RequestHandler {
  const trying = site.tryUrl === undefined ? '' : ' curl commands are in the terminal that runs the server.';
  const text = page(
    site.base,
    'An authorization server',
    html`<p>OAuth 2.0 and OpenID Connect, with every way a client can prove who it is.${trying}</p>
${tryIt(site)}
${issuersCard(site)}
<section class="card">
<h2>This server</h2>
<ul>
<li><a href="${site.base}/callback">Callback</a>: shows what an authorization request came back with</li>
<li><a href="${site.base}/api/hello">Protected API</a>: wants an access token</li>
<li><a href="/healthz">Live</a> and <a href="/readyz">ready</a></li>
${site.admin && html`<li><a href="${site.base}/admin/explain">Why did it fail?</a> For operators, by correlation id</li>`}
</ul>
</section>`,
  );
  return (_request, response) => {
    response.send(text);
  };
}

function tryIt({ base, playground, signIn, outbox, tryUrl, demoPerson }: Site): Html | undefined {
  const items = [
    playground &&
      html`<li><a href="${base}/playground">Playground</a>: build a token request, by every method and grant, send it, and see what the server made of it</li>`,
    signIn &&
      html`<li><a href="${base}/sign-in">Sign in without a password</a>, and see the tokens and what the API answers${demoPerson && html`. Demo person: <code>${demoPerson}</code>`}</li>`,
    outbox && html`<li><a href="${base}/outbox">Outbox</a>: the mails with codes and links</li>`,
    tryUrl === undefined
      ? undefined
      : html`<li><a href="${tryUrl}">Ask for an authorization code</a> by the server's own login page</li>`,
  ].filter((item) => item !== undefined);
  if (items.length === 0) return undefined;
  return html`<section class="card">
<h2>Try it</h2>
<ul>
${items}
</ul>
</section>`;
}

/** The one with the most to try comes first. */
function issuersCard({ workspaces }: Site): Html {
  const ordered = workspaces.toSorted((one, other) => other.workspace.clients.length - one.workspace.clients.length);
  return html`<section class="card">
<h2>${ordered.length === 1 ? 'Issuer' : 'Issuers'}</h2>
<dl>
${ordered.map(({ issuer, workspace }) => issuerRow(issuer, `${workspace.tenant} / ${workspace.workspace}`))}
</dl>
</section>`;
}

function issuerRow(issuer: string, name: string): Html {
  const { origin, pathname } = new URL(issuer);
  return html`<dt>${name}</dt>
<dd><code>${issuer}</code><br>
Metadata of <a href="${issuer}/.well-known/openid-configuration">OpenID Connect</a>,
of <a href="${origin}/.well-known/oauth-authorization-server${pathname}">OAuth 2.0</a>;
<a href="${issuer}/.well-known/jwks.json">keys</a></dd>
`;
}
