import { X509Certificate } from 'node:crypto';
import type { Mistake } from './mistakes.js';
import type { ParsedConfiguration } from './schema.js';

type Tenant = ParsedConfiguration['tenants'][string];
type Pool = Tenant['pools'][string];
type WorkspaceMembers = Tenant['workspaces'][string];

const notCertificates = 'must hold PEM certificates';
/** First path segments that belong to pages and APIs of the server. */
const ownSegments: ReadonlySet<string> = new Set(['.well-known', 'admin', 'api']);

/** What the schema cannot say: members that refer to each other, and members this version cannot serve. */
export function checkConfiguration(configuration: ParsedConfiguration): Mistake[] {
  return [...checkServer(configuration), ...Object.entries(configuration.tenants).flatMap(checkTenant)];
}

function checkServer(configuration: ParsedConfiguration): Mistake[] {
  const { listen, mtls, outbound, tls, tenants, trusted_proxies } = configuration;
  const mistakes: Mistake[] = [];
  if (outbound?.ca !== undefined && !holdsCertificates(outbound.ca)) {
    mistakes.push({ path: 'outbound.ca', message: notCertificates });
  }
  if (mtls && new URL(mtls.public_url).pathname !== '/') {
    mistakes.push({ path: 'mtls.public_url', message: 'must have no path: endpoints have theirs at both names' });
  }
  if (!listen.client_certificates && !mtls) {
    mistakes.push({ path: 'listen.client_certificates', message: 'false needs mtls, a name that asks for them' });
  }
  if (tls === false && trusted_proxies.length === 0) {
    mistakes.push({ path: 'tls', message: 'false is for a server behind a proxy: list it in trusted_proxies' });
  }
  if (Object.values(tenants).every(({ workspaces }) => Object.keys(workspaces).length === 0)) {
    mistakes.push({ path: 'tenants', message: 'must hold at least one workspace' });
  }
  return mistakes;
}

function checkTenant([tenant, { pools, workspaces }]: readonly [string, Tenant]): Mistake[] {
  const at = `tenants.${tenant}`;
  const reserved = ownSegments.has(tenant) ? [{ path: at, message: 'is a name the server needs for itself' }] : [];
  return [
    ...reserved,
    ...Object.entries(pools).flatMap(([name, pool]) => checkUsers(pool, `${at}.pools.${name}`)),
    ...Object.entries(workspaces).flatMap(([name, members]) =>
      checkWorkspace(members, pools, `${at}.workspaces.${name}`),
    ),
  ];
}

function checkUsers({ users }: Pool, at: string): Mistake[] {
  return [
    ...repeated(users.map(({ id }) => id)).map((index) => ({ path: `${at}.users[${index}].id`, message: 'is taken' })),
    ...repeated(users.map(({ username }) => username)).map((index) => ({
      path: `${at}.users[${index}].username`,
      message: 'is taken',
    })),
  ];
}

function checkWorkspace(members: WorkspaceMembers, pools: Tenant['pools'], at: string): Mistake[] {
  const { pool, clients } = members;
  const mistakes: Mistake[] = [];
  if (pool !== undefined && !Object.hasOwn(pools, pool)) {
    mistakes.push({ path: `${at}.pool`, message: `there is no pool ${JSON.stringify(pool)} in this tenant` });
  }
  for (const member of ['root_cas', 'intermediate_cas'] as const) {
    for (const [index, text] of members[member].entries()) {
      if (!holdsCertificates(text)) mistakes.push({ path: `${at}.${member}[${index}]`, message: notCertificates });
    }
  }
  for (const index of repeated(clients.map(({ client_id }) => client_id))) {
    mistakes.push({ path: `${at}.clients[${index}].client_id`, message: 'is taken' });
  }
  return mistakes;
}

/** Each PEM block by itself: X509Certificate reads only the first. */
function holdsCertificates(text: string): boolean {
  const blocks = text.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? [];
  try {
    return blocks.length > 0 && blocks.every((block) => new X509Certificate(block).raw.length > 0);
  } catch {
    return false;
  }
}

/** The indexes of values that stood there before. */
function repeated(values: readonly (string | undefined)[]): number[] {
  return values.flatMap((value, index) => (value !== undefined && values.indexOf(value) < index ? [index] : []));
}
