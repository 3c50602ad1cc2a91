import { type Html, html } from '../../http/html.js';
import type { Page } from '../../http/page.js';
import type { Consent } from '../../identity/consents.js';
import { displayName } from '../../identity/display-name.js';
import type { User } from '../../identity/users.js';
import type { Workspace } from '../../workspaces/workspace.js';
import { describeScope, placesAt } from '../authorization/consent-page.js';

/** A consent as its person sees it. */
export interface NamedConsent extends Consent {
  readonly clientName: string;
}

/** What the page shows, and what its forms carry back. */
export interface ConsentsPageFacts {
  readonly user: User;
  readonly consents: readonly NamedConsent[];
  /** The sealed form. */
  readonly form: string;
  /** What has just happened: a consent was taken back, or the person signed in by a link. */
  readonly news: 'withdrawn' | 'signed_in' | undefined;
  /** Whether there is a page of ours to sign out. */
  readonly hasLogout: boolean;
}

const messages = {
  withdrawn: 'The access was withdrawn.',
  signed_in: 'You are signed in here. Were you on the way to an application? Then go back to it and start again.',
} as const;

/** The page where a person sees what they have allowed, and takes it back. */
export function consentsPage(workspace: Workspace, facts: ConsentsPageFacts): Page {
  const { user, consents, form, news, hasLogout } = facts;
  const items = consents.map((consent) => item(workspace, consent));
  const list = html`<p>These applications may act for you:</p>
<form method="post" action="${new URL(workspace.urls.consents).pathname}">
<input type="hidden" name="form" value="${form}">
<ul>${items}</ul>
</form>`;
  const body = html`<p>You are signed in as <strong><bdi>${displayName(user)}</bdi></strong>.</p>
${news && html`<p class="message" role="status" aria-live="polite">${messages[news]}</p>`}
${consents.length === 0 ? html`<p>You have not allowed any application to act for you.</p>` : list}
${hasLogout && html`<p class="quiet"><a href="${new URL(workspace.urls.logout).pathname}">Sign out</a></p>`}`;
  return { title: 'What you have allowed', body, formAction: ["'self'"] };
}

function item(workspace: Workspace, { clientId, clientName, allowed, since }: NamedConsent): Html {
  const date = new Date(since * 1000).toISOString().slice(0, 10);
  const scopes = new Set(Object.values(allowed).flat());
  const places = Object.keys(allowed).filter((resource) => Object.hasOwn(workspace.policy.resources, resource));
  const names = [...scopes].map((scope) => html`<br>${describeScope(scope, workspace) ?? scope}`);
  return html`<li><h2><bdi>${clientName}</bdi></h2>
<p class="quiet">Since <time datetime="${date}">${date}</time>${names}${places.length > 0 && html`<br>At ${placesAt(places, workspace)}`}</p>
<button type="submit" name="withdraw" value="${clientId}">Withdraw access of <bdi>${clientName}</bdi></button></li>`;
}
