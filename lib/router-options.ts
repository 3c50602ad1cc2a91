import { z } from 'zod';
import { strategiesSchema } from './client-authentication/middleware.js';
import type { Grant } from './grants/grant.js';
import type { DeliverCode } from './identity/deliver-code.js';
import { OptionsError, parseOptions } from './options.js';
import { type ServerResources, serverOptionsSchema, serverResources } from './server-resources.js';
import { rateLimitsSchema } from './throttling/rate-limits.js';
import type { TokenClaims, TokenClaimsHook } from './tokens/token-claims.js';
import { FoundWorkspaces, type WorkspaceSource } from './workspaces/found-workspaces.js';
import { makeWorkspace } from './workspaces/make-workspace.js';
import { workspaceOptionsSchema } from './workspaces/options.js';
import { Pools, poolSchema } from './workspaces/pools.js';
import { withProfileDefaults } from './workspaces/profiles.js';
import type { Workspace } from './workspaces/workspace.js';

const grantSchema = z.custom<Grant>((value) => {
  const grant = value as Partial<Grant> | undefined;
  return (
    typeof grant?.grantType === 'string' && typeof grant.validate === 'function' && typeof grant.issue === 'function'
  );
}, 'is not a grant: it needs grantType, parameters, validate and issue');

/** Named, for declarations write an unnamed type out: as a function type, which takes no narrower user. */
export interface TokenClaimsSchema extends z.ZodType<TokenClaims, TokenClaims> {}

const tokenClaimsSchema: TokenClaimsSchema = z.custom<TokenClaims>(
  (value) => typeof value === 'function',
  'must be a function',
);

const originSchema = z
  .string()
  .refine(
    (text) => URL.canParse(text) && new URL(text).protocol === 'https:' && new URL(text).origin === text,
    'must be an https origin: no path, no default port, lower-case host',
  );

const sharedSchema = serverOptionsSchema.extend({
  strategies: strategiesSchema.describe('`standardStrategies()`, or a list of your own. See docs/methods.md.'),
  grants: z
    .array(grantSchema)
    .min(1, 'needs at least one grant')
    .describe('`clientCredentials()`, `authorizationCode()`, `refreshToken()` and further.'),
  pools: z.array(poolSchema).default([]).describe('People that several workspaces of a tenant share.'),
  mtls: z
    .strictObject({ public_url: originSchema.describe('An https origin, without path.') })
    .optional()
    .describe(
      'A second name of this server, whose listener asks for client certificates where the first does not. It is told as `mtls_endpoint_aliases` (RFC 8705 5), and the router answers there as everywhere.',
    ),
  deliverCode: z
    .custom<DeliverCode>((value) => typeof value === 'function', 'must be a function')
    .optional()
    .describe(
      'Your mailer. With it, workspaces that have people and no `authenticateUser` have a login of their own at `{issuer}/login`. See docs/passwordless.md.',
    ),
  rate_limits: rateLimitsSchema
    .prefault({})
    .describe(
      'How often what is secret may be guessed wrong, in workspaces that do not say their own. See docs/hardening.md#guessing.',
    ),
  tokenClaims: tokenClaimsSchema
    .optional()
    .describe('Adds claims to access tokens and ID tokens. See docs/tokens.md#claims-of-your-own.'),
  token_claims_timeout: z
    .number()
    .min(0.01)
    .max(30)
    .default(1)
    .describe('Seconds `tokenClaims` may take before the token request fails.'),
});

/** One issuer: its options beside the shared ones. */
const singleSchema = z.strictObject({ ...sharedSchema.shape, ...workspaceOptionsSchema.shape });
/** Many issuers. */
const listSchema = z
  .array(workspaceOptionsSchema, 'must be an array of workspaces, or an object with find(issuerPath)')
  .min(1);
export const manySchema = z.strictObject({
  ...sharedSchema.shape,
  workspaces: listSchema.describe(
    'One member per issuer. Instead of it `{ find(issuerPath, host) }`, your database. See docs/workspaces.md#many-in-one-process.',
  ),
});
/** As many as a database of the host has. */
const sourceSchema = z.custom<WorkspaceSource>(isWorkspaceSource);
const foundSchema = z.strictObject({
  ...sharedSchema.shape,
  workspaces: sourceSchema.describe(
    'Your database of issuers: `{ find(issuerPath, host) }`. See docs/workspaces.md#many-in-one-process.',
  ),
});

type ManyOptions = Omit<z.input<typeof manySchema>, 'workspaces'> & {
  workspaces: z.input<typeof listSchema> | WorkspaceSource;
};

export type GrantRouterOptions = z.input<typeof singleSchema> | ManyOptions;

/** What a router serves. */
export interface RouterParts {
  readonly resources: ServerResources;
  readonly workspaces: readonly Workspace[];
  /** Those that the host finds. */
  readonly found?: FoundWorkspaces;
  readonly pools: Pools;
}

/** The options of a router, checked and made ready. Throws OptionsError. */
export function openRouter(options: GrantRouterOptions): RouterParts {
  const parts = 'workspaces' in options ? openMany(options) : openSingle(options);
  refuseShared(parts.workspaces, 'mtls' in options && options.mtls !== undefined);
  return parts;
}

function isWorkspaceSource(value: unknown): value is WorkspaceSource {
  return !Array.isArray(value) && typeof (value as Partial<WorkspaceSource> | undefined)?.find === 'function';
}

function openMany(options: ManyOptions): RouterParts {
  const parsed = isWorkspaceSource(options.workspaces)
    ? parseOptions(foundSchema, options)
    : parseOptions(manySchema, withEachProfile(options as z.input<typeof manySchema>));
  const {
    workspaces,
    strategies,
    grants,
    pools,
    deliverCode,
    mtls,
    rate_limits: rateLimits,
    tokenClaims,
    token_claims_timeout,
    ...shared
  } = parsed;
  const resources = serverResources(shared, { encryptsInStore: true, remembers: true });
  const claimsHook = hookOf(tokenClaims, token_claims_timeout);
  const mtlsOrigin = mtls?.public_url;
  const shares = { strategies, grants, resources, deliverCode, claimsHook, mtlsOrigin, rateLimits };
  const parts = { ...shares, pools: new Pools(pools, resources) };
  if (!Array.isArray(workspaces)) return { ...parts, workspaces: [], found: new FoundWorkspaces(workspaces, parts) };
  return {
    ...parts,
    workspaces: workspaces.map((each, index) => makeWorkspace(each, parts, `workspaces[${index}]`)),
  };
}

function withEachProfile(options: z.input<typeof manySchema>): z.input<typeof manySchema> {
  const { workspaces } = options;
  return Array.isArray(workspaces) ? { ...options, workspaces: workspaces.map(withProfileDefaults) } : options;
}

function openSingle(options: z.input<typeof singleSchema>): RouterParts {
  const parsed = parseOptions(singleSchema, withProfileDefaults(options));
  const {
    strategies,
    grants,
    pools,
    deliverCode,
    mtls,
    tokenClaims,
    token_claims_timeout,
    store,
    secret_keys,
    trusted_proxies,
    outbound,
    explain_in_reply,
    onEvent,
    now,
    ...workspace
  } = parsed;
  const resources = serverResources(
    { store, secret_keys, trusted_proxies, outbound, explain_in_reply, onEvent, now },
    { encryptsInStore: true, remembers: true },
  );
  const claimsHook = hookOf(tokenClaims, token_claims_timeout);
  const mtlsOrigin = mtls?.public_url;
  const rateLimits = rateLimitsSchema.parse({});
  const shares = { strategies, grants, resources, deliverCode, claimsHook, mtlsOrigin, rateLimits };
  const parts = { ...shares, pools: new Pools(pools, resources) };
  return { ...parts, workspaces: [makeWorkspace(workspace, parts)] };
}

function hookOf(tokenClaims: TokenClaims | undefined, timeout: number): TokenClaimsHook | undefined {
  return tokenClaims && { tokenClaims, timeout };
}

/**
 * URLs tell workspaces apart, and store keys keep them apart: neither may belong to two. At the one name for mutual TLS
 * paths alone do.
 */
function refuseShared(workspaces: readonly Workspace[], hasMtlsName: boolean): void {
  for (const [what, of] of [
    ['issuer', ({ issuer }: Workspace) => issuer],
    ...(hasMtlsName ? [['issuer path', ({ path }: Workspace) => path] as const] : []),
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
