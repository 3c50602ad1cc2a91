import type { RegisteredClient } from '../../clients/client.js';
import { keepPushedRequest } from '../../codes/pushed-requests.js';
import { OAuthError } from '../../errors.js';
import type { Form } from '../../http/form.js';
import { sendJson } from '../../http/reply.js';
import { readForm } from '../../http/request-body.js';
import { provenKeyOf } from '../../tokens/dpop/request-proof.js';
import type { Workspace } from '../../workspaces/workspace.js';
import { authenticateAtEndpoint } from '../authenticate.js';
import type { Endpoint } from '../exchange.js';
import { pushableParameters, readAuthorizationRequest } from './authorization-request.js';
import { recipientOf } from './redirect-target.js';
import { expectedSubject } from './sign-in.js';

/**
 * Takes a pushed authorization request (RFC 9126 2): the client authenticates as at the token endpoint, and hears at
 * once, as JSON, what the authorization endpoint would refuse.
 */
export const pushedAuthorizationEndpoint: Endpoint = {
  event: 'par',
  methods: ['POST'],
  crossOrigin: true,
  async handle(exchange) {
    const { request, response, workspace, facts, receivedAt } = exchange;
    const sent = await readForm(request);
    const { client } = await authenticateAtEndpoint(exchange, sent);
    const pushed = pushedForm(sent, client);
    requireRedirectUri(pushed, workspace);
    const asked = readAuthorizationRequest(pushed, recipientOf(pushed, client), workspace);
    await expectedSubject(asked, workspace);
    facts.scope = asked.binding.scopes.join(' ');
    const form = boundForm(pushed, await provenKeyOf(request, response, workspace.dpop.authorizationServer));
    const pushing = { clientId: client.id, parameters: [...form.entries()] };
    const kept = await keepPushedRequest(workspace, pushing, receivedAt);
    sendJson(response, 201, { request_uri: kept.requestUri, expires_in: kept.expiresIn });
    return undefined;
  },
};

/** FAPI 2.0 5.3.2.2: though the client may have registered a single one. */
function requireRedirectUri(form: Form, { policy }: Workspace): void {
  if (policy.profile !== 'fapi2' || form.has('redirect_uri')) return;
  throw new OAuthError('parameter_missing', {
    description: 'The parameter redirect_uri is missing.',
    detail: { parameter: 'redirect_uri' },
  });
}

/** RFC 9449 10.1: a proof binds the code as `dpop_jkt` does, and must not contradict it. */
function boundForm(form: Form, jkt: string | undefined): Form {
  if (jkt === undefined) return form;
  const named = form.get('dpop_jkt');
  if (named === undefined || named === jkt) return form.with({ dpop_jkt: jkt });
  throw new OAuthError('dpop_key_mismatch', { detail: { dpop_jkt: named, proven: jkt } });
}

/** What is to be kept: no credentials, and the client as it has proven itself to be. */
function pushedForm(sent: Form, client: RegisteredClient): Form {
  if (sent.has('request_uri')) {
    // RFC 9126 2.1.
    throw new OAuthError('parameter_invalid', {
      description: 'The parameter request_uri must not be pushed.',
      detail: { parameter: 'request_uri' },
    });
  }
  return sent.only(pushableParameters).with({ client_id: client.id });
}
