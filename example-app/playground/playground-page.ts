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
<p class="quiet">This is the demo: the secrets and private keys on this page are those of its demo clients. No server in use
shows any.</p>
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
<button id="send" type="button">Send</button>
</section>
<div id="reply"></div>
</div>
</div>`;
}

function choices(base: string): Html {
  return html`<fieldset>
<legend>Who asks</legend>
${select('workspace', 'Workspace')}
${select('client', 'Client')}
${select('method', 'Method')}
${text('secret', 'Client secret')}
<div class="field" data-field="certificate">
<label for="certificate">Certificate</label>
<select id="certificate"></select>
<fieldset class="radios">
<legend>Who sends the request</legend>
<label><input type="radio" name="sender" value="server" checked> the server, with this certificate</label>
<label><input type="radio" name="sender" value="browser"> this browser, with the one you imported</label>
</fieldset>
<p class="quiet">To import: <a href="${base}/playground/client.p12" download>demo-tls.p12</a>, password
<code>${pkcs12Password}</code>. Then open this page anew.</p>
</div>
</fieldset>
<fieldset>
<legend>For what</legend>
${select('grant', 'Grant')}
<p id="ask" class="field" data-field="code"><button id="ask-code" type="button" class="second">Ask for a code</button></p>
${text('code', 'Code')}
${text('verifier', 'Code verifier')}
${text('refresh', 'Refresh token')}
${text('username', 'User name')}
${text('password', 'Password')}
<p class="field" data-field="password"><button id="ask-password" type="button" class="second">Get a one-time code</button></p>
${text('scope', 'Scope')}
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
