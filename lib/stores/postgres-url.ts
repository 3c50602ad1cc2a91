/** A PostgreSQL server and what we keep there, as a URL says it. */
export interface PostgresUrl {
  /** What pg is given: the URL without the parameters that are ours. Holds the password. */
  readonly connectionString: string;
  /** Where it is, for messages: no user, no password. */
  readonly place: string;
  /** The schema our tables are in. */
  readonly schema: string;
  /** At most this many connections at once. */
  readonly pool: number;
  /** A pooler stands between that gives each transaction another connection: nothing may outlive one. */
  readonly pgbouncer: boolean;
}

/** Parameters that pg itself reads. Others would be ignored by it in silence. */
const ofPg = [
  'host',
  'port',
  'application_name',
  'options',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslnegotiation',
  'uselibpqcompat',
];

/** pg takes any other word too, and says nothing. */
const sslmodes = ['disable', 'no-verify', 'prefer', 'require', 'verify-ca', 'verify-full'];

const ours = ['schema', 'pool', 'pgbouncer'];

/**
 * Reads `postgres://user:password@host:port/database?schema=NAME&pool=N&pgbouncer=true`.
 *
 * @throws Error that says what is wrong, and repeats nothing but names of parameters and the schema.
 */
export function readPostgresUrl(text: string): PostgresUrl {
  const url = parse(text);
  for (const name of url.searchParams.keys()) {
    if (!ours.includes(name) && !ofPg.includes(name)) {
      throw new Error(`A postgres: store has no parameter "${name}". There are: ${[...ours, ...ofPg].join(', ')}`);
    }
  }
  const read = {
    place: placeOf(url),
    schema: schemaIn(url.searchParams.get('schema') ?? 'express_client_auth'),
    pool: poolIn(url.searchParams.get('pool') ?? '10'),
    pgbouncer: switchIn(url.searchParams.get('pgbouncer') ?? 'false'),
  };
  const sslmode = url.searchParams.get('sslmode');
  if (sslmode !== null && !sslmodes.includes(sslmode)) {
    throw new Error(`?sslmode= of a postgres: store takes ${sslmodes.join(', ')}`);
  }
  for (const name of ours) url.searchParams.delete(name);
  return { ...read, connectionString: url.href };
}

function parse(text: string): URL {
  // What URL throws holds the whole text, and with it the password.
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^postgres(ql)?:$/.test(url.protocol) || !/^[^:]+:\/\//.test(text) || hidesPassword(url)) {
    throw new Error(
      'A postgres store is written postgres://user:password@host:port/database; characters such as @ / ? # in a password are percent-encoded',
    );
  }
  try {
    for (const part of [url.username, url.password, url.pathname]) decodeURIComponent(part);
  } catch {
    throw new Error('The user, password or database of a postgres store is not percent-encoded: write % as %25');
  }
  return url;
}

/** In `user:12/34@host` URL finds a host, a port and a path, which messages would repeat. */
function hidesPassword({ pathname, search, hash }: URL): boolean {
  return hash !== '' || pathname.includes('@') || search.includes('@');
}

function placeOf({ hostname, port, pathname, searchParams }: URL): string {
  const host = searchParams.get('host') ?? (hostname || 'localhost');
  return `${host}:${searchParams.get('port') ?? (port || '5432')}${pathname}`;
}

function schemaIn(name: string): string {
  // Plain names need no quotes in psql either.
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(name) && !name.startsWith('pg_')) return name;
  throw new Error('?schema= of a postgres: store takes small letters, digits and _, not first a digit, at most 63');
}

function poolIn(text: string): number {
  const size = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (size >= 1) return size;
  throw new Error('?pool= of a postgres: store takes a number of connections, 1 to 9999');
}

function switchIn(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new Error('?pgbouncer= of a postgres: store takes true or false');
}
