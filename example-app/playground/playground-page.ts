import { type Html, html } from '../pages/html.js';
import { page } from '../pages/layout.js';
import { pkcs12Password } from '../pki/client-pki.js';

/** The page before its scripts fill it. `base`: the path of the site, empty or like `/auth`. */
export function playgroundPage(base: string): string {
  const head = html`
<link rel="stylesheet" href="${base}/playground/style.css">
<script type="module" src="${base}/playground/scripts/playground/page/main.js"></script>`;
  return page(base, 'Playground', content(base), head);
}

function content(base: string): Html {
  return html`<p>Build a token request, see it as it will be sent, send it, and see what the server made of it.</p>
<p class="quiet">This is the demo: the secrets and private keys on this page are those of its demo clients. A real server
never shows them.</p>
<noscript><p class="mistake">The page builds requests in your browser, and needs JavaScript for that.</p></noscript>
<p id="alert" role="alert" class="mistake"></p>
<div id="playground" class="playground" hidden>
<form id="choices" class="card" autocomplete="off" aria-label="What to send">
${choices(base)}
</form>
<div class="results">
<section class="card" aria-labelledby="request-title">
<h2 id="request-title">The request</h2>
<div role="tablist" aria-labelledby="request-title" class="tabs">
${tab('http', 'HTTP', true)}${tab('curl', 'curl', false)}${tab('code', 'openid-client', false)}
</div>
${panel('http', 'The request as it will be sent', true)}${panel('curl', 'The request as a curl command', false)}${panel('code', 'The request as code', false)}
<p id="note" class="quiet"></p>
<p id="missing"></p>
<button id="send" type="button" aria-describedby="missing">Send</button>
</section>
<p id="outdated" role="status"></p>
<div id="reply">
${awaited}
</div>
</div>
</div>`;
}

const awaited = html`<section class="card">
<h2>What you will see here</h2>
<ul>
<li>The reply: its status, body and headers</li>
<li>Why it failed, if it does: which check, and what to do. Tick a mistake and try</li>
<li>The tokens, decoded</li>
<li>The event that the log and the metrics get</li>
</ul>
</section>`;

function choices(base: string): Html {
  return html`<fieldset>
<legend>Who asks</legend>
${select('workspace', 'Workspace')}
${select('client', 'Client')}
${select('method', 'Method')}
${longText('secret', 'Client secret')}
<div class="field" data-field="certificate">
<label for="certificate">Certificate</label>
<select id="certificate"></select>
<fieldset class="radios">
<legend>Who sends the request</legend>
<label><input type="radio" name="sender" value="server" checked> the server, with this certificate</label>
<label><input type="radio" name="sender" value="browser"> this browser, with the one you imported</label>
</fieldset>
<p class="quiet">To import: <a href="${base}/playground/client.p12" download>demo-tls.p12</a>, password
<code>${pkcs12Password}</code>. Then open this page anew. Chromium sends it with the page's requests; a browser that keeps
it back, as Firefox does, gets <code>certificate_missing</code>: then let the server send it.</p>
</div>
</fieldset>
<fieldset>
<legend>For what</legend>
${select('grant', 'Grant')}
<p id="ask" class="field" data-field="code"><button id="ask-code" type="button" class="second">Get a code</button></p>
${longText('code', 'Code')}
${longText('verifier', 'Code verifier')}
${longText('refresh', 'Refresh token')}
${text('username', 'User name')}
${text('password', 'Password')}
<p class="field" data-field="password"><button id="ask-password" type="button" class="second">Get a one-time code</button></p>
<p class="field" data-field="scope"><label for="scope">Scope</label><input id="scope" spellcheck="false" autocapitalize="off" aria-describedby="registered">
<span id="registered" class="quiet"></span></p>
<label class="check"><input type="checkbox" id="dpop"> Bind the token to a key (DPoP)</label>
</fieldset>
<fieldset>
<legend>Mistakes to make</legend>
<div id="mistakes"></div>
</fieldset>`;
}

function select(id: string, label: string): Html {
  return html`<p class="field" data-field="${id}"><label for="${id}">${label}</label><select id="${id}"></select></p>`;
}

function text(id: string, label: string): Html {
  return html`<p class="field" data-field="${id}"><label for="${id}">${label}</label><input id="${id}" spellcheck="false" autocapitalize="off"></p>`;
}

/** For what is longer than a line. */
function longText(id: string, label: string): Html {
  return html`<p class="field" data-field="${id}"><label for="${id}">${label}</label><textarea id="${id}" rows="2" spellcheck="false" autocapitalize="off"></textarea></p>`;
}

function tab(id: string, label: string, selected: boolean): Html {
  return html`<button type="button" role="tab" id="tab-${id}" aria-controls="panel-${id}" aria-selected="${String(selected)}" tabindex="${selected ? '0' : '-1'}">${label}</button>`;
}

function panel(id: string, label: string, shown: boolean): Html {
  const hidden = shown ? undefined : html` hidden`;
  return html`<div role="tabpanel" id="panel-${id}" aria-labelledby="tab-${id}"${hidden}>
<pre tabindex="0" role="region" aria-label="${label}"><code id="as-${id}"></code></pre>
<button type="button" class="copy second" data-copy="as-${id}">Copy</button>
</div>`;
}
