import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { strategiesSchema } from './client-authentication/middleware.js';
import { authorizeEndpoint } from './endpoints/authorize.js';
import { consentEndpoint } from './endpoints/consent.js';
import { type Endpoint, serve } from './endpoints/exchange.js';
import { jwksEndpoint } from './endpoints/jwks.js';
import { metadataEndpoint, servesAuthorization } from './endpoints/metadata.js';
import { tokenEndpoint } from './endpoints/token.js';
import type { Grant } from './grants/grant.js';
import { newCorrelationId } from './http/correlation-id.js';
import { sendJson } from './http/reply.js';
import { OptionsError, parseOptions } from './options.js';
import { serverOptionsSchema, serverResources } from './server-resources.js';
import { makeWorkspace } from './workspaces/make-workspace.js';
import { workspaceOptionsSchema } from './workspaces/options.js';
import type { Workspace } from './workspaces/workspace.js';

/** Where each endpoint hangs. `{issuer}` is the issuer's path. */
const endpoints: readonly {
  readonly path: string;
  readonly endpoint: Endpoint;
  readonly when?: (workspace: Workspace) => boolean;
}[] = [
  { path: '{issuer}/oauth2/token', endpoint: tokenEndpoint },
  { path: '{issuer}/oauth2/authorize', endpoint: authorizeEndpoint, when: servesAuthorization },
  { path: '{issuer}/oauth2/authorize/consent', endpoint: consentEndpoint, when: servesAuthorization },
  { path: '{issuer}/.well-known/jwks.json', endpoint: jwksEndpoint },
  { path: '{issuer}/.well-known/openid-configuration', endpoint: metadataEndpoint },
  // RFC 8414 3.1 puts the well-known part between host and path.
  { path: '/.well-known/oauth-authorization-server{issuer}', endpoint: metadataEndpoint },
];

const grantSchema = z.custom<Grant>((value) => {
  const grant = value as Partial<Grant> | undefined;
  return (
    typeof grant?.grantType === 'string' && typeof grant.validate === 'function' && typeof grant.issue === 'function'
  );
}, 'is not a grant: it needs grantType, parameters, validate and issue');

const sharedSchema = serverOptionsSchema.extend({
  strategies: strategiesSchema,
  grants: z.array(grantSchema).min(1, 'needs at least one grant'),
});

/** One issuer: its options beside the shared ones. */
const singleSchema = z.strictObject({ ...sharedSchema.shape, ...workspaceOptionsSchema.shape });
/** Many issuers. */
const manySchema = z.strictObject({ ...sharedSchema.shape, workspaces: z.array(workspaceOptionsSchema).min(1) });

export type GrantRouterOptions = z.input<typeof singleSchema> | z.input<typeof manySchema>;

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
  const { resources, workspaces } = open(options);
  const routes = new Map(workspaces.flatMap(routesOf));
  if (routes.size < workspaces.length * 4)
    throw new OptionsError([{ path: 'workspaces', message: 'two have the same issuer path' }]);

  const handle = (request: RoutedRequest, response: ServerResponse, next?: (error?: unknown) => void) => {
    const route = routes.get(pathOf(request));
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
      await Promise.all([resources.store.ping(), ...workspaces.map(({ signingKeys }) => signingKeys.load())]);
    },
    close: () => resources.store.close(),
  });
}

function open(options: GrantRouterOptions) {
  if ('workspaces' in options) {
    const { workspaces, strategies, grants, ...shared } = parseOptions(manySchema, options);
    const resources = serverResources(shared);
    const parts = { strategies, grants, resources };
    return {
      resources,
      workspaces: workspaces.map((each, index) => makeWorkspace(each, parts, `workspaces[${index}]`)),
    };
  }
  const parsed = parseOptions(singleSchema, options);
  const { strategies, grants, store, secret_keys, trusted_proxies, outbound, onEvent, now, ...workspace } = parsed;
  const resources = serverResources({ store, secret_keys, trusted_proxies, outbound, onEvent, now });
  return { resources, workspaces: [makeWorkspace(workspace, { strategies, grants, resources })] };
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

// RFC 9112 3.2.2: a server accepts the absolute form too. Which host it names does not matter here.
function originForm(target: string): string {
  return target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?]*/i, '');
}
