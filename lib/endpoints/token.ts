import type { ClientAuthentication } from '../client-authentication/authenticator.js';
import { provenFacts } from '../client-authentication/proven-client.js';
import { OAuthError } from '../errors.js';
import type { Grant, TokenRequest } from '../grants/grant.js';
import { requestedResource } from '../grants/resource.js';
import type { Form } from '../http/form.js';
import { sendJson } from '../http/reply.js';
import { readForm } from '../http/request-body.js';
import { following, isLater, type Soon } from '../soon.js';
import { confirmation } from '../tokens/confirmation.js';
import { offerNonce, provenKeyOf } from '../tokens/dpop/request-proof.js';
import type { IssuedTokens } from '../tokens/token-issuer.js';
import { grantWork, type TraceMessage, traced } from '../tracing/channels.js';
import type { Workspace } from '../workspaces/workspace.js';
import { authenticateAtEndpoint } from './authenticate.js';
import { countingGuesses } from './counting-guesses.js';
import type { Endpoint, Exchange } from './exchange.js';

/** RFC 6749's own parameters, whichever grants are offered here. `resource` alone may be repeated (RFC 8707 2). */
const standardParameters = ['grant_type', 'scope', 'code', 'redirect_uri', 'username', 'password', 'refresh_token'];

/** The token endpoint (RFC 6749 3.2). */
export const tokenEndpoint: Endpoint = {
  event: 'token',
  methods: ['POST'],
  crossOrigin: true,
  repliesPlainly: true,
  async handle(exchange) {
    const { request, response, workspace, receivedAt, trace } = exchange;
    const form = await readForm(request, { acceptJson: workspace.policy.accept_json_requests });
    noteGrantType(form, exchange);
    form.refuseRepeated(knownParameters(workspace));
    // Before anything of the grant is looked at: bad authentication must cost the rightful owner nothing.
    const authenticated = authenticateAtEndpoint(exchange, form);
    const authentication = isLater(authenticated) ? await authenticated : authenticated;
    const grant = chooseGrant(form, workspace);
    requireGrantAllowed(grant, authentication);
    const parameters = form.only(parametersOf(grant));
    const resource = requestedResource(parameters, workspace);
    const proven = provenKey(authentication, exchange);
    const jkt = isLater(proven) ? await proven : proven;
    // Member by member, here and below: a spread would cost more than the checks of a whole request.
    const { client, method, certificate } = authentication;
    const tokenRequest = { client, method, certificate, parameters, resource, jkt, receivedAt };
    const work = async () => runGrant(grant, tokenRequest, exchange);
    const issued = await (trace
      ? traced(grantWork, grantPart(trace, grant, authentication), work, issuedFacts)
      : runGrant(grant, tokenRequest, exchange));
    exchange.facts.scope = issued.response.scope;
    if (issued.subject !== undefined) exchange.facts.subject = issued.subject;
    sendJson(response, 200, issued.response);
    return undefined;
  },
};

function runGrant(grant: Grant, tokenRequest: TokenRequest, exchange: Exchange): Soon<IssuedTokens> {
  return following(validate(grant, tokenRequest, exchange), (validated) => {
    confirmation(tokenRequest.client, tokenRequest.certificate, tokenRequest.jkt);
    return grant.issue(tokenRequest, validated, exchange.workspace);
  });
}

function issuedFacts({ response, subject }: IssuedTokens) {
  return { scope: response.scope, ...(subject !== undefined && { subject }) };
}

function grantPart(trace: TraceMessage, { grantType }: Grant, authentication: ClientAuthentication): TraceMessage {
  const part = trace.part();
  part.note({ ...provenFacts(authentication), grant_type: grantType });
  return part;
}

const parametersByGrant = new WeakMap<Grant, readonly string[]>();

function parametersOf(grant: Grant): readonly string[] {
  let read = parametersByGrant.get(grant);
  if (!read) {
    read = [...grant.parameters, 'scope', 'resource'];
    parametersByGrant.set(grant, read);
  }
  return read;
}

const knownByWorkspace = new WeakMap<Workspace, readonly string[]>();

function knownParameters(workspace: Workspace): readonly string[] {
  let known = knownByWorkspace.get(workspace);
  if (!known) {
    const ofGrants = [...workspace.grants.values()].flatMap(({ parameters }) => parameters);
    known = [...new Set([...standardParameters, ...ofGrants])];
    knownByWorkspace.set(workspace, known);
  }
  return known;
}

function noteGrantType(form: Form, { facts }: Exchange): void {
  const grantType = form.get('grant_type');
  if (grantType !== undefined) facts.grant_type = namedGrant(grantType);
}

/**
 * A grant type for events. One that is neither a name nor a URI is not shown: a client that joins parameters wrongly
 * has its secret in there (RFC 6749 4.5, A.10).
 */
function namedGrant(grantType: string): string {
  return /^[\w:/.-]{1,200}$/.test(grantType) ? grantType : 'malformed';
}

function chooseGrant(form: Form, { grants }: Workspace): Grant {
  const grantType = form.get('grant_type');
  if (grantType === undefined) {
    throw new OAuthError('parameter_missing', {
      description: 'The parameter grant_type is missing.',
      detail: { parameter: 'grant_type' },
    });
  }
  const grant = grants.get(grantType);
  if (!grant)
    throw new OAuthError('grant_type_unsupported', {
      detail: { grant_type: namedGrant(grantType), offered: [...grants.keys()] },
    });
  return grant;
}

/**
 * Anybody may guess under the name of a public client. Of a client that has proven who it is nothing is counted: it
 * passes on what browsers bring, and they could shut it out.
 */
function validate(grant: Grant, tokenRequest: TokenRequest, exchange: Exchange): Soon<unknown> {
  const { client, method } = tokenRequest;
  const work = () => grant.validate(tokenRequest, exchange.workspace);
  return method === 'none' ? countingGuesses(exchange, { kind: 'grant', clientId: client.id }, work) : work();
}

/** After client authentication, so that nobody else can make us verify signatures and remember proofs. */
function provenKey(
  { client }: Pick<TokenRequest, 'client'>,
  { request, response, workspace: { dpop } }: Exchange,
): Soon<string | undefined> {
  return following(provenKeyOf(request, response, dpop.authorizationServer), (jkt) => {
    if (jkt === undefined && client.metadata.dpop_bound_access_tokens) {
      offerNonce(response, dpop.authorizationServer);
      throw new OAuthError('dpop_proof_missing');
    }
    return jkt;
  });
}

function requireGrantAllowed({ grantType }: Grant, { client }: Pick<TokenRequest, 'client'>): void {
  if (!client.grantTypes.has(grantType)) {
    throw new OAuthError('grant_type_not_allowed', {
      detail: { grant_type: grantType, registered: [...client.grantTypes] },
    });
  }
}
