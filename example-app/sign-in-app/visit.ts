/** An authorization request under way. */
export interface Transaction {
  readonly state: string;
  readonly nonce: string;
  /** RFC 7636 4.1. */
  readonly verifier: string;
}

/** Something with the time it was put in, in milliseconds since 1970. */
type Dated<T> = T & { readonly at: number };

/** A visit as it is kept. */
export interface VisitContents {
  readonly id: string;
  readonly asked: readonly Dated<{ readonly address: string }>[];
  readonly transactions: readonly Dated<Transaction>[];
}

/** Seconds for which what a browser asked for, or began, counts. */
export const visitSeconds = 3600;
/** So many tabs work side by side; with the longest addresses a cookie still has room for them (RFC 6265 6.1). */
const most = 4;

/**
 * What one browser is doing here. It travels with the browser, so that nobody can fill our database by asking. Of two
 * tabs that are answered at the same moment, the later answer is the one that stays.
 */
export class Visit {
  /** Tells browsers apart. Unguessable. */
  readonly id: string;
  /** Whether the browser does not have it yet. */
  readonly isNew: boolean;
  #asked: VisitContents['asked'];
  #transactions: VisitContents['transactions'];

  private constructor({ id, asked, transactions }: VisitContents, isNew: boolean) {
    this.id = id;
    this.isNew = isNew;
    this.#asked = asked;
    this.#transactions = transactions;
  }

  /** `contents`: what a seal of ours held, or undefined. Without it the visit begins now, as `newId`. */
  static read(contents: unknown, newId: string): Visit {
    if (contents === undefined) return new Visit({ id: newId, asked: [], transactions: [] }, true);
    const { id, asked, transactions } = contents as VisitContents;
    return new Visit({ id, asked: asked.filter(isFresh), transactions: transactions.filter(isFresh) }, false);
  }

  get contents(): VisitContents {
    return { id: this.id, asked: this.#asked, transactions: this.#transactions };
  }

  /** Addresses that were asked for within the hour, the newest last. */
  get addresses(): readonly string[] {
    return this.#asked.map(({ address }) => address);
  }

  askFor(address: string): void {
    const others = this.#asked.filter((asked) => asked.address !== address);
    this.#asked = [...others, { address, at: Date.now() }].slice(-most);
  }

  begin(transaction: Transaction): void {
    this.#transactions = [...this.#transactions, { ...transaction, at: Date.now() }].slice(-most);
  }

  /** The transaction `state` names, which then is out of the visit. An older copy of the visit still holds it. */
  take(state: string): Transaction | undefined {
    const taken = this.#transactions.find((transaction) => transaction.state === state);
    this.#transactions = this.#transactions.filter((transaction) => transaction !== taken);
    return taken;
  }
}

function isFresh({ at }: Dated<unknown>): boolean {
  return at + visitSeconds * 1000 > Date.now();
}
