import type { z } from 'zod';
import { makeAuthenticator } from '../client-authentication/make-authenticator.js';
import type { ClientAuthenticationStrategy } from '../client-authentication/strategy.js';
import type { ClientMetadataInput } from '../clients/metadata.js';
import { clientRegistry } from '../clients/registry.js';
import type { WarningName } from '../events.js';
import type { Grant } from '../grants/grant.js';
import { matchesScope } from '../grants/scope.js';
import { basicChallenge } from '../http/reply.js';
import type { DeliverCode } from '../identity/deliver-code.js';
import type { IdentityPool } from '../identity/pool.js';
import { issuerPath, storePrefix } from '../issuer.js';
import { joinPath, OptionsError } from '../options.js';
import type { ServerResources } from '../server-resources.js';
import { namespaced } from '../stores/namespace.js';
import { tokenIssuer } from '../tokens/mint.js';
import { SigningKeys } from '../tokens/signing-keys.js';
import type { workspaceOptionsSchema } from './options.js';
import type { WorkspacePolicy } from './policy.js';
import type { Pools } from './pools.js';
import { refuseUnbuilt } from './unsupported.js';
import type { Workspace, WorkspaceUrls } from './workspace.js';

type WorkspaceSettings = z.output<typeof workspaceOptionsSchema>;

/** What all workspaces of a router share. */
export interface WorkspaceParts {
  readonly strategies: readonly ClientAuthenticationStrategy[];
  readonly grants: readonly Grant[];
  readonly resources: ServerResources;
  readonly pools: Pools;
  readonly deliverCode: DeliverCode | undefined;
}

/** Scopes every workspace knows; only a client whose `scope` lists them holds them. */
const standingScopes = ['introspect_tokens', 'revoke_tokens'];
/** The further ones of the workspace called `system`. */
const systemScopes = ['identity', 'identity_self_registration'];

/** One workspace, ready to serve. `at` stands before the paths of mistakes. Throws OptionsError. */
export function makeWorkspace(
  options: WorkspaceSettings,
  { strategies, grants, resources, pools, deliverCode }: WorkspaceParts,
  at = '',
): Workspace {
  const { issuer, tenant, workspace: name, clients, authenticateUser, askConsent, ...rest } = options;
  const { pool: _pool, users: _users, otp_settings: _settings, ...policy } = rest;
  refuseUnbuiltMembers(options, at);
  if (Array.isArray(clients)) refuseImpossibleClients(clients, policy, at);
  if (!strategies.some((strategy) => policy.token_endpoint_auth_methods.includes(strategy.name))) {
    const message = 'lists no method that one of the strategies has';
    throw new OptionsError([{ path: joinPath(at, ['token_endpoint_auth_methods']), message }]);
  }
  const names = { issuer, ...(tenant !== undefined && { tenant }), ...(name !== undefined && { workspace: name }) };
  const { secretKeys, onEvent, now } = resources;
  const store = namespaced(resources.store, storePrefix(names));
  const warn = (warning: WarningName, detail: Readonly<Record<string, unknown>>) =>
    onEvent({ event: 'warning', name: warning, detail, ...names });
  const urls = endpointUrls(issuer);
  const pool = pools.forWorkspace(options, at);
  const registry = clientRegistry(clients, { ...resources, warn }, joinPath(at, ['clients']));
  const signingKeys = new SigningKeys(policy.signing_keys, store, secretKeys);
  const rules = {
    issuer,
    at,
    clients: registry,
    store,
    strategies,
    enabledMethods: policy.token_endpoint_auth_methods,
    signingAlgorithms: policy.token_endpoint_auth_signing_alg_values,
    rootCertificates: policy.root_cas,
    clockTolerance: policy.clock_tolerance,
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
    challenge: basicChallenge(issuer),
    clients: registry,
    authenticator: makeAuthenticator(rules, resources),
    grants: offered,
    store,
    secretKeys,
    proxies: resources.proxies,
    signingKeys,
    tokens: tokenIssuer({ issuer, policy, store, signingKeys, refreshes: offered.has('refresh_token'), now }),
    knowsScope: scopeKnower([
      ...Object.keys(policy.scopes),
      ...standingScopes,
      ...(name === 'system' ? systemScopes : []),
    ]),
    pool,
    users: pool?.users,
    authenticateUser,
    askConsent,
    deliverCode,
    now,
    emit: (event) => onEvent({ ...event, ...names }),
    warn,
  };
}

const machineGrants: ReadonlySet<string> = new Set(['client_credentials', 'refresh_token']);

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
    consent: `${issuer}/oauth2/authorize/consent`,
    login: `${issuer}/login`,
    loginLink: `${issuer}/login/link`,
    logout: `${issuer}/oidc/logout`,
    consents: `${issuer}/consents`,
    userinfo: `${issuer}/userinfo`,
    introspect: `${issuer}/oauth2/introspect`,
    revoke: `${issuer}/oauth2/revoke`,
    jwks: `${issuer}/.well-known/jwks.json`,
  };
}

function scopeKnower(patterns: readonly string[]): (scope: string) => boolean {
  const exact = new Set(patterns);
  const dynamic = patterns.filter((pattern) => pattern.endsWith('.*'));
  return (scope) => exact.has(scope) || dynamic.some((pattern) => matchesScope(pattern, scope));
}

function refuseUnbuiltMembers(policy: Parameters<typeof refuseUnbuilt>[0], at: string): void {
  const mistakes = refuseUnbuilt(policy).map(({ path, message }) => ({
    path: joinPath(at, [path]),
    message,
  }));
  if (mistakes.length > 0) throw new OptionsError(mistakes);
}

/** What a client's metadata ask and this workspace cannot give. */
function refuseImpossibleClients(clients: readonly ClientMetadataInput[], policy: WorkspacePolicy, at: string): void {
  const keys: readonly string[] = policy.signing_keys;
  const members = [
    'id_token_signed_response_alg',
    'userinfo_signed_response_alg',
    'introspection_signed_response_alg',
  ] as const;
  const mistakes = clients.flatMap((client, index) =>
    members
      .filter((member) => client[member] !== undefined && !keys.includes(client[member]))
      .map((member) => ({
        path: joinPath(at, ['clients', index, member]),
        message: `needs ${client[member]} in signing_keys`,
      })),
  );
  if (mistakes.length > 0) throw new OptionsError(mistakes);
}
