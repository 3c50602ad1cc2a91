import type { RegisteredClient } from '../../clients/client.js';
import type { CodeBinding } from '../../codes/authorization-codes.js';
import { matchesScope } from '../../grants/scope.js';
import { type Html, html } from '../../http/html.js';
import type { Page } from '../../http/page.js';
import { displayName } from '../../identity/display-name.js';
import type { User } from '../../identity/users.js';
import type { Workspace } from '../../workspaces/workspace.js';

/** What the consent page tells the person, and what its form carries back. */
export interface ConsentPageFacts {
  readonly client: RegisteredClient;
  readonly user: User;
  readonly binding: CodeBinding;
  /** The sealed consent transaction. */
  readonly transaction: string;
}

/** What standard scopes mean to a person, where the workspace does not say it itself. */
const standardDescriptions: ReadonlyMap<string, string> = new Map([
  ['openid', 'Know who you are'],
  ['profile', 'See your name and user name'],
  ['email', 'See your email address'],
  ['offline_access', 'Keep this access while you are away'],
]);

/** The page that asks a person whether a client may act for them. */
export function consentPage(workspace: Workspace, facts: ConsentPageFacts): Page {
  const { client, user, binding, transaction } = facts;
  const clientName = client.metadata.client_name ?? client.id;
  const heading = html`<bdi>${clientName}</bdi> asks for access`;
  const body = html`<p>You are signed in as <strong><bdi>${displayName(user)}</bdi></strong>.</p>
<form method="post" action="${new URL(workspace.urls.consent).pathname}">
<input type="hidden" name="transaction" value="${transaction}">
${permissions(workspace, binding)}
${binding.resources.length > 0 && html`<p class="quiet">At ${placesAt(binding.resources, workspace)}.</p>`}
<p class="quiet">Whatever you choose, you go back to <strong><bdi>${displayedHost(binding.redirectUri)}</bdi></strong>.</p>
<div class="choice">
<button type="submit" name="decision" value="deny">Deny</button>
<button type="submit" name="decision" value="allow">Allow</button>
</div>
</form>`;
  return {
    title: `${clientName} asks for access`,
    heading,
    body,
    formAction: ["'self'", redirectSource(binding.redirectUri)],
  };
}

/**
 * The CSP source of a redirect URI. Browsers hold a redirect after a form against form-action, so it must be listed.
 * Falls back to the scheme where the origin is opaque or CSP has no way to write the host, such as an IPv6 address.
 */
export function redirectSource(redirectUri: string): string {
  const { origin, protocol } = new URL(redirectUri);
  return /^https?:\/\/[a-z0-9.-]+(?::\d+)?$/.test(origin) ? origin : protocol;
}

/** The description of a scope: its own, that of the pattern it falls under, or the usual one. */
export function describeScope(scope: string, { policy }: Pick<Workspace, 'policy'>): string | undefined {
  const known = Object.entries(policy.scopes);
  const [, own] = known.find(([name]) => name === scope) ?? known.find(([name]) => matchesScope(name, scope)) ?? [];
  return own?.description ?? standardDescriptions.get(scope);
}

/** Resources as a person may know them, each with its URI. */
export function placesAt(resources: readonly string[], { policy }: Pick<Workspace, 'policy'>): Html {
  const places = resources.map((resource, index) => {
    const description = Object.hasOwn(policy.resources, resource) ? policy.resources[resource]?.description : undefined;
    return html`${index > 0 && ', '}${description !== undefined && html`<strong>${description}</strong> `}<code>${resource}</code>`;
  });
  return html`${places}`;
}

function permissions(workspace: Workspace, { scopes }: CodeBinding): Html {
  if (scopes.length === 0) return html`<p>It asks for no particular permission.</p>`;
  const items = scopes.map(
    (scope) =>
      html`<li><label>${checkbox(scope)}<span>${describeScope(scope, workspace)}<code>${scope}</code></span></label></li>`,
  );
  return html`<fieldset><legend>It would be able to:</legend>
<ul>${items}</ul></fieldset>`;
}

/** A box the person may untick. To sign in is what they came for: a client without `openid` would not know them. */
function checkbox(scope: string): Html {
  if (scope === 'openid') return html`<input type="checkbox" checked disabled>`;
  return html`<input type="checkbox" name="scope" value="${scope}" checked>`;
}

/** The host of a web address; of an app's own scheme, the scheme. */
export function displayedHost(redirectUri: string): string {
  const { host, protocol } = new URL(redirectUri);
  return /^https?:$/.test(protocol) ? host : protocol;
}
