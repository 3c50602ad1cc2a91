import type { z } from 'zod';
import { makeAuthenticator } from '../client-authentication/make-authenticator.js';
import type { ClientAuthenticationStrategy } from '../client-authentication/strategy.js';
import { LayeredRegistry } from '../clients/layered-registry.js';
import type { ClientMetadataInput, ParsedClientMetadata } from '../clients/metadata.js';
import { clientRegistry } from '../clients/registry.js';
import { ClientDirectory } from '../clients/stored/directory.js';
import { StoredClients } from '../clients/stored/stored-clients.js';
import type { WarningName } from '../events.js';
import type { Grant } from '../grants/grant.js';
import { matchesScope } from '../grants/scope.js';
import { basicChallenge } from '../http/reply.js';
import type { DeliverCode } from '../identity/deliver-code.js';
import type { IdentityPool } from '../identity/pool.js';
import { issuerPath, storePrefix, tenantPrefix } from '../issuer.js';
import { joinPath, OptionsError } from '../options.js';
import type { ServerResources } from '../server-resources.js';
import { namespaced } from '../stores/namespace.js';
import type { RateLimits } from '../throttling/rate-limits.js';
import { proofVerifiers } from '../tokens/dpop/proof-verifiers.js';
import { tokenIssuer } from '../tokens/mint.js';
import { revokeUntilNow } from '../tokens/revocation.js';
import { SigningKeys } from '../tokens/signing-keys.js';
import type { TokenClaimsHook } from '../tokens/token-claims.js';
import { impossibleMembers, secretBytes } from './client-fit.js';
import type { workspaceOptionsSchema } from './options.js';
import { isScopePattern, type WorkspacePolicy } from './policy.js';
import type { Pools } from './pools.js';
import { clientMistakes, policyMistakes } from './profiles.js';
import type { MtlsUrls, Workspace, WorkspaceUrls } from './workspace.js';

type WorkspaceSettings = z.output<typeof workspaceOptionsSchema>;

/** What all workspaces of a router share. */
export interface WorkspaceParts {
  readonly strategies: readonly ClientAuthenticationStrategy[];
  readonly grants: readonly Grant[];
  readonly resources: ServerResources;
  readonly pools: Pools;
  readonly deliverCode: DeliverCode | undefined;
  /** The origin that asks for certificates. */
  readonly mtlsOrigin: string | undefined;
  readonly rateLimits: RateLimits;
  readonly claimsHook: TokenClaimsHook | undefined;
}

/** Scopes every workspace knows; only a client whose `scope` lists them holds them. */
const standingScopes = ['introspect_tokens', 'revoke_tokens'];
/** The further ones of the workspace called `system`. */
const systemScopes = ['identity', 'identity_self_registration'];

/** One workspace, ready to serve. `at` stands before the paths of mistakes. Throws OptionsError. */
export function makeWorkspace(
  options: WorkspaceSettings,
  { strategies, grants, resources, pools, deliverCode, mtlsOrigin, rateLimits, claimsHook }: WorkspaceParts,
  at = '',
): Workspace {
  const { issuer, tenant, workspace: name, clients, authenticateUser, askConsent, ...rest } = options;
  const { pool: _pool, users: _users, otp_settings: _settings, ...written } = rest;
  const policy = { ...written, resources: withScopeAudiences(written) };
  refuseForbidden(policy, at);
  refuseUnknownScopes(policy, at);
  if (Array.isArray(clients)) refuseImpossibleClients(clients, policy, at);
  if (!strategies.some((strategy) => policy.token_endpoint_auth_methods.includes(strategy.name))) {
    const message = 'lists no method that one of the strategies has';
    throw new OptionsError([{ path: joinPath(at, ['token_endpoint_auth_methods']), message }]);
  }
  const names = { issuer, ...(tenant !== undefined && { tenant }), ...(name !== undefined && { workspace: name }) };
  const knowsScope = scopeKnower([
    ...Object.keys(policy.scopes),
    ...standingScopes,
    ...(name === 'system' ? systemScopes : []),
  ]);
  refuseUnknownNames(policy, knowsScope, at);
  const { secretKeys, notices, onEvent, hearsOutcomes, explain, now } = resources;
  const store = namespaced(resources.store, storePrefix(names));
  const warn = (warning: WarningName, detail: Readonly<Record<string, unknown>>) =>
    onEvent({ event: 'warning', name: warning, detail, ...names });
  const urls = endpointUrls(issuer);
  const pool = pools.forWorkspace(options, at);
  const clientParts = {
    ...resources,
    warn,
    appRoles: policy.app_roles,
    mistakesOf: (client: ParsedClientMetadata) => clientMistakes(policy.profile, client),
  };
  const configured = clientRegistry(clients, clientParts, joinPath(at, ['clients']));
  const stored = new StoredClients(store, notices, clientParts);
  const registry = new LayeredRegistry(configured, stored);
  const directory = new ClientDirectory({
    store,
    secretKeys,
    configured,
    stored,
    notices,
    dependencies: clientParts,
    secretBytes: secretBytes(policy),
    mistakes: (parsed) => impossibleMembers(parsed, policy),
    endTokens: (clientId) => revokeUntilNow({ store, now, warn, policy }, 'client', clientId),
    now,
  });
  const schedule = { ...policy.signing_key_rotation, now, warn };
  const signingKeys = new SigningKeys(policy.signing_keys, store, secretKeys, schedule, notices);
  const rules = {
    issuer,
    at,
    clients: registry,
    store,
    tenantStore: tenant === undefined ? undefined : namespaced(resources.store, tenantPrefix(tenant)),
    strategies,
    enabledMethods: policy.token_endpoint_auth_methods,
    signingAlgorithms: policy.token_endpoint_auth_signing_alg_values,
    rootCertificates: policy.root_cas,
    intermediateCertificates: policy.intermediate_cas,
    revocation: policy.revocation,
    clockTolerance: policy.clock_tolerance,
    // FAPI 2.0 5.3.2.1: a string, where RFC 10070 4 also has a list of one.
    audienceLists: policy.profile !== 'fapi2',
    rateLimits: policy.rate_limits ?? rateLimits,
    tokenEndpoint: urls.token,
    warn,
  };
  const offered = offeredGrants(grants, options, pool);
  // RFC 9700 2.4 forbids the grant; with one-time codes alone it is less bad, and still for trusted applications only.
  if (offered.has('password')) warn('password_grant_enabled', {});
  return {
    issuer,
    path: issuerPath(issuer),
    storePrefix: storePrefix(names),
    tenant,
    name,
    policy,
    urls,
    mtlsUrls: mtlsOrigin === undefined ? undefined : mtlsUrls(urls, issuer, mtlsOrigin, at),
    challenge: basicChallenge(issuer),
    corsOrigins: new Set(policy.cors_origins),
    clients: registry,
    directory,
    authenticator: makeAuthenticator(rules, resources),
    dpop: proofVerifiers({ issuer, policy, store, secretKeys, origins: originsOf(issuer, mtlsOrigin), now }),
    grants: offered,
    store,
    secretKeys,
    proxies: resources.proxies,
    signingKeys,
    tokens: tokenIssuer({
      issuer,
      policy,
      store,
      signingKeys,
      refreshes: offered.has('refresh_token'),
      names,
      claimsHook,
      now,
    }),
    knowsScope,
    pool,
    users: pool?.users,
    authenticateUser,
    askConsent,
    deliverCode,
    now,
    emit: (event) => {
      if (hearsOutcomes()) onEvent({ ...event(), ...names });
    },
    explain: explain && ((failure, event) => explain(failure, { ...event, ...names })),
    warn,
  };
}

const machineGrants: ReadonlySet<string> = new Set(['client_credentials', 'tls_client_auth', 'refresh_token']);

/** What the policy lists, of what the router has. Without people there is nobody to authorize anything. */
function offeredGrants(
  grants: readonly Grant[],
  { grant_types: listed, authenticateUser }: Pick<WorkspaceSettings, 'grant_types' | 'authenticateUser'>,
  pool: IdentityPool | undefined,
): ReadonlyMap<string, Grant> {
  const impossible = new Set<string>();
  if (!pool) impossible.add('password');
  if (!pool && !authenticateUser) impossible.add('authorization_code');
  const able = grants.filter(({ grantType }) => listed.includes(grantType) && !impossible.has(grantType));
  // Where every other grant is for machines there is nothing to refresh.
  const forMachines = able.every(({ grantType }) => machineGrants.has(grantType));
  const offered = able.filter(({ grantType }) => !forMachines || grantType !== 'refresh_token');
  return new Map(offered.map((grant) => [grant.grantType, grant]));
}

function endpointUrls(issuer: string): WorkspaceUrls {
  return {
    token: `${issuer}/oauth2/token`,
    authorize: `${issuer}/oauth2/authorize`,
    par: `${issuer}/oauth2/par`,
    consent: `${issuer}/oauth2/authorize/consent`,
    login: `${issuer}/login`,
    loginLink: `${issuer}/login/link`,
    logout: `${issuer}/oidc/logout`,
    consents: `${issuer}/consents`,
    userinfo: `${issuer}/userinfo`,
    introspect: `${issuer}/oauth2/introspect`,
    revoke: `${issuer}/oauth2/revoke`,
    register: `${issuer}/oauth2/register`,
    jwks: `${issuer}/.well-known/jwks.json`,
  };
}

/** Where requests may have been sent to. */
function originsOf(issuer: string, mtlsOrigin: string | undefined): string[] {
  const { origin } = new URL(issuer);
  return mtlsOrigin === undefined ? [origin] : [origin, mtlsOrigin];
}

/** The same paths at another origin: requests are routed by path alone. Throws OptionsError. */
function mtlsUrls(urls: WorkspaceUrls, issuer: string, origin: string, at: string): MtlsUrls {
  const { origin: usual } = new URL(issuer);
  if (usual === origin) {
    const message = `needs another name or port than mtls.public_url, which is ${origin}`;
    throw new OptionsError([{ path: joinPath(at, ['issuer']), message }]);
  }
  const there = (url: string) => origin + url.slice(usual.length);
  return {
    token: there(urls.token),
    par: there(urls.par),
    introspect: there(urls.introspect),
    revoke: there(urls.revoke),
    userinfo: there(urls.userinfo),
  };
}

function scopeKnower(patterns: readonly string[]): (scope: string) => boolean {
  const exact = new Set(patterns);
  const dynamic = patterns.filter(isScopePattern);
  return (scope) => exact.has(scope) || dynamic.some((pattern) => matchesScope(pattern, scope));
}

/** A scope that nobody may ask for would grant less than a role or a registration says. */
function refuseUnknownNames(policy: WorkspacePolicy, knows: (scope: string) => boolean, at: string): void {
  const unknown = (scopes: readonly string[], ...path: string[]) =>
    scopes.flatMap((scope, index) =>
      knows(scope) ? [] : [{ path: joinPath(at, [...path, index]), message: 'is not one of `scopes`' }],
    );
  const mistakes = [
    ...Object.entries(policy.app_roles).flatMap(([role, scopes]) => unknown(scopes, 'app_roles', role)),
    ...unknown(policy.registration.scopes ?? [], 'registration', 'scopes'),
  ];
  if (mistakes.length > 0) throw new OptionsError(mistakes);
}

/** The resources, each with the scopes that name it as their audience beside those it lists. */
function withScopeAudiences({ resources, scopes }: WorkspacePolicy): WorkspacePolicy['resources'] {
  const all = { ...resources };
  for (const [scope, { audience }] of Object.entries(scopes)) {
    if (audience === undefined) continue;
    const resource = all[audience] ?? { scopes: [] };
    all[audience] = { ...resource, scopes: [...resource.scopes, scope] };
  }
  return all;
}

/** What the profile does not allow. */
function refuseForbidden(policy: WorkspacePolicy, at: string): void {
  const mistakes = policyMistakes(policy).map(({ path, message }) => ({ path: joinPath(at, path), message }));
  if (mistakes.length > 0) throw new OptionsError(mistakes);
}

/** A scope that a resource keeps for itself and nobody can be granted is a slip of the pen. */
function refuseUnknownScopes({ resources, scopes }: WorkspacePolicy, at: string): void {
  const knows = scopeKnower(Object.keys(scopes));
  const mistakes = Object.entries(resources).flatMap(([resource, { scopes: own }]) =>
    own.flatMap((scope, index) =>
      knows(scope) || Object.hasOwn(scopes, scope)
        ? []
        : [{ path: joinPath(at, ['resources', resource, 'scopes', index]), message: 'is not one of `scopes`' }],
    ),
  );
  if (mistakes.length > 0) throw new OptionsError(mistakes);
}

/** What a client's metadata ask and this workspace cannot give. */
function refuseImpossibleClients(clients: readonly ClientMetadataInput[], policy: WorkspacePolicy, at: string): void {
  const mistakes = clients.flatMap((client, index) =>
    impossibleMembers(client, policy).map(({ path, message }) => ({
      path: joinPath(at, ['clients', index, path]),
      message,
    })),
  );
  if (mistakes.length > 0) throw new OptionsError(mistakes);
}
