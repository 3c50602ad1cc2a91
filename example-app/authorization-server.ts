import {
  authorizationCode,
  clientCredentials,
  type DeliverCode,
  grantRouter,
  OptionsError,
  passwordless,
  refreshToken,
  type Store,
  standardStrategies,
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

/** The protocol endpoints. Throws StartUpError naming each member of the configuration that the library refuses. */
export function makeAuthorizationServer(configuration: Configuration, parts: ServerParts) {
  const { pools, workspaces, trustedProxies, outbound, file } = configuration;
  try {
    return grantRouter({
      pools: pools.map(poolOptions),
      workspaces: workspaces.map((definition) => workspaceOptions(definition, parts)),
      strategies: standardStrategies(),
      grants: [authorizationCode(), clientCredentials(), refreshToken(), passwordless()],
      store: parts.store,
      secret_keys: [...parts.secretKeys],
      trusted_proxies: trustedProxies,
      ...(outbound && { outbound }),
      onEvent: parts.log.event,
      ...(parts.delivery && { deliverCode: deliverBy(parts.delivery) }),
    });
  } catch (thrown) {
    if (!(thrown instanceof OptionsError)) throw thrown;
    const mistakes = thrown.mistakes.map(({ path, message }) => ({ path: pathInFile(path, configuration), message }));
    throw mistakesError(mistakes, file);
  }
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
  return ({ to, code, link, expiresIn, clientName }) =>
    delivery.post(codeMail({ to, code, link, expiresIn, application: clientName }));
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
