import { html } from '../../http/html.js';
import type { Page } from '../../http/page.js';
import type { Workspace } from '../../workspaces/workspace.js';

/** The page that asks before it signs anybody out. `leadsTo`: CSP sources of where the browser goes then. */
export function confirmLogoutPage(workspace: Workspace, form: string, leadsTo: readonly string[]): Page {
  const body = html`<p>You will be signed out here. Applications you are using may keep you signed in.</p>
<form method="post" action="${new URL(workspace.urls.logout).pathname}">
<input type="hidden" name="form" value="${form}">
<div class="choice"><button class="primary" type="submit">Sign out</button></div>
</form>
<p class="quiet">To stay signed in, close this page.</p>`;
  return { title: 'Sign out?', body, formAction: ["'self'", ...leadsTo] };
}

/** The page for a person who has signed out and has nowhere to go back to. */
export function signedOutPage(): Page {
  return {
    title: 'Signed out',
    body: html`<p role="status">You are signed out here.</p>`,
  };
}
