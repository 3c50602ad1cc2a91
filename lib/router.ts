import type { IncomingMessage, ServerResponse } from 'node:http';
import { consentsEndpoint } from './endpoints/account/consents.js';
import { loginEndpoint } from './endpoints/account/login.js';
import { loginLinkEndpoint } from './endpoints/account/login-link.js';
import { servesLogin } from './endpoints/account/login-visit.js';
import { logoutEndpoint } from './endpoints/account/logout.js';
import { authorizeEndpoint } from './endpoints/authorization/authorize.js';
import { consentEndpoint } from './endpoints/authorization/consent.js';
import { type Endpoint, serve } from './endpoints/exchange.js';
import { identityRoutes } from './endpoints/identity-api/routes.js';
import { introspectionEndpoint } from './endpoints/introspection.js';
import { jwksEndpoint } from './endpoints/jwks.js';
import { metadataEndpoint, servesAuthorization, servesPeople } from './endpoints/metadata.js';
import { revocationEndpoint } from './endpoints/revocation.js';
import { tokenEndpoint } from './endpoints/token.js';
import { userinfoEndpoint } from './endpoints/userinfo.js';
import { newCorrelationId } from './http/correlation-id.js';
import { sendJson } from './http/reply.js';
import { type GrantRouterOptions, openRouter } from './router-options.js';
import type { Workspace } from './workspaces/workspace.js';

/** Where each endpoint hangs. `{issuer}` is the issuer's path. */
const endpoints: readonly {
  readonly path: string;
  readonly endpoint: Endpoint;
  readonly when?: (workspace: Workspace) => boolean;
}[] = [
  { path: '{issuer}/oauth2/token', endpoint: tokenEndpoint },
  { path: '{issuer}/oauth2/introspect', endpoint: introspectionEndpoint },
  { path: '{issuer}/oauth2/revoke', endpoint: revocationEndpoint },
  { path: '{issuer}/oauth2/authorize', endpoint: authorizeEndpoint, when: servesAuthorization },
  { path: '{issuer}/oauth2/authorize/consent', endpoint: consentEndpoint, when: servesAuthorization },
  { path: '{issuer}/login', endpoint: loginEndpoint, when: servesLogin },
  { path: '{issuer}/login/link', endpoint: loginLinkEndpoint, when: servesLogin },
  { path: '{issuer}/oidc/logout', endpoint: logoutEndpoint, when: servesLogin },
  { path: '{issuer}/consents', endpoint: consentsEndpoint, when: servesLogin },
  { path: '{issuer}/userinfo', endpoint: userinfoEndpoint, when: servesPeople },
  { path: '{issuer}/.well-known/jwks.json', endpoint: jwksEndpoint },
  { path: '{issuer}/.well-known/openid-configuration', endpoint: metadataEndpoint },
  // RFC 8414 3.1 puts the well-known part between host and path.
  { path: '/.well-known/oauth-authorization-server{issuer}', endpoint: metadataEndpoint },
];

/** The request handler `grantRouter` makes. It needs nothing of Express, and is at home in it. */
export interface GrantRouter {
  (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void): void;
  readonly workspaces: readonly Workspace[];
  /** Resolves when every workspace has its signing keys and the store answers; rejects with what is wrong. */
  ready(): Promise<void>;
  /** Lets go of the store. Call it once the server has stopped. */
  close(): Promise<void>;
}

/**
 * A complete authorization server for one issuer or for many workspaces. Mount it at the root, `app.use(router)`, or
 * hand it to `https.createServer(options, router)`: paths come from each issuer's URL. What is not ours goes to
 * `next()`, or is answered 404. Throws OptionsError for wrong options.
 */
export function grantRouter(options: GrantRouterOptions): GrantRouter {
  const { resources, workspaces, pools } = openRouter(options);
  const routes = new Map(workspaces.flatMap(routesOf));
  const findIdentity = identityRoutes(workspaces, pools);

  const handle = (request: RoutedRequest, response: ServerResponse, next?: (error?: unknown) => void) => {
    const path = pathOf(request);
    const route = routes.get(path) ?? findIdentity(path);
    if (!route) {
      if (next) next();
      else sendJson(response, 404, { error: 'not_found' });
      return;
    }
    const correlationId = newCorrelationId();
    response.setHeader('X-Correlation-Id', correlationId);
    void serve(route.endpoint, { request, response, workspace: route.workspace, correlationId, facts: {} });
  };
  return Object.assign(handle, {
    workspaces,
    ready: async () => {
      // First, because a store that is down has more to say of itself than the keys that cannot be read.
      await resources.store.ping();
      await Promise.all(workspaces.map(({ signingKeys }) => signingKeys.load()));
    },
    close: () => resources.store.close(),
  });
}

function routesOf(workspace: Workspace): [string, { endpoint: Endpoint; workspace: Workspace }][] {
  return endpoints
    .filter(({ when }) => when === undefined || when(workspace))
    .map(({ path, endpoint }) => [path.replace('{issuer}', workspace.path), { endpoint, workspace }]);
}

type RoutedRequest = IncomingMessage & { readonly originalUrl?: string };

// Express takes a mount path off `url`; `originalUrl` is what the client asked for.
function pathOf({ originalUrl, url = '' }: RoutedRequest): string {
  const target = originForm(originalUrl ?? url);
  const question = target.indexOf('?');
  return question === -1 ? target : target.slice(0, question);
}

// RFC 9112 3.2.2: a server accepts the absolute form too. Which host it names does not matter here, but only a plain
// one is taken off: Express reads other authorities differently, and its guards on our paths must see what we see.
function originForm(target: string): string {
  return target.startsWith('/') ? target : target.replace(plainAuthority, '');
}

const plainAuthority = /^https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?(?=[/?]|$)/i;
