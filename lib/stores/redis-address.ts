/** Where a Redis server or cluster is and how to speak to it, as its URL says. */
export interface RedisAddress {
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly cluster: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** Before every key. */
  readonly prefix: string;
  /** Absent: no TLS. The files are PEM. */
  readonly tls:
    | { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly servername?: string }
    | undefined;
  /** Whether the operator accepts a server that may evict keys. */
  readonly acceptsEviction: boolean;
}

const WRITTEN = 'redis://USER:PASSWORD@HOST:PORT/DB, with HOST:PORT,HOST:PORT,... for a cluster and rediss: for TLS';
const TLS_PARAMETERS = ['ca', 'cert', 'key', 'servername'] as const;
const PARAMETERS: readonly string[] = ['prefix', 'cluster', 'acknowledge', ...TLS_PARAMETERS];
const DEFAULT_PREFIX = 'eca:';
const DEFAULT_PORT = 6379;

/**
 * Reads a `redis:` or `rediss:` URL.
 *
 * @throws Error that says what is wrong and repeats nothing of the URL but parameter names, as it may hold a password.
 */
export function redisAddress(url: string): RedisAddress {
  const parts = /^(rediss?):\/\/(?:([^/?#]*)@)?([^/?#@]+)(?:\/(\d{0,6}))?(?:\?([^#@]*))?$/i.exec(url);
  if (parts === null) {
    throw new Error(
      `A redis store is written ${WRITTEN}; characters such as @ / ? # in a password are percent-encoded`,
    );
  }
  const [, scheme = '', credentials = '', hosts = '', database, query] = parts;
  const parameters = readParameters(query);
  const address = {
    ...readCredentials(credentials),
    hosts: hosts.split(',').map(readHost),
    database: Number(database ?? 0),
    prefix: parameters.get('prefix') ?? DEFAULT_PREFIX,
    tls: readTls(scheme.toLowerCase() === 'rediss', parameters),
    acceptsEviction: oneOf('acknowledge', parameters, ['eviction']) !== undefined,
  };
  if (address.prefix === '')
    throw new Error('The prefix of a redis store is not empty: others may use the same server');
  const several = address.hosts.length > 1;
  const cluster = (oneOf('cluster', parameters, ['true', 'false']) ?? String(several)) === 'true';
  if (several && !cluster) throw new Error('A redis store with several hosts is a cluster; cluster=false has one host');
  if (cluster && address.database !== 0) throw new Error('A Redis Cluster has database 0 alone');
  return { ...address, cluster };
}

function readParameters(query = ''): URLSearchParams {
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (!PARAMETERS.includes(name)) {
      throw new Error(`Unknown parameter "${name}" of a redis store. Known: ${PARAMETERS.join(', ')}`);
    }
    if (parameters.getAll(name).length > 1) throw new Error(`The parameter "${name}" of a redis store is there twice`);
  }
  return parameters;
}

function oneOf(name: string, parameters: URLSearchParams, known: readonly string[]): string | undefined {
  const value = parameters.get(name) ?? undefined;
  if (value === undefined || known.includes(value)) return value;
  throw new Error(`The parameter "${name}" of a redis store is ${known.join(' or ')}`);
}

function readCredentials(text: string): { username: string | undefined; password: string | undefined } {
  const [, username = '', password = ''] = /^([^:]*):?(.*)$/s.exec(text) ?? [];
  try {
    return { username: decodeURIComponent(username) || undefined, password: decodeURIComponent(password) || undefined };
  } catch {
    throw new Error('The user or password of a redis store is not percent-encoded: write % as %25');
  }
}

function readHost(text: string): { host: string; port: number } {
  const [, bracketed, name, port = String(DEFAULT_PORT)] =
    /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = bracketed ?? name;
  if (host === undefined || Number(port) > 65_535) throw new Error(`A redis store is written ${WRITTEN}`);
  return { host, port: Number(port) };
}

function readTls(secure: boolean, parameters: URLSearchParams): RedisAddress['tls'] {
  const given = TLS_PARAMETERS.filter((name) => parameters.has(name));
  if (!secure && given.length > 0) throw new Error(`The parameter "${given[0]}" needs a rediss: URL`);
  if (parameters.has('cert') !== parameters.has('key')) throw new Error('A redis store has cert and key, or neither');
  return secure ? Object.fromEntries(given.map((name) => [name, parameters.get(name) ?? ''])) : undefined;
}
