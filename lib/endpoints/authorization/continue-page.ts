import { html } from '../../http/html.js';
import type { Page } from '../../http/page.js';
import { displayName } from '../../identity/display-name.js';
import type { Workspace } from '../../workspaces/workspace.js';
import { type ConsentPageFacts, displayedHost, redirectSource } from './consent-page.js';

/**
 * The page for a person who comes with a one-time code and need not be asked for consent: opening a link must not be
 * enough to sign anybody in.
 */
export function continuePage(workspace: Workspace, { client, user, binding, transaction }: ConsentPageFacts): Page {
  const clientName = client.metadata.client_name ?? client.id;
  const heading = html`Continue to <bdi>${clientName}</bdi>`;
  const body = html`<p>You are about to sign in as <strong><bdi>${displayName(user)}</bdi></strong>.</p>
<p class="quiet">You go on to <strong><bdi>${displayedHost(binding.redirectUri)}</bdi></strong>.</p>
<form method="post" action="${new URL(workspace.urls.consent).pathname}">
<input type="hidden" name="transaction" value="${transaction}">
<div class="choice">
<button type="submit" name="decision" value="deny">Cancel</button>
<button type="submit" name="decision" value="allow">Continue as <bdi>${displayName(user)}</bdi></button>
</div>
</form>`;
  return {
    title: `Continue to ${clientName}`,
    heading,
    body,
    formAction: ["'self'", redirectSource(binding.redirectUri)],
  };
}
