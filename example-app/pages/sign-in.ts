import type { Request, RequestHandler, Response } from 'express';
import type { Pool, PoolUser, WorkspaceDefinition } from '../configuration/configuration.js';
import type { Sessions } from '../sign-in/sessions.js';
import { type Html, html } from './html.js';
import { page } from './layout.js';

/** A workspace's sign-in page. */
export interface SignInFacts {
  readonly base: string;
  readonly workspace: WorkspaceDefinition;
  readonly issuer: string;
  readonly sessions: Sessions;
}

/** Shows the people of the workspace's pool, to be any of them. It is for demonstrations: there is no password. */
export function showSignIn(facts: SignInFacts): RequestHandler {
  return (request, response) => {
    const { pool } = facts.workspace;
    if (!isOpen(pool)) return refuse(response, facts, 404, 'Nobody can sign in here.');
    const returnTo = ownAuthorizeUrl(request.query.return_to, facts.issuer);
    if (returnTo === undefined) return refuse(response, facts, 400, 'Start at the application you want to sign in to.');
    const { token, setCookie } = facts.sessions.formToken(request.headers.cookie, purpose(facts));
    if (setCookie !== undefined) response.append('Set-Cookie', setCookie);
    const hint = typeof request.query.login_hint === 'string' ? request.query.login_hint : undefined;
    const forms = people(pool, hint).map((user) => form(user, returnTo, token));
    response.send(
      page(
        facts.base,
        'Who are you?',
        html`<p>Sign in to <strong>${nameOf(facts)}</strong>.</p>
${forms}
<p class="quiet">This page is for demonstrations: it asks for no password.</p>`,
      ),
    );
  };
}

/** Takes the choice, and sends the browser back to the authorization request. */
export function takeSignIn(facts: SignInFacts): RequestHandler {
  return (request, response) => {
    const { pool } = facts.workspace;
    if (!isOpen(pool)) return refuse(response, facts, 404, 'Nobody can sign in here.');
    if (!isOwnForm(request, facts)) return refuse(response, facts, 403, 'This form is no longer valid. Start again.');
    const returnTo = ownAuthorizeUrl(request.body.return_to, facts.issuer);
    const user = pool.users.get(String(request.body.user));
    if (returnTo === undefined || user?.status !== 'active') {
      return refuse(response, facts, 400, 'That did not work. Start again at the application.');
    }
    const authTime = Math.floor(Date.now() / 1000);
    response.append(
      'Set-Cookie',
      facts.sessions.begin({ tenant: pool.tenant, pool: pool.name, user: user.id, authTime }),
    );
    response.redirect(303, returnTo);
  };
}

/** The page lets everybody be anybody, so production has none. */
function isOpen(pool: Pool | undefined): pool is Pool {
  return pool !== undefined && process.env.NODE_ENV !== 'production';
}

/** `value` if it is this issuer's own authorization endpoint with some query; everything else is an open redirect. */
function ownAuthorizeUrl(value: unknown, issuer: string): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
  const { href, search } = new URL(value);
  const own = `${issuer}/oauth2/authorize${search}`;
  return search !== '' && href === own ? own : undefined;
}

/** RFC 6749 10.12: the form came from our page, in the browser that got it. */
function isOwnForm(request: Request, facts: SignInFacts): boolean {
  const site = request.headers['sec-fetch-site'];
  const { csrf } = request.body ?? {};
  return (
    (site === undefined || site === 'same-origin') &&
    typeof csrf === 'string' &&
    facts.sessions.isFormToken(csrf, request.headers.cookie, purpose(facts))
  );
}

function people(pool: Pool, hint: string | undefined): PoolUser[] {
  const hinted = (user: PoolUser) => hint !== undefined && [user.id, user.username, user.email].includes(hint);
  const active = [...pool.users.values()].filter(({ status }) => status === 'active');
  return active.sort((left, right) => Number(hinted(right)) - Number(hinted(left)));
}

function form(user: PoolUser, returnTo: string, token: string): Html {
  const name = user.name ?? user.username ?? user.email ?? user.id;
  const more = [user.username, user.email].filter((text) => text !== undefined && text !== name).join(' · ');
  return html`<form method="post">
<input type="hidden" name="csrf" value="${token}">
<input type="hidden" name="return_to" value="${returnTo}">
<button type="submit" name="user" value="${user.id}">${name}<small>${more}</small></button>
</form>`;
}

function purpose({ issuer }: SignInFacts): string {
  return `sign-in ${issuer}`;
}

function nameOf({ workspace }: SignInFacts): string {
  return `${workspace.tenant} / ${workspace.workspace}`;
}

function refuse(response: Response, { base }: SignInFacts, status: number, message: string): void {
  response.status(status).send(page(base, 'Sign-in', html`<p>${message}</p>`));
}
