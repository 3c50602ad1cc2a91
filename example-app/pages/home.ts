import type { RequestHandler } from 'express';
import { type Html, html } from './html.js';
import { page } from './layout.js';
import type { Site } from './site.js';

/** What runs here, with a link to everything that can be looked at. */
export function showHome(site: Site): RequestHandler {
  const text = page(
    site.base,
    'An authorization server',
    html`<p>OAuth 2.0 and OpenID Connect, with every way a client can prove who it is. The command lines to try it with stand
where the server was started.</p>
${site.tryUrl === undefined ? undefined : tryIt(site.tryUrl)}
${site.workspaces.map(({ issuer, workspace }) => workspaceCard(issuer, `${workspace.tenant} / ${workspace.workspace}`))}
<section class="card">
<h2>This server</h2>
<ul>
<li><a href="${site.base}/callback">Callback</a>: shows what an authorization request came back with</li>
<li><a href="${site.base}/api/hello">Protected API</a>: wants an access token</li>
<li><a href="/healthz">Live</a> and <a href="/readyz">ready</a></li>
</ul>
</section>`,
  );
  return (_request, response) => {
    response.send(text);
  };
}

function tryIt(url: string): Html {
  return html`<section class="card">
<h2>Try it</h2>
<p><a href="${url}">Sign in to the demo application</a>, and see the authorization code it gets.</p>
</section>`;
}

function workspaceCard(issuer: string, name: string): Html {
  const { origin, pathname } = new URL(issuer);
  return html`<section class="card">
<h2>${name}</h2>
<dl>
<dt>Issuer</dt><dd><code>${issuer}</code></dd>
<dt>Metadata</dt>
<dd><a href="${issuer}/.well-known/openid-configuration">OpenID Connect</a>,
<a href="${origin}/.well-known/oauth-authorization-server${pathname}">OAuth 2.0</a></dd>
<dt>Keys</dt><dd><a href="${issuer}/.well-known/jwks.json">JSON Web Key Set</a></dd>
</dl>
</section>`;
}
