import { clientRequest } from '../client-authentication/client-request.js';
import type { RegisteredClient } from '../clients/client.js';
import { OAuthError } from '../errors.js';
import type { Form } from '../http/form.js';
import { isOfProof, refuseBearer } from '../tokens/bearer-challenge.js';
import { presentedToken } from '../tokens/presented-token.js';
import { requireBinding, requireScopes } from '../tokens/token-requirements.js';
import { verifyAccessToken } from '../tokens/verify-access-token.js';
import { authenticateAtEndpoint } from './authenticate.js';
import { countingGuesses } from './counting-guesses.js';
import { type Exchange, refuseWithJson } from './exchange.js';

/** Who asks about a token, or wants it gone. */
export interface TokenCaller {
  readonly client: RegisteredClient;
  /** The client authentication method, or `bearer`. */
  readonly method: string;
  /** Whether every token of the workspace is its business, and not only its own. */
  readonly mayAll: boolean;
}

/** The parameters that introspection and revocation have in common (RFC 7009 2.1, RFC 7662 2.1). */
const parameters = ['token', 'token_type_hint'];

/**
 * The caller, by client authentication or by an access token of this workspace that has `scope` (RFC 7662 2.1).
 * With `scope`, granted or registered, every token is its business. Refuses repeated parameters first.
 */
export async function tokenCaller(exchange: Exchange, form: Form, scope: string): Promise<TokenCaller> {
  form.refuseRepeated([...parameters, ...exchange.workspace.authenticator.parameters]);
  if (!sendsBearer(exchange, form)) {
    const { client, method } = await authenticateAtEndpoint(exchange, form);
    return { client, method, mayAll: mayHold(client, scope) };
  }
  const client = await bearerClient(exchange, scope);
  const named = form.get('client_id');
  if (named !== undefined && named !== client.id) {
    throw new OAuthError('client_id_conflict', { detail: { in_body: named, in_credentials: client.id } });
  }
  return { client, method: 'bearer', mayAll: true };
}

/** The parameter `token`. Throws `parameter_missing`. */
export function requiredToken(form: Form): string {
  const token = form.get('token');
  if (token !== undefined) return token;
  throw new OAuthError('parameter_missing', {
    description: 'The parameter token is missing.',
    detail: { parameter: 'token' },
  });
}

/** A failure with the challenge that fits what the caller sent. */
export function refuseCaller(exchange: Exchange, failure: OAuthError, scope: string): void {
  const { error, reason } = failure;
  const ofToken = error === 'invalid_token' || error === 'insufficient_scope' || reason === 'token_in_several_places';
  if (ofToken || isOfProof(failure)) {
    const { issuer: realm, dpop } = exchange.workspace;
    refuseBearer(exchange.response, failure, { realm, scope, algorithms: dpop.resourceServer.algorithms });
  } else refuseWithJson(exchange, failure);
}

/** Throws `credentials_in_query`, or `several_methods` for an access token beside a secret or an assertion. */
function sendsBearer({ request }: Exchange, form: Form): boolean {
  const { authorization } = clientRequest(request, form, undefined);
  if (!authorization.some((value) => /^(Bearer|DPoP)\b/i.test(value))) return false;
  const others = ['client_secret', 'client_assertion', 'client_assertion_type'].filter((name) => form.has(name));
  if (others.length === 0) return true;
  throw new OAuthError('several_methods', { detail: { presented_mechanisms: ['authorization', ...others] } });
}

/** The client that holds the scope now: neither inactive nor gone since the token was issued, nor without the scope. */
export async function bearerClient(exchange: Exchange, scope: string): Promise<RegisteredClient> {
  const { request, response, workspace, facts } = exchange;
  const presented = presentedToken(request, null);
  const verify = () => verifyAccessToken(presented.value, [workspace], undefined);
  const { claims } = await countingGuesses(exchange, { kind: 'access_token' }, verify);
  facts.client_id = claims.client_id;
  facts.method = 'bearer';
  const { proxies, warn, dpop } = workspace;
  await requireBinding(claims, { proxies, warn, proofs: dpop.resourceServer }, { request, response, presented });
  requireScopes(claims, [scope]);
  const client = await workspace.clients.find(claims.client_id);
  if (!client?.active) throw new OAuthError('token_client_inactive', { detail: { client_id: claims.client_id } });
  if (!mayHold(client, scope)) {
    throw new OAuthError('scope_insufficient', { detail: { missing: [scope], method: client.method } });
  }
  return client;
}

/** A public client proves nothing: it speaks for its own tokens alone, whatever it has registered. */
function mayHold({ method, scopes }: RegisteredClient, scope: string): boolean {
  return method !== 'none' && scopes.includes(scope);
}
