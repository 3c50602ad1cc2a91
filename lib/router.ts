import type { IncomingMessage, ServerResponse } from 'node:http';
import { consentsEndpoint } from './endpoints/account/consents.js';
import { loginEndpoint } from './endpoints/account/login.js';
import { loginLinkEndpoint } from './endpoints/account/login-link.js';
import { servesConsents, servesLogin } from './endpoints/account/login-visit.js';
import { logoutEndpoint } from './endpoints/account/logout.js';
import { authorizeEndpoint } from './endpoints/authorization/authorize.js';
import { consentEndpoint } from './endpoints/authorization/consent.js';
import { pushedAuthorizationEndpoint } from './endpoints/authorization/push.js';
import { serve } from './endpoints/exchange.js';
import { identityRoutes } from './endpoints/identity-api/routes.js';
import { introspectionEndpoint } from './endpoints/introspection.js';
import { jwksEndpoint } from './endpoints/jwks.js';
import { metadataEndpoint, servesAuthorization, servesPeople } from './endpoints/metadata.js';
import { oracleConfigurationEndpoint, servesOracle } from './endpoints/oracle-configuration.js';
import { managementEndpoint, managementPath } from './endpoints/registration/manage.js';
import { registrationEndpoint, servesRegistration } from './endpoints/registration/register.js';
import { revocationEndpoint } from './endpoints/revocation.js';
import { tokenEndpoint } from './endpoints/token.js';
import { userinfoEndpoint } from './endpoints/userinfo.js';
import { newCorrelationId } from './http/correlation-id.js';
import { nameReply, sendJson } from './http/reply.js';
import { type RoutedRequest, requestPath } from './http/request-path.js';
import { issuerPath } from './issuer.js';
import { type GrantRouterOptions, openRouter } from './router-options.js';
import { type EndpointPlace, foundRoute, listedRoutes, namedEndpoint, type Route } from './routes.js';
import { failToFind, refuseUnknown } from './unknown-workspace.js';
import type { Workspace } from './workspaces/workspace.js';

/** Where each endpoint hangs. */
export const endpoints: readonly EndpointPlace[] = [
  { path: '{issuer}/oauth2/token', endpoint: tokenEndpoint },
  { path: '{issuer}/oauth2/v1/token', endpoint: tokenEndpoint, when: servesOracle },
  { path: '{issuer}/.well-known/idcs-configuration', endpoint: oracleConfigurationEndpoint, when: servesOracle },
  { path: '{issuer}/oauth2/introspect', endpoint: introspectionEndpoint },
  { path: '{issuer}/oauth2/revoke', endpoint: revocationEndpoint },
  { path: '{issuer}/oauth2/register', endpoint: registrationEndpoint, when: servesRegistration },
  { path: '{issuer}/oauth2/register/{client_id}', endpoint: managementEndpoint, when: servesRegistration },
  { path: '{issuer}/oauth2/authorize', endpoint: authorizeEndpoint, when: servesAuthorization },
  { path: '{issuer}/oauth2/par', endpoint: pushedAuthorizationEndpoint, when: servesAuthorization },
  { path: '{issuer}/oauth2/authorize/consent', endpoint: consentEndpoint, when: servesAuthorization },
  { path: '{issuer}/login', endpoint: loginEndpoint, when: servesLogin },
  { path: '{issuer}/login/link', endpoint: loginLinkEndpoint, when: servesLogin },
  { path: '{issuer}/oidc/logout', endpoint: logoutEndpoint, when: servesLogin },
  { path: '{issuer}/consents', endpoint: consentsEndpoint, when: servesConsents },
  { path: '{issuer}/userinfo', endpoint: userinfoEndpoint, when: servesPeople },
  { path: '{issuer}/.well-known/jwks.json', endpoint: jwksEndpoint },
  { path: '{issuer}/.well-known/openid-configuration', endpoint: metadataEndpoint },
  // RFC 8414 3.1 puts the well-known part between host and path.
  { path: '/.well-known/oauth-authorization-server{issuer}', endpoint: metadataEndpoint },
];

/** The request handler `grantRouter` makes. It needs nothing of Express, and is at home in it. */
export interface GrantRouter {
  (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void): void;
  /** Those that were listed; none where `workspaces.find` finds them. */
  readonly workspaces: readonly Workspace[];
  /** The workspace of an issuer, listed or found. Rejects with OAuthError where it cannot be found out. */
  workspace(issuer: string): Promise<Workspace | undefined>;
  /** Resolves when every workspace has its signing keys and the store answers; rejects with what is wrong. */
  ready(): Promise<void>;
  /** Lets go of the store. Call it once the server has stopped. */
  close(): Promise<void>;
}

/**
 * A complete authorization server for one issuer or for many workspaces. Mount it at the root, `app.use(router)`, or
 * hand it to `https.createServer(options, router)`: paths come from each issuer's URL. What is not ours goes to
 * `next()`, or is answered 404; with `workspaces`, an endpoint's name below an unknown one is ours. Throws OptionsError
 * for wrong options.
 */
export function grantRouter(options: GrantRouterOptions): GrantRouter {
  const { resources, workspaces, found, pools } = openRouter(options);
  const findListed = listedRoutes(workspaces, endpoints);
  const findIdentity = identityRoutes(workspaces, pools);
  const isMany = 'workspaces' in options;
  const { onEvent } = resources;

  const handle = (request: RoutedRequest, response: ServerResponse, next?: (error?: unknown) => void) => {
    const path = managementPath(requestPath(request));
    const route = findListed(path, request) ?? findIdentity(path);
    if (route) return serveRoute(route, request, response);
    const pass = () => (next ? next() : sendJson(response, 404, { error: 'not_found' }));
    const named = isMany ? namedEndpoint(path, endpoints) : undefined;
    if (!named) return pass();
    const answer = (other: Route | undefined) => {
      if (other) serveRoute(other, request, response);
      else if (named.isOurs) refuseUnknown(named, response, { workspaces: found?.ready ?? workspaces, onEvent });
      else pass();
    };
    const later = found && foundRoute(named, request, found);
    if (!(later instanceof Promise)) return answer(later);
    later.then(answer, (thrown: unknown) => failToFind(named, response, resources, thrown));
  };
  return Object.assign(handle, {
    workspaces,
    workspace: async (issuer: string) => {
      const isUrl = URL.canParse(issuer);
      const workspace = isUrl ? await found?.at(issuerPath(issuer), new URL(issuer).host) : undefined;
      return [...workspaces, workspace].find((each) => each?.issuer === issuer);
    },
    ready: async () => {
      // First, because a store that is down has more to say of itself than the keys that cannot be read.
      await resources.store.ping();
      await Promise.all(workspaces.map(({ signingKeys }) => signingKeys.load()));
    },
    close: async () => {
      await Promise.all(workspaces.map(({ signingKeys }) => signingKeys.close()));
      await found?.close();
      await resources.store.close();
    },
  });
}

function serveRoute({ endpoint, workspace }: Route, request: RoutedRequest, response: ServerResponse): void {
  const correlationId = newCorrelationId();
  if (endpoint.repliesPlainly && request.method !== 'OPTIONS') nameReply(response, correlationId);
  else response.setHeader('X-Correlation-Id', correlationId);
  const receivedAt = workspace.now();
  serve(endpoint, { request, response, workspace, correlationId, receivedAt, facts: {} });
}
