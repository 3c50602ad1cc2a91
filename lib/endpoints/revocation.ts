import { OAuthError } from '../errors.js';
import { sendEmpty } from '../http/reply.js';
import { readForm } from '../http/request-body.js';
import { type FoundToken, findToken } from '../tokens/find-token.js';
import type { Endpoint } from './exchange.js';
import { refuseCaller, requiredToken, type TokenCaller, tokenCaller } from './token-caller.js';

/** Lets a client revoke every token of the workspace. */
const scope = 'revoke_tokens';

/**
 * Ends a token (RFC 7009). What is no live token of ours is answered 200 as well: what the client wanted is so. A
 * refresh token takes along all that came from the same authorization; an access token ends alone.
 */
export const revocationEndpoint: Endpoint = {
  event: 'revocation',
  methods: ['POST'],
  repliesPlainly: true,
  crossOrigin: true,
  async handle(exchange) {
    const { request, response, workspace, facts } = exchange;
    const form = await readForm(request);
    const caller = await tokenCaller(exchange, form, scope);
    const found = await findToken(requiredToken(form), form.get('token_type_hint'), workspace);
    if (found) {
      requireOwn(found, caller);
      await found.end();
      facts.subject = found.subject;
    }
    sendEmpty(response, 200);
    return undefined;
  },
  refuse: (exchange, failure) => refuseCaller(exchange, failure, scope),
};

function requireOwn({ clientId }: FoundToken, { client, mayAll }: TokenCaller): void {
  if (mayAll || clientId === client.id) return;
  throw new OAuthError('token_client_mismatch', { detail: { issued_to: clientId, presented_by: client.id } });
}
