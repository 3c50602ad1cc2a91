import {
  authorizationCode,
  clientCredentials,
  type DeliverCode,
  type GrantRouterOptions,
  grantRouter,
  OptionsError,
  openStore,
  passwordless,
  refreshToken,
  type Store,
  standardStrategies,
  tlsClientAuthGrant,
} from '../index.js';
import type { Configuration, Pool, WorkspaceDefinition } from './configuration/configuration.js';
import { mistakesError } from './configuration/mistakes.js';
import type { Log } from './log.js';
import { codeMail } from './mail/code-mail.js';
import type { Delivery } from './mail/delivery.js';

/** What a configuration needs beside itself to become a server. */
export interface ServerParts {
  readonly publicUrl: string;
  readonly store: Store;
  readonly secretKeys: readonly string[];
  /** How codes reach people. Without it there is no login page. */
  readonly delivery: Delivery | undefined;
  readonly log: Log;
}

/** Every grant there is; a workspace's `grant_types` choose among them. */
export const grants: GrantRouterOptions['grants'] = [
  authorizationCode(),
  clientCredentials(),
  refreshToken(),
  passwordless(),
  tlsClientAuthGrant(),
];

/** The protocol endpoints. Throws StartUpError naming each member of the configuration that the library refuses. */
export function makeAuthorizationServer(configuration: Configuration, parts: ServerParts) {
  const { pools, workspaces, trustedProxies, outbound, mtls, rateLimits, explainInReply, file } = configuration;
  try {
    return grantRouter({
      pools: pools.map(poolOptions),
      workspaces: workspaces.map((definition) => workspaceOptions(definition, parts)),
      strategies: standardStrategies(),
      grants,
      store: parts.store,
      secret_keys: [...parts.secretKeys],
      trusted_proxies: trustedProxies,
      ...(outbound && { outbound }),
      ...(rateLimits && { rate_limits: rateLimits }),
      ...(mtls && { mtls: { public_url: mtls.public_url } }),
      explain_in_reply: explainInReply,
      onEvent: parts.log.event,
      ...(parts.delivery && { deliverCode: deliverBy(parts.delivery) }),
    });
  } catch (thrown) {
    if (!(thrown instanceof OptionsError)) throw thrown;
    const mistakes = thrown.mistakes.map(({ path, message }) => ({ path: pathInFile(path, configuration), message }));
    throw mistakesError(mistakes, file);
  }
}

/**
 * Makes the protocol endpoints of a configuration and lets go of them. Rejects with StartUpError as a start does.
 * `secretKey`: base64 of 32 bytes.
 */
export async function checkAuthorizationServer(configuration: Configuration, secretKey: string): Promise<void> {
  const log: Log = { event: () => undefined, warning: () => undefined, error: () => undefined };
  await makeAuthorizationServer(configuration, {
    publicUrl: configuration.publicUrl ?? 'https://localhost',
    store: await openStore('memory:?acknowledge=single-process'),
    secretKeys: configuration.secretKeys ?? [secretKey],
    delivery: undefined,
    log,
  }).close();
}

/** `https://host/tenant/workspace`. */
export function issuerOf(publicUrl: string, { tenant, workspace }: WorkspaceDefinition): string {
  return `${publicUrl}/${tenant}/${workspace}`;
}

function workspaceOptions(definition: WorkspaceDefinition, { publicUrl }: ServerParts) {
  const { tenant, workspace, pool, clients, policy } = definition;
  return {
    ...policy,
    issuer: issuerOf(publicUrl, definition),
    tenant,
    workspace,
    clients,
    // A workspace without people has no authorization endpoint.
    ...(pool && { pool: pool.name }),
  };
}

function deliverBy(delivery: Delivery): DeliverCode {
  return ({ clientName, ...facts }) => delivery.post(codeMail({ ...facts, application: clientName }), facts.expiresIn);
}

function poolOptions({ tenant, name, users, otpSettings }: Pool) {
  return { tenant, pool: name, users: [...users.values()], otp_settings: otpSettings };
}

/** The library numbers workspaces and pools; the file names them. */
function pathInFile(path: string, { workspaces, pools }: Configuration): string {
  return path.replace(/^(workspaces|pools)\[(\d+)\]/, (whole, kind: string, index: string) => {
    const definition = workspaces[Number(index)];
    const pool = pools[Number(index)];
    if (kind === 'pools') return pool ? `tenants.${pool.tenant}.pools.${pool.name}` : whole;
    return definition ? `tenants.${definition.tenant}.workspaces.${definition.workspace}` : whole;
  });
}
