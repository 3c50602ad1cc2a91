import type { ParsedConfiguration } from './schema.js';

/**
 * As much of a configuration as has the shape that checks rely on, for one that the schema refuses: objects where
 * objects belong, lists where lists belong, and single members as they were written.
 */
export function legible(written: unknown): ParsedConfiguration {
  const top = members(written);
  const outbound = members(top.outbound);
  const mtls = members(top.mtls);
  return {
    ...top,
    listen: { client_certificates: true, ...members(top.listen) },
    mtls:
      top.mtls === undefined ? undefined : { ...mtls, public_url: isUrl(mtls.public_url) ? mtls.public_url : noUrl },
    outbound: { ...outbound, ca: typeof outbound.ca === 'string' ? outbound.ca : undefined },
    trusted_proxies: objects(top.trusted_proxies),
    tenants: each(top.tenants, (tenant) => ({
      pools: each(tenant.pools, (pool) => ({ ...pool, users: objects(pool.users) })),
      workspaces: each(tenant.workspaces, (workspace) => ({
        ...workspace,
        clients: objects(workspace.clients).map((client) => ({ ...client, grant_types: strings(client.grant_types) })),
        root_cas: strings(workspace.root_cas),
        intermediate_cas: strings(workspace.intermediate_cas),
      })),
    })),
  } as unknown as ParsedConfiguration;
}

/** In place of a URL that is none, of which one mistake is told already. */
const noUrl = 'https://illegible.invalid';

function isUrl(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value);
}

type Members = Readonly<Record<string, unknown>>;

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

function each<T>(value: unknown, read: (member: Members) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(members(value)).map(([name, member]) => [name, read(members(member))]));
}

/** Of one length with what was written: mistakes are told by index. */
function objects(value: unknown): Members[] {
  return Array.isArray(value) ? value.map(members) : [];
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
