import type { z } from 'zod';
import { makeAuthenticator } from '../client-authentication/make-authenticator.js';
import type { ClientAuthenticationStrategy } from '../client-authentication/strategy.js';
import type { ClientMetadataInput } from '../clients/metadata.js';
import { clientRegistry } from '../clients/registry.js';
import type { WarningName } from '../events.js';
import type { Grant } from '../grants/grant.js';
import { matchesScope } from '../grants/scope.js';
import { basicChallenge } from '../http/reply.js';
import { issuerPath, storePrefix } from '../issuer.js';
import { joinPath, OptionsError } from '../options.js';
import type { ServerResources } from '../server-resources.js';
import { namespaced } from '../stores/namespace.js';
import { tokenIssuer } from '../tokens/mint.js';
import { SigningKeys } from '../tokens/signing-keys.js';
import type { workspaceOptionsSchema } from './options.js';
import type { WorkspacePolicy } from './policy.js';
import { refuseUnbuilt } from './unbuilt.js';
import type { Workspace, WorkspaceUrls } from './workspace.js';

type WorkspaceSettings = z.output<typeof workspaceOptionsSchema>;

/** What all workspaces of a router share. */
export interface WorkspaceParts {
  readonly strategies: readonly ClientAuthenticationStrategy[];
  readonly grants: readonly Grant[];
  readonly resources: ServerResources;
}

/** Scopes every workspace knows; only a client whose `scope` lists them holds them. */
const standingScopes = ['introspect_tokens', 'revoke_tokens'];
/** The further ones of the workspace called `system`. */
const systemScopes = ['identity', 'identity_self_registration'];

/** One workspace, ready to serve. `at` stands before the paths of mistakes. Throws OptionsError. */
export function makeWorkspace(
  options: WorkspaceSettings,
  { strategies, grants, resources }: WorkspaceParts,
  at = '',
): Workspace {
  const { issuer, tenant, workspace: name, clients, users, authenticateUser, ...policy } = options;
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
  return {
    issuer,
    path: issuerPath(issuer),
    tenant,
    name,
    policy,
    urls,
    challenge: basicChallenge(issuer),
    clients: registry,
    authenticator: makeAuthenticator(rules, resources),
    grants: offeredGrants(grants, options),
    store,
    secretKeys,
    proxies: resources.proxies,
    signingKeys,
    tokens: tokenIssuer({ issuer, policy, store, signingKeys, now }),
    knowsScope: scopeKnower([
      ...Object.keys(policy.scopes),
      ...standingScopes,
      ...(name === 'system' ? systemScopes : []),
    ]),
    users,
    authenticateUser,
    now,
    emit: (event) => onEvent({ ...event, ...names }),
    warn,
  };
}

/** What the policy lists, of what the router has. Without somebody to authorize there is no code to redeem. */
function offeredGrants(
  grants: readonly Grant[],
  { grant_types: listed, authenticateUser }: Pick<WorkspaceSettings, 'grant_types' | 'authenticateUser'>,
): ReadonlyMap<string, Grant> {
  const offered = grants.filter(
    ({ grantType }) =>
      listed.includes(grantType) && (grantType !== 'authorization_code' || authenticateUser !== undefined),
  );
  return new Map(offered.map((grant) => [grant.grantType, grant]));
}

function endpointUrls(issuer: string): WorkspaceUrls {
  return {
    token: `${issuer}/oauth2/token`,
    authorize: `${issuer}/oauth2/authorize`,
    consent: `${issuer}/oauth2/authorize/consent`,
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
  const mistakes = clients.flatMap(({ id_token_signed_response_alg: alg }, index) =>
    alg === undefined || keys.includes(alg)
      ? []
      : [
          {
            path: joinPath(at, ['clients', index, 'id_token_signed_response_alg']),
            message: `needs ${alg} in signing_keys`,
          },
        ],
  );
  if (mistakes.length > 0) throw new OptionsError(mistakes);
}
