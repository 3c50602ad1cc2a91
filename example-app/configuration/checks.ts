import { X509Certificate } from 'node:crypto';
import type { Mistake } from './mistakes.js';
import type { ParsedConfiguration } from './schema.js';

type Tenant = ParsedConfiguration['tenants'][string];
type Pool = Tenant['pools'][string];
type WorkspaceMembers = Tenant['workspaces'][string];

const unbuilt = 'is not part of this version';
const notCertificates = 'must hold PEM certificates';
const unbuiltPresets: ReadonlySet<string> = new Set(['envoy-xfcc', 'traefik', 'alb']);
const unbuiltGrants: ReadonlySet<string> = new Set(['tls_client_auth']);
/** First path segments that belong to pages and APIs of the server. */
const ownSegments: ReadonlySet<string> = new Set(['.well-known', 'admin', 'api']);

/** What the schema cannot say: members that refer to each other, and members this version cannot serve. */
export function checkConfiguration(configuration: ParsedConfiguration): Mistake[] {
  return [...checkServer(configuration), ...Object.entries(configuration.tenants).flatMap(checkTenant)];
}

function checkServer({ mtls, outbound, tls, tenants, trusted_proxies }: ParsedConfiguration): Mistake[] {
  const mistakes: Mistake[] = trusted_proxies.flatMap(({ client_certificate: preset }, index) =>
    unbuiltPresets.has(preset)
      ? [{ path: `trusted_proxies[${index}].client_certificate`, message: `${preset} ${unbuilt}` }]
      : [],
  );
  if (outbound?.ca !== undefined && !holdsCertificates(outbound.ca)) {
    mistakes.push({ path: 'outbound.ca', message: notCertificates });
  }
  if (mtls) mistakes.push({ path: 'mtls', message: unbuilt });
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

function checkWorkspace({ pool, clients, root_cas }: WorkspaceMembers, pools: Tenant['pools'], at: string): Mistake[] {
  const mistakes: Mistake[] = [];
  if (pool !== undefined && !Object.hasOwn(pools, pool)) {
    mistakes.push({ path: `${at}.pool`, message: `there is no pool ${JSON.stringify(pool)} in this tenant` });
  }
  root_cas.forEach((text, index) => {
    if (!holdsCertificates(text)) {
      mistakes.push({ path: `${at}.root_cas[${index}]`, message: notCertificates });
    }
  });
  for (const index of repeated(clients.map(({ client_id }) => client_id))) {
    mistakes.push({ path: `${at}.clients[${index}].client_id`, message: 'is taken' });
  }
  clients.forEach(({ grant_types = [] }, index) => {
    grant_types.forEach((name, position) => {
      if (!unbuiltGrants.has(name)) return;
      mistakes.push({ path: `${at}.clients[${index}].grant_types[${position}]`, message: `${name} ${unbuilt}` });
    });
  });
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
