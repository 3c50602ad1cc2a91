import type { IncomingMessage } from 'node:http';
import type { Endpoint } from './endpoints/exchange.js';
import { requestHost } from './http/request-host.js';
import type { FoundWorkspaces } from './workspaces/found-workspaces.js';
import type { Workspace } from './workspaces/workspace.js';

/** What answers a request. */
export interface Route {
  readonly endpoint: Endpoint;
  readonly workspace: Workspace;
}

interface HostedRoute extends Route {
  readonly host: string;
}

/** Where an endpoint hangs. `{issuer}` in its path is the issuer's path. */
export interface EndpointPlace {
  readonly path: string;
  readonly endpoint: Endpoint;
  readonly when?: (workspace: Workspace) => boolean;
}

/** What a path says, whether or not there is such a workspace. */
export interface NamedEndpoint {
  readonly place: EndpointPlace;
  readonly issuerPath: string;
  /** Whether the name is ours alone. `/login` and its like a host's own pages have too. */
  readonly isOurs: boolean;
}

const commonNames: ReadonlySet<string> = new Set(['/login', '/login/link', '/consents', '/userinfo']);
const placeholder = '{issuer}';

/** The endpoint that a path names, or undefined. */
export function namedEndpoint(path: string, places: readonly EndpointPlace[]): NamedEndpoint | undefined {
  for (const place of places) {
    const [before = '', after = ''] = place.path.split(placeholder);
    if (!path.startsWith(before) || !path.endsWith(after) || path.length < before.length + after.length) continue;
    const issuerPath = path.slice(before.length, path.length - after.length);
    if (issuerPath !== '' && (!issuerPath.startsWith('/') || issuerPath.endsWith('/'))) continue;
    return { place, issuerPath, isOurs: !commonNames.has(after) };
  }
  return undefined;
}

/**
 * The routes of workspaces that are listed. Paths tell them apart. Where their issuers have different hosts, a request
 * sent to one of these hosts reaches that host's issuers alone; one sent to any other name, as by a proxy, is told by
 * its path, if only one issuer has it.
 */
export function listedRoutes(
  workspaces: readonly Workspace[],
  places: readonly EndpointPlace[],
): (path: string, request: IncomingMessage) => Route | undefined {
  const hosts = new Set<string>();
  const routes = new Map<string, HostedRoute[]>();
  for (const workspace of workspaces) {
    const { host } = new URL(workspace.issuer);
    hosts.add(host);
    for (const { path, endpoint, when } of places) {
      if (when && !when(workspace)) continue;
      const own = path.replace(placeholder, workspace.path);
      routes.set(own, [...(routes.get(own) ?? []), { endpoint, workspace, host }]);
    }
  }
  return (path, request) => {
    const candidates = routes.get(path);
    if (!candidates || hosts.size === 1) return candidates?.[0];
    const asked = requestHost(request);
    if (asked !== undefined && hosts.has(asked)) return candidates.find(({ host }) => host === asked);
    return candidates.length === 1 ? candidates[0] : undefined;
  };
}

/** The route of a workspace that the host of this router has to be asked for. Rejects with OAuthError. */
export function foundRoute(
  named: NamedEndpoint,
  request: IncomingMessage,
  found: FoundWorkspaces,
): Route | undefined | Promise<Route | undefined> {
  const workspace = found.at(named.issuerPath, requestHost(request));
  return workspace instanceof Promise ? workspace.then((each) => routeAt(named, each)) : routeAt(named, workspace);
}

function routeAt({ place }: NamedEndpoint, workspace: Workspace | undefined): Route | undefined {
  if (!workspace || (place.when && !place.when(workspace))) return undefined;
  return { endpoint: place.endpoint, workspace };
}
