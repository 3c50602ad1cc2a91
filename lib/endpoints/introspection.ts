import { OAuthError } from '../errors.js';
import { matchesScope } from '../grants/scope.js';
import { errorBody, sendJson, sendJwt } from '../http/reply.js';
import { readForm } from '../http/request-body.js';
import { findActiveUser } from '../identity/active-user.js';
import { type FoundToken, findToken } from '../tokens/find-token.js';
import { asksForIntrospectionJwt, introspectionJwt, introspectionJwtType } from '../tokens/introspection-jwt.js';
import type { Workspace } from '../workspaces/workspace.js';
import type { Endpoint } from './exchange.js';
import { refuseCaller, requiredToken, type TokenCaller, tokenCaller } from './token-caller.js';

/** Lets a client ask about every token of the workspace. */
const scope = 'introspect_tokens';

type Answer = { readonly active: boolean } & Readonly<Record<string, unknown>>;

const inactive: Answer = { active: false };

/**
 * Tells of a token (RFC 7662), as JSON or as a signed JWT (RFC 9701): to the client it was issued to, to the resource
 * server in its `aud`, and to those with the scope `introspect_tokens`. Whatever else is wrong, all learn the same.
 */
export const introspectionEndpoint: Endpoint = {
  event: 'introspection',
  methods: ['POST'],
  repliesPlainly: true,
  async handle(exchange) {
    const { request, response, workspace } = exchange;
    const form = await readForm(request);
    const caller = await tokenCaller(exchange, form, scope);
    // Anybody can call himself by the name of a public client.
    if (caller.method === 'none') throw new OAuthError('no_credentials', { detail: { client_id: caller.client.id } });
    const found = await findToken(requiredToken(form), form.get('token_type_hint'), workspace);
    const answer = found && (await isActive(found, workspace)) ? answerTo(caller, found) : inactive;
    if (asksForIntrospectionJwt(request)) {
      sendJwt(response, await introspectionJwt(answer, caller.client, workspace), introspectionJwtType);
    } else sendJson(response, 200, answer);
    return undefined;
  },
  refuse(exchange, failure) {
    // RFC 9701 5: there, 401 would have clients try again for plain JSON.
    if (failure.status === 401 && asksForIntrospectionJwt(exchange.request))
      sendJson(exchange.response, 400, errorBody(failure));
    else refuseCaller(exchange, failure, scope);
  },
};

/** A client or a person who may not be let in has no active tokens, though they could be let in again. */
async function isActive(
  { active, clientId, ofPerson, subject }: FoundToken,
  { clients, users }: Workspace,
): Promise<boolean> {
  if (!active || !(await clients.find(clientId))?.active) return false;
  return !ofPerson || (await findActiveUser(users, { id: subject })) !== undefined;
}

function answerTo({ client, mayAll }: TokenCaller, { clientId, audience, claims }: FoundToken): Answer {
  if (mayAll || clientId === client.id) return { active: true, ...claims };
  if (!audience.includes(client.id)) return inactive;
  return { active: true, ...claims, scope: narrowed(claims.scope, client.scopes) };
}

/** RFC 7662 2.2, RFC 9701 5: a resource server that registered a `scope` learns only of what is in it. */
function narrowed(granted: string, registered: readonly string[]): string {
  if (registered.length === 0) return granted;
  const known = granted.split(' ').filter((one) => registered.some((pattern) => matchesScope(pattern, one)));
  return known.join(' ');
}
