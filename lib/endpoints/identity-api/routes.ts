import type { IdentityPool } from '../../identity/pool.js';
import type { Pools } from '../../workspaces/pools.js';
import type { Workspace } from '../../workspaces/workspace.js';
import type { Endpoint } from '../exchange.js';
import { generateEndpoint, verifyEndpoint } from './endpoints.js';

/** What answers a path. */
export interface IdentityRoute {
  readonly endpoint: Endpoint;
  /** The tenant's `system` workspace, whose tokens the API takes. */
  readonly workspace: Workspace;
}

type PoolEndpoints = ReadonlyMap<string, Endpoint>;

interface TenantApi {
  readonly workspace: Workspace;
  readonly pools: ReadonlyMap<string, PoolEndpoints>;
}

const root = '/api/identity/';
const unknownPool = endpointsOf(undefined, []);

/**
 * Finds the identity API's endpoints: `/api/identity/{tenant}/system/pools/{pool}/user/...`, where the tenant has a
 * workspace called `system`, below whatever path stands before `/{tenant}/system` in that workspace's issuer. A pool
 * that does not exist is found too: a stranger must not be able to tell.
 */
export function identityRoutes(
  workspaces: readonly Workspace[],
  pools: Pools,
): (path: string) => IdentityRoute | undefined {
  const tenants = new Map<string, TenantApi>();
  for (const workspace of workspaces) {
    const { tenant, name } = workspace;
    if (tenant === undefined || name !== 'system') continue;
    const made = [...pools.of(tenant)].map(([poolName, pool]) => {
      // The API's own verification takes codes too.
      const users = workspaces.filter((each) => each === workspace || each.pool === pool);
      return [poolName, endpointsOf(pool, users)] as const;
    });
    tenants.set(apiPath(tenant, workspace), { workspace, pools: new Map(made) });
  }
  return (path) => {
    const start = path.indexOf(root);
    if (start === -1) return undefined;
    const [tenant = '', system, list, pool = '', ...operation] = path.slice(start + root.length).split('/');
    const api = tenants.get(path.slice(0, start) + root + tenant);
    if (!api || system !== 'system' || list !== 'pools') return undefined;
    const endpoint = (api.pools.get(decoded(pool)) ?? unknownPool).get(operation.join('/'));
    return endpoint && { endpoint, workspace: api.workspace };
  };
}

function endpointsOf(pool: IdentityPool | undefined, workspaces: readonly Workspace[]): PoolEndpoints {
  return new Map([
    ['user/code/generate', generateEndpoint(pool, workspaces)],
    ['user/authentication-code/verify', verifyEndpoint(pool)],
  ]);
}

function apiPath(tenant: string, { path }: Workspace): string {
  const segment = encodeURIComponent(tenant);
  const own = `/${segment}/system`;
  return (path.endsWith(own) ? path.slice(0, -own.length) : '') + root + segment;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}
