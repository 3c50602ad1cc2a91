import { randomToken } from '../../http/random-token.js';
import type { Store } from '../../stores/store.js';
import type { ClientMetadataInput } from '../metadata.js';
import { ClientDirectoryError } from './directory-error.js';

/** A stored client without its secrets and keys. Times are seconds since 1970. */
export interface ClientRecord {
  readonly client_id: string;
  /** Names its credentials. A later client of the same id has another one. */
  readonly incarnation: string;
  readonly created: number;
  /** `registered`: by itself (RFC 7591). */
  readonly origin: 'operator' | 'registered';
  /** Defaults filled in. */
  readonly metadata: Omit<ClientMetadataInput, 'client_id'>;
  /** What a client that registered itself manages its registration with. Digests only. */
  readonly management?: RegistrationTokens;
}

/** The digests of a client's registration access tokens (RFC 7592 3). */
export interface RegistrationTokens {
  readonly current: string;
  /** The one before, for a client that did not get our reply. `until`: seconds since 1970. */
  readonly previous?: { readonly digest: string; readonly until: number };
}

const forEver = Infinity;
/** Seconds after which a change counts as given up by whoever made it. */
const longestChange = 10;
const attempts = 400;
const pause = 25;

/** The records of stored clients, and the version that tells every process when one has changed. */
export class ClientRecords {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async read(clientId: string): Promise<ClientRecord | undefined> {
    const text = await this.#store.get(recordKey(clientId));
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** Every record, in no order. */
  async all(): Promise<ClientRecord[]> {
    const found: ClientRecord[] = [];
    for await (const { value } of this.#store.scan('stored-client/')) found.push(JSON.parse(value));
    return found;
  }

  /** Of all calls for one id, one is answered true. The client is not there before `publish`. */
  async create(record: ClientRecord): Promise<boolean> {
    return (await this.#store.claim(recordKey(record.client_id), JSON.stringify(record), forEver)).first;
  }

  async write(record: ClientRecord): Promise<void> {
    await this.#store.set(recordKey(record.client_id), JSON.stringify(record), forEver);
  }

  /** What changes whenever the client does; undefined where there is no client. */
  version(clientId: string): Promise<string | undefined> {
    return this.#store.get(versionKey(clientId));
  }

  /** Has every process read the client again when it hears that something changed. To be called after each change. */
  async publish(clientId: string): Promise<void> {
    await this.#store.set(versionKey(clientId), randomToken(), forEver);
  }

  /** The client is gone for everybody. The rest of it may go then. */
  async withdraw(clientId: string): Promise<void> {
    await this.#store.delete(versionKey(clientId));
  }

  async delete(clientId: string): Promise<void> {
    await this.#store.delete(recordKey(clientId));
  }

  /** One change of a client at a time, in all processes. Rejects with ClientDirectoryError `busy` when it never comes. */
  async inTurn<T>(clientId: string, work: () => Promise<T>): Promise<T> {
    const key = `stored-client-turn/${encodeURIComponent(clientId)}`;
    const mine = randomToken();
    for (let attempt = 0; !(await this.#store.claim(key, mine, longestChange)).first; attempt += 1) {
      if (attempt === attempts) throw new ClientDirectoryError('busy', `Somebody else is changing ${clientId}.`);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    try {
      return await work();
    } finally {
      if ((await this.#store.get(key)) === mine) await this.#store.delete(key);
    }
  }
}

function recordKey(clientId: string): string {
  return `stored-client/${encodeURIComponent(clientId)}`;
}

function versionKey(clientId: string): string {
  return `stored-client-version/${encodeURIComponent(clientId)}`;
}
