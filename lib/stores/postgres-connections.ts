import { setTimeout as wait } from 'node:timers/promises';
import type { Pool, PoolClient, QueryResultRow } from 'pg';
import { PATIENCE, Turns } from './postgres-turns.js';
import type { PostgresUrl } from './postgres-url.js';

/** One SQL statement, which is one transaction and one round trip. */
export interface Statement {
  /** Unique in a store: a connection that has parsed it once knows it by this. */
  readonly name: string;
  readonly text: string;
  /** It changes nothing: whoever lost the answer may ask again. */
  readonly repeatable?: true;
  /** No row at all means that another transaction came between: it has to be asked again. */
  readonly answersAlways?: true;
}

/** Milliseconds to make a connection, which is some of the patience for a verb. */
const CONNECT = 1500;
const IDLE = 60_000;
/** Enough for every one of 50 transactions that are all serialized with each other. */
const MOST_ATTEMPTS = 20;

/** serialization_failure and deadlock_detected: the server has undone the transaction, and asks for it again. */
const UNDONE = ['40001', '40P01'];
/** read_only_sql_transaction, invalid_sql_statement_name, duplicate_prepared_statement: another connection may do. */
const WRONG_CONNECTION = ['25006', '26000', '42P05'];

/** The connections to one server, and what is in hand on them. */
export class PostgresConnections {
  readonly #address: PostgresUrl;
  readonly #pool: Pool;
  readonly #turns: Turns;
  readonly #inHand = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(address: PostgresUrl, { Pool }: typeof import('pg')) {
    this.#address = address;
    this.#turns = new Turns(address.pool);
    this.#pool = new Pool({
      connectionString: address.connectionString,
      max: address.pool,
      fallback_application_name: 'express-client-auth',
      connectionTimeoutMillis: CONNECT,
      query_timeout: PATIENCE,
      idleTimeoutMillis: IDLE,
      allowExitOnIdle: true,
      keepAlive: true,
      // A pooler takes no such parameter.
      ...(!address.pgbouncer && { statement_timeout: PATIENCE }),
      verify: (client, done) => verify(client).then(() => done(), done),
    });
    // The pool takes broken connections out by itself; whoever uses one is told by his query.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /**
   * Runs one statement and answers its rows. Rejects with an Error that names the place, within two seconds of the last
   * sign of life of the server; whether the statement was done is then unknown, unless the server said so.
   */
  async run<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<readonly Row[]> {
    if (this.#closing) throw new Error('The postgres: store is closed');
    const work = this.#inTurn<Row>(statement, values);
    this.#inHand.add(work);
    try {
      return await work;
    } catch (cause) {
      throw new Error(`PostgreSQL at ${this.#address.place}: ${explained(cause)}`, { cause });
    } finally {
      this.#inHand.delete(work);
    }
  }

  /** Ends the work in hand, then lets go of the connections. */
  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #finish(): Promise<void> {
    await Promise.allSettled(this.#inHand);
    await this.#pool.end();
  }

  async #inTurn<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]) {
    const deadline = await this.#turns.take();
    let answered = false;
    try {
      const rows = await this.#attempts<Row>(statement, values, deadline);
      answered = true;
      return rows;
    } catch (thrown) {
      answered = isUsableAfter(thrown);
      throw thrown;
    } finally {
      this.#turns.give(answered);
    }
  }

  async #attempts<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[], deadline: number) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const rows = await this.#attempt<Row>(statement, values, deadline);
        if (rows.length > 0 || !statement.answersAlways) return rows;
        if (attempt === MOST_ATTEMPTS) throw new Error('others were quicker every time');
      } catch (thrown) {
        const again = UNDONE.includes(codeOf(thrown) ?? '') || (statement.repeatable && isLost(thrown));
        const pause = Math.random() * 10 * Math.min(attempt, 5);
        if (!again || attempt === MOST_ATTEMPTS || performance.now() + pause > deadline) throw thrown;
        await wait(pause);
      }
    }
  }

  async #attempt<Row extends QueryResultRow>(
    { name, text }: Statement,
    values: readonly unknown[],
    deadline: number,
  ): Promise<readonly Row[]> {
    const client = await this.#connection(deadline);
    try {
      const query = {
        text,
        values: [...values],
        ...(!this.#address.pgbouncer && { name }),
        query_timeout: left(deadline),
      };
      const { rows } = await client.query<Row>(query);
      client.release();
      return rows;
    } catch (thrown) {
      client.release(!isUsableAfter(thrown));
      throw thrown;
    }
  }

  /** The pool bounds the wait for a connection, and not what a new one is asked first. */
  async #connection(deadline: number): Promise<PoolClient> {
    const connecting = this.#pool.connect();
    const timer = new AbortController();
    try {
      return await Promise.race([
        connecting,
        wait(left(deadline), undefined, { signal: timer.signal }).then(() => {
          connecting.then(
            (late) => late.release(),
            () => undefined,
          );
          throw new Error('no connection in time');
        }),
      ]);
    } finally {
      timer.abort();
    }
  }
}

/** Refuses a connection on which a verb could answer as if it had worked. */
async function verify(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ standby: boolean; commit: string | null }>(
    "SELECT pg_is_in_recovery() AS standby, current_setting('synchronous_commit', true) AS commit",
  );
  if (rows[0]?.standby) throw new Error('this is a standby, which may be behind; the store needs the primary');
  if (rows[0]?.commit === 'off') {
    throw new Error(
      'synchronous_commit is off, so that a used code could be forgotten: ALTER ROLE ... SET synchronous_commit = on',
    );
  }
}

function left(deadline: number): number {
  return Math.max(1, Math.floor(deadline - performance.now()));
}

/** The SQLSTATE, or undefined for what the server did not say. */
function codeOf(thrown: unknown): string | undefined {
  const { severity, code } = thrown as { severity?: unknown; code?: unknown };
  return severity !== undefined && typeof code === 'string' ? code : undefined;
}

/**
 * The connection is gone: class 57 is the server that ends it, what has no SQLSTATE is the socket. A certificate that is
 * not trusted has a code of another kind, and will not be trusted at the next try.
 */
function isLost(thrown: unknown): boolean {
  const code = codeOf(thrown);
  if (code !== undefined) return code.startsWith('57P');
  const { code: errno = 'E' } = thrown as { code?: string };
  return /^E[A-Z0-9]*$/.test(errno);
}

function isUsableAfter(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return (
    code !== undefined && (thrown as { severity?: unknown }).severity === 'ERROR' && !WRONG_CONNECTION.includes(code)
  );
}

function explained(thrown: unknown): string {
  const reason = reasonOf(thrown);
  const pooler = /unsupported startup parameter|prepared statement ".*" (does not exist|already exists)/.test(reason);
  return pooler ? `${reason}. With a pooler between, add pgbouncer=true to the URL` : reason;
}

function reasonOf(thrown: unknown): string {
  // Where a name has several addresses, only the attempts say what went wrong.
  if (thrown instanceof AggregateError && thrown.message === '') return thrown.errors.map(reasonOf).join(', ');
  return thrown instanceof Error ? thrown.message : String(thrown);
}
