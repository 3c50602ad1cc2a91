import type { ChangeNotices } from '../../stores/change-notices.js';
import type { Store } from '../../stores/store.js';
import type { ClientRegistry } from '../client.js';
import { type Credential, Credentials } from './credentials.js';
import { ClientDirectoryError } from './directory-error.js';
import { type ClientRecord, ClientRecords } from './records.js';
import type { StoredClients } from './stored-clients.js';

/** What changes of stored clients need. */
export interface ChangeParts {
  /** The workspace's part of the store. */
  readonly store: Store;
  readonly notices: ChangeNotices;
  /** The clients of the configuration. They come first, and are changed there. */
  readonly configured: ClientRegistry;
  readonly stored: StoredClients;
}

/** How stored clients are changed: the record in turn, and every process told afterwards. */
export class ClientChanges {
  readonly records: ClientRecords;
  readonly #parts: ChangeParts;

  constructor(parts: ChangeParts) {
    this.#parts = parts;
    this.records = new ClientRecords(parts.store);
  }

  /** Rejects with ClientDirectoryError `unknown_client` or `client_configured`. */
  async record(clientId: string): Promise<ClientRecord> {
    const record = await this.records.read(clientId);
    if (record) return record;
    if (await this.#parts.configured.find(clientId)) {
      throw new ClientDirectoryError('client_configured', `${clientId} stands in the configuration: change it there.`);
    }
    throw new ClientDirectoryError('unknown_client', `There is no client ${clientId}.`);
  }

  credentials({ incarnation }: Pick<ClientRecord, 'incarnation'>): Credentials {
    return new Credentials(this.#parts.store, incarnation);
  }

  readCredentials(record: Pick<ClientRecord, 'incarnation'>): Promise<Credential[]> {
    return this.credentials(record).read();
  }

  /** Does work on a client while nobody else does, and tells every process of it. */
  async change<T>(clientId: string, work: (record: ClientRecord) => Promise<T>): Promise<T> {
    return this.records.inTurn(clientId, async () => {
      const result = await work(await this.record(clientId));
      await this.publish(clientId);
      return result;
    });
  }

  /** Does work that may overlap with any other, and tells every process of it. */
  async extend<T>(clientId: string, work: (record: ClientRecord) => Promise<T>): Promise<T> {
    const result = await work(await this.record(clientId));
    await this.publish(clientId);
    return result;
  }

  /** Every process reads the client again. */
  async publish(clientId: string): Promise<void> {
    await this.records.publish(clientId);
    this.#parts.stored.forget(clientId);
    await this.#parts.notices.announce();
  }

  /** The client is there no more, for anybody. */
  async withdraw(clientId: string): Promise<void> {
    await this.records.withdraw(clientId);
    this.#parts.stored.forget(clientId);
    await this.#parts.notices.announce();
  }
}
