/**
 * What is wrong with an issuer identifier, or undefined. RFC 8414 2: https, no query, no fragment; and written the
 * one way every comparison expects: no trailing slash, no default port, lower-case host.
 */
export function issuerMistake(issuer: string): string | undefined {
  let url: URL;
  try {
    url = new URL(issuer);
  } catch {
    return 'is not a URL';
  }
  if (url.protocol !== 'https:') return 'must be an https URL (RFC 8414 2)';
  if (url.username !== '' || url.password !== '') return 'must not have a user name';
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(issuer)) return 'must not have a query or a fragment';
  const expected = url.origin + (url.pathname === '/' ? '' : url.pathname);
  if (issuer !== expected || issuer.endsWith('/')) return `must be written as ${expected.replace(/\/+$/, '')}`;
  return undefined;
}

/** The path of an issuer's URL without a trailing slash: `` or `/acme/demo`. */
export function issuerPath(issuer: string): string {
  return new URL(issuer).pathname.replace(/\/$/, '');
}

/** What the store keys begin with that all workspaces of a tenant share. No workspace is called so with what follows. */
export function tenantPrefix(tenant: string): string {
  return `${encodeURIComponent(tenant)}/system/tenant/`;
}

/**
 * What every store key of this issuer begins with. Slashes inside the names are encoded, so that no name reaches into
 * another's space.
 */
export function storePrefix({
  issuer,
  tenant,
  workspace,
}: {
  issuer: string;
  tenant?: string;
  workspace?: string;
}): string {
  const { host, pathname } = new URL(issuer);
  return `${encodeURIComponent(tenant ?? host)}/${encodeURIComponent(workspace ?? pathname)}/`;
}
