import {
  authorizationCode,
  clientCredentials,
  grantRouter,
  OptionsError,
  type Store,
  standardStrategies,
} from '../index.js';
import type { Configuration, WorkspaceDefinition } from './configuration/configuration.js';
import { mistakesError } from './configuration/mistakes.js';
import type { Log } from './log.js';
import { demoAuthenticateUser } from './sign-in/authenticate-user.js';
import type { Sessions } from './sign-in/sessions.js';

/** What a configuration needs beside itself to become a server. */
export interface ServerParts {
  readonly publicUrl: string;
  readonly store: Store;
  readonly secretKeys: readonly string[];
  readonly sessions: Sessions;
  readonly log: Log;
}

/** The protocol endpoints. Throws StartUpError naming each member of the configuration that the library refuses. */
export function makeAuthorizationServer(configuration: Configuration, parts: ServerParts) {
  const { workspaces, trustedProxies, outbound, file } = configuration;
  try {
    return grantRouter({
      workspaces: workspaces.map((definition) => workspaceOptions(definition, parts)),
      strategies: standardStrategies(),
      grants: [authorizationCode(), clientCredentials()],
      store: parts.store,
      secret_keys: [...parts.secretKeys],
      trusted_proxies: trustedProxies,
      ...(outbound && { outbound }),
      onEvent: parts.log.event,
    });
  } catch (thrown) {
    if (!(thrown instanceof OptionsError)) throw thrown;
    const mistakes = thrown.mistakes.map(({ path, message }) => ({ path: pathInFile(path, workspaces), message }));
    throw mistakesError(mistakes, file);
  }
}

/** `https://host/tenant/workspace`. */
export function issuerOf(publicUrl: string, { tenant, workspace }: WorkspaceDefinition): string {
  return `${publicUrl}/${tenant}/${workspace}`;
}

function workspaceOptions(definition: WorkspaceDefinition, { publicUrl, sessions }: ServerParts) {
  const { tenant, workspace, pool, clients, policy } = definition;
  const issuer = issuerOf(publicUrl, definition);
  return {
    ...policy,
    issuer,
    tenant,
    workspace,
    clients,
    // A workspace without people has no authorization endpoint.
    ...(pool && {
      users: { find: (id: string) => pool.users.get(id) },
      authenticateUser: demoAuthenticateUser(pool, `${issuer}/login`, sessions),
    }),
  };
}

/** The library numbers workspaces; the file names them. */
function pathInFile(path: string, workspaces: readonly WorkspaceDefinition[]): string {
  return path.replace(/^workspaces\[(\d+)\]/, (whole, index: string) => {
    const definition = workspaces[Number(index)];
    return definition ? `tenants.${definition.tenant}.workspaces.${definition.workspace}` : whole;
  });
}
