import type { Statement } from './postgres-connections.js';
import { lockNumber } from './postgres-migrations.js';

/** Entries of a page of a scan at most. */
const PAGE = 256;
/** Bytes of values after which a page ends: few large ones fill it too. */
const PAGE_BYTES = 8_000_000;

export type PostgresStatements = ReturnType<typeof postgresStatements>;

/** The statements of the verbs. $1 to $4 of those that write are id, long_key, value and seconds, null without end. */
export function postgresStatements(schema: string) {
  const entries = `${schema}.entries`;
  // The transaction's time. One statement has one, so that an entry is not both over and not over.
  const expiry = `coalesce(now() + make_interval(secs => $4), 'infinity')`;
  const ttl = `CASE WHEN isfinite(expires_at) THEN extract(epoch FROM expires_at - now())::float8 END`;
  const insert = `INSERT INTO ${entries} AS standing (id, long_key, value, expires_at) VALUES ($1, $2, $3, ${expiry})`;
  const replace = 'value = excluded.value, expires_at = excluded.expires_at';
  const over = 'standing.expires_at <= now()';
  const doomed = (condition: string) => `
    WITH doomed AS (
      SELECT id FROM ${entries} WHERE expires_at <= now() AND ${condition}
      ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM ${entries} USING doomed WHERE entries.id = doomed.id RETURNING true`;

  return {
    get: {
      name: 'get',
      text: `SELECT value FROM ${entries} WHERE id = $1 AND expires_at > now()`,
      repeatable: true,
    },
    set: {
      name: 'set',
      text: `${insert} ON CONFLICT (id) DO UPDATE SET ${replace}`,
    },
    delete: {
      name: 'delete',
      text: `DELETE FROM ${entries} WHERE id = $1`,
    },
    // NULL: first. The second part sees the table as it was when the statement began, so that who loses against an
    // insertion of the same moment, or against one that ends then, sees nothing, and asks again.
    claim: {
      name: 'claim',
      text: `
        WITH claimed AS (${insert} ON CONFLICT (id) DO UPDATE SET ${replace} WHERE ${over} RETURNING true)
        SELECT NULL::bytea AS standing FROM claimed
        UNION ALL
        SELECT value FROM ${entries} WHERE id = $1 AND expires_at > now() AND NOT EXISTS (SELECT FROM claimed)`,
      answersAlways: true,
    },
    // No row: what stands there is no number.
    increment: {
      name: 'increment',
      text: `${insert} ON CONFLICT (id) DO UPDATE SET
          value = CASE WHEN ${over} THEN excluded.value
            ELSE convert_to((encode(standing.value, 'escape')::bigint + 1)::text, 'UTF8') END,
          expires_at = CASE WHEN ${over} THEN excluded.expires_at ELSE standing.expires_at END
        WHERE ${over} OR encode(standing.value, 'escape') ~ '^-?[0-9]{1,15}$'
        RETURNING encode(value, 'escape') AS sum`,
    },
    scan: {
      name: 'scan',
      text: `
        SELECT id, long_key, value, ttl FROM (
          SELECT *, sum(octet_length(value)) OVER (ORDER BY id) - octet_length(value) AS before FROM (
            SELECT id, long_key, value, ${ttl} AS ttl FROM ${entries}
            WHERE id >= $1 AND id < $2 AND expires_at > now() ORDER BY id LIMIT ${PAGE}
          ) AS page
        ) AS measured
        WHERE before < ${PAGE_BYTES} ORDER BY id`,
      repeatable: true,
    },
    ping: {
      name: 'ping',
      text: `INSERT INTO ${entries} (id, value, expires_at) VALUES ($1, '', now())
        ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at`,
    },
    // One process at a time is enough; the others have better things to do than to wait.
    sweep: {
      name: 'sweep',
      text: doomed(`(SELECT pg_try_advisory_xact_lock(${lockNumber(schema, 'sweep')}))`),
    },
    prune: {
      name: 'prune',
      text: doomed('true'),
    },
  } as const satisfies Readonly<Record<string, Statement>>;
}
