import { z } from 'zod';
import { strategiesSchema } from './client-authentication/middleware.js';
import type { Grant } from './grants/grant.js';
import type { DeliverCode } from './identity/deliver-code.js';
import { OptionsError, parseOptions } from './options.js';
import { type ServerResources, serverOptionsSchema, serverResources } from './server-resources.js';
import { makeWorkspace } from './workspaces/make-workspace.js';
import { workspaceOptionsSchema } from './workspaces/options.js';
import { Pools, poolSchema } from './workspaces/pools.js';
import type { Workspace } from './workspaces/workspace.js';

const grantSchema = z.custom<Grant>((value) => {
  const grant = value as Partial<Grant> | undefined;
  return (
    typeof grant?.grantType === 'string' && typeof grant.validate === 'function' && typeof grant.issue === 'function'
  );
}, 'is not a grant: it needs grantType, parameters, validate and issue');

const sharedSchema = serverOptionsSchema.extend({
  strategies: strategiesSchema,
  grants: z.array(grantSchema).min(1, 'needs at least one grant'),
  /** People that several workspaces of a tenant share. */
  pools: z.array(poolSchema).default([]),
  /** The mailer. With it, workspaces that have people and no `authenticateUser` have a login of their own. */
  deliverCode: z.custom<DeliverCode>((value) => typeof value === 'function', 'must be a function').optional(),
});

/** One issuer: its options beside the shared ones. */
const singleSchema = z.strictObject({ ...sharedSchema.shape, ...workspaceOptionsSchema.shape });
/** Many issuers. */
const manySchema = z.strictObject({ ...sharedSchema.shape, workspaces: z.array(workspaceOptionsSchema).min(1) });

export type GrantRouterOptions = z.input<typeof singleSchema> | z.input<typeof manySchema>;

/** What a router serves. */
export interface RouterParts {
  readonly resources: ServerResources;
  readonly workspaces: readonly Workspace[];
  readonly pools: Pools;
}

/** The options of a router, checked and made ready. Throws OptionsError. */
export function openRouter(options: GrantRouterOptions): RouterParts {
  const parts = 'workspaces' in options ? openMany(options) : openSingle(options);
  refuseShared(parts.workspaces);
  return parts;
}

function openMany(options: z.input<typeof manySchema>): RouterParts {
  const { workspaces, strategies, grants, pools, deliverCode, ...shared } = parseOptions(manySchema, options);
  const resources = serverResources(shared, { encryptsInStore: true, remembers: true });
  const parts = { strategies, grants, resources, deliverCode, pools: new Pools(pools, resources) };
  return {
    ...parts,
    workspaces: workspaces.map((each, index) => makeWorkspace(each, parts, `workspaces[${index}]`)),
  };
}

function openSingle(options: z.input<typeof singleSchema>): RouterParts {
  const parsed = parseOptions(singleSchema, options);
  const {
    strategies,
    grants,
    pools,
    deliverCode,
    store,
    secret_keys,
    trusted_proxies,
    outbound,
    onEvent,
    now,
    ...workspace
  } = parsed;
  const resources = serverResources(
    { store, secret_keys, trusted_proxies, outbound, onEvent, now },
    { encryptsInStore: true, remembers: true },
  );
  const parts = { strategies, grants, resources, deliverCode, pools: new Pools(pools, resources) };
  return { ...parts, workspaces: [makeWorkspace(workspace, parts)] };
}

/** Paths tell workspaces apart, and store keys keep them apart: neither may belong to two. */
function refuseShared(workspaces: readonly Workspace[]): void {
  for (const [what, of] of [
    ['issuer path', ({ path }: Workspace) => path],
    ['tenant and workspace', ({ storePrefix }: Workspace) => storePrefix],
  ] as const) {
    const all = workspaces.map(of);
    const second = all.findIndex((value, index) => all.indexOf(value) < index);
    if (second === -1) continue;
    const first = all.indexOf(all[second] as string);
    throw new OptionsError([
      { path: `workspaces[${second}]`, message: `has the same ${what} as workspaces[${first}]` },
    ]);
  }
}
