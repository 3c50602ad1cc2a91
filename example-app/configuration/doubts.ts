import type { Configuration, WorkspaceDefinition } from './configuration.js';

/** Something in a configuration that is allowed, and can hardly be meant. */
export interface Doubt {
  /** The name of the warning. */
  readonly name: 'client_method_not_enabled' | 'client_without_authorities' | 'client_scope_unknown';
  readonly tenant: string;
  readonly workspace: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

type Client = WorkspaceDefinition['clients'][number];
type Finding = Pick<Doubt, 'name' | 'detail'>;

const usualScopes = ['openid', 'profile', 'email', 'offline_access'];
/** What every workspace knows without listing it, and what `system` knows beside that. */
const standingScopes = ['introspect_tokens', 'revoke_tokens'];
const systemScopes = ['identity', 'identity_self_registration'];

/** What an operator should look at before clients are refused for it. */
export function findDoubts({ workspaces }: Configuration): Doubt[] {
  return workspaces.flatMap((definition) => {
    const { tenant, workspace, clients } = definition;
    return clients
      .flatMap((client) => [
        ...doubtMethod(client, definition),
        ...doubtAuthorities(client, definition),
        ...doubtScope(client, definition),
      ])
      .map(({ name, detail }) => ({ name, tenant, workspace, detail }));
  });
}

function doubtMethod({ client_id, token_endpoint_auth_method: written }: Client, { policy }: WorkspaceDefinition) {
  const method = written ?? 'client_secret_basic';
  const enabled = policy.token_endpoint_auth_methods;
  if (enabled === undefined || enabled.includes(method)) return [];
  const detail = { client_id, method, enabled, effect: 'The client cannot authenticate.' };
  return [{ name: 'client_method_not_enabled', detail }] satisfies Finding[];
}

function doubtAuthorities(client: Client, { policy }: WorkspaceDefinition) {
  const { client_id, token_endpoint_auth_method: method, trusted_cas: own } = client;
  if (method !== 'tls_client_auth' || policy.root_cas?.length || own?.length) return [];
  const effect = 'No certificate is trusted: set root_cas of the workspace, or trusted_cas of the client.';
  return [{ name: 'client_without_authorities', detail: { client_id, effect } }] satisfies Finding[];
}

function doubtScope({ client_id, scope = '' }: Client, { workspace, policy }: WorkspaceDefinition) {
  const known = [
    ...(policy.scopes === undefined ? usualScopes : Object.keys(policy.scopes)),
    ...standingScopes,
    ...(workspace === 'system' ? systemScopes : []),
  ];
  const unknown = scope.split(' ').filter((name) => name !== '' && !known.some((pattern) => covers(pattern, name)));
  if (unknown.length === 0) return [];
  const effect = 'The client never gets these: list them in scopes of the workspace.';
  return [{ name: 'client_scope_unknown', detail: { client_id, unknown, effect } }] satisfies Finding[];
}

/** `accounts.*` and `accounts:*` stand for anything below them. */
function covers(pattern: string, scope: string): boolean {
  return (
    pattern === scope ||
    (/[.:]\*$/.test(pattern) && scope.length >= pattern.length && scope.startsWith(pattern.slice(0, -1)))
  );
}
