import { certificateWarnings } from '../certificates/header-warnings.js';
import type { ClientAuthentication } from '../client-authentication/authenticator.js';
import { clientRequest } from '../client-authentication/client-request.js';
import { noteProvenClient, provenFacts } from '../client-authentication/proven-client.js';
import { sourceOf } from '../http/client-address.js';
import type { Form } from '../http/form.js';
import { following, type Soon } from '../soon.js';
import { clientAuthentications, traced } from '../tracing/channels.js';
import type { Exchange } from './exchange.js';

/** Client authentication, the same at every endpoint (RFC 6749 2.3, RFC 7009 2.1, RFC 7662 2.1, RFC 9126 2). */
export function authenticateAtEndpoint(exchange: Exchange, form: Form): Soon<ClientAuthentication> {
  const { request, workspace, facts, trace } = exchange;
  const { certificate, problem, headerName } = workspace.proxies.certificateOf(request);
  if (problem) workspace.warn(certificateWarnings[problem], { header: headerName });
  const source = sourceOf(request, workspace.proxies);
  const asked = clientRequest(request, form, certificate, source);
  const authenticated = trace
    ? traced(clientAuthentications, trace.part(), async () => workspace.authenticator.authenticate(asked), provenFacts)
    : workspace.authenticator.authenticate(asked);
  return following(authenticated, (authentication) => {
    facts.client_id = authentication.client.id;
    facts.method = authentication.method;
    if (authentication.secretId !== undefined) facts.secret_id = authentication.secretId;
    noteProvenClient(request, authentication);
    return authentication;
  });
}
