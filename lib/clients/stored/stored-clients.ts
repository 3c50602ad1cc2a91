import { LRUCache } from 'lru-cache';
import type { ChangeNotices } from '../../stores/change-notices.js';
import type { Store } from '../../stores/store.js';
import type { ClientRegistry, RegisteredClient } from '../client.js';
import type { ClientDependencies } from '../registered-client.js';
import { compileStoredClient, isClientId } from '../registry.js';
import { assembled } from './assemble.js';
import { Credentials } from './credentials.js';
import { ClientRecords } from './records.js';

interface Known {
  readonly client: RegisteredClient | undefined;
  readonly incarnation: string | undefined;
  readonly version: string | undefined;
  /** When it was read, in milliseconds of a clock that nobody sets. */
  readonly readAt: number;
  /** The last notice of a change that came before this was known to be true. */
  notice: string;
}

interface Reading {
  readonly client: Promise<RegisteredClient | undefined>;
  readonly since: number;
}

/** Milliseconds. Who asks later does not take what was read so long before. */
const staleness = 500;
/** A change whose author died before telling of it counts within this time. */
const longestMemory = 60_000;
const rememberedClients = 5000;
/** Between two notes of when a secret was last used. */
const noteInterval = 60_000;

/**
 * The clients in a workspace's store, for requests: read through a memory that hears of changes within a second. As long
 * as nothing changes they cost no `get` beyond that of the notices, which all workspaces share; after each change of any
 * client, one per client that is used.
 */
export class StoredClients implements ClientRegistry {
  readonly #records: ClientRecords;
  readonly #store: Store;
  readonly #notices: ChangeNotices;
  readonly #dependencies: ClientDependencies;
  readonly #known = new LRUCache<string, Known>({ max: rememberedClients });
  readonly #reading = new Map<string, Reading>();
  /** Counts what `forget` was told, so that what was read before it is not remembered after it. */
  #forgotten = 0;
  readonly #noted = new LRUCache<string, number>({ max: rememberedClients });

  constructor(store: Store, notices: ChangeNotices, dependencies: ClientDependencies) {
    this.#store = store;
    this.#notices = notices;
    this.#records = new ClientRecords(store);
    this.#dependencies = dependencies;
  }

  find(clientId: string): Promise<RegisteredClient | undefined> | RegisteredClient | undefined {
    if (!isClientId(clientId)) return undefined;
    const known = this.#known.get(clientId);
    const since = performance.now();
    if (known && stands(known, this.#notices.heard(), since)) return known.client;
    const underway = this.#reading.get(clientId);
    if (underway && since < underway.since + staleness) return underway.client;
    const client = this.#find(clientId, known).finally(() => {
      if (this.#reading.get(clientId)?.client === client) this.#reading.delete(clientId);
    });
    this.#reading.set(clientId, { client, since });
    return client;
  }

  async newer(client: RegisteredClient): Promise<RegisteredClient | undefined> {
    const known = this.#known.get(client.id);
    // One of the configuration, or one that has changed already.
    if (!known || known.client !== client) return known?.client;
    const found = await this.#read(client.id, known);
    return found === client ? undefined : found;
  }

  /** The next look-up in this process reads the store. */
  forget(clientId: string): void {
    this.#forgotten += 1;
    this.#known.delete(clientId);
    this.#reading.delete(clientId);
  }

  noteUse(clientId: string, secretId: string, now: number): void {
    const incarnation = this.#known.get(clientId)?.incarnation;
    if (incarnation === undefined) return;
    const key = useKey(incarnation, secretId);
    if (now - (this.#noted.get(key) ?? Number.NEGATIVE_INFINITY) < noteInterval) return;
    this.#noted.set(key, now);
    // Nobody waits for it, and a request does not fail for it.
    this.#store.set(key, String(Math.floor(now / 1000)), Infinity).catch(() => this.#noted.delete(key));
  }

  async #find(clientId: string, known: Known | undefined): Promise<RegisteredClient | undefined> {
    if (known && stands(known, await this.#notices.listen(), performance.now())) return known.client;
    return this.#read(clientId, known);
  }

  async #read(clientId: string, known: Known | undefined): Promise<RegisteredClient | undefined> {
    const start = performance.now();
    const forgotten = this.#forgotten;
    // The notice before the version, the version before all else: what is read later is at least as new.
    const notice = this.#notices.heard() ?? (await this.#notices.listen());
    const version = await this.#records.version(clientId);
    if (known && known.version === version && start < known.readAt + longestMemory) {
      known.notice = notice;
      return known.client;
    }
    const record = version === undefined ? undefined : await this.#records.read(clientId);
    const credentials = record ? await new Credentials(this.#store, record.incarnation).read() : [];
    const dependencies = { ...this.#dependencies, selfRegistered: record?.management !== undefined };
    const client = record && compileStoredClient(assembled(record, credentials), dependencies);
    const incarnation = record?.incarnation;
    if (forgotten === this.#forgotten) {
      this.#known.set(clientId, { client, incarnation, version, readAt: start, notice });
    }
    return client;
  }
}

/** Whether nothing was announced since it was read. */
function stands({ notice, readAt }: Known, last: string | undefined, now: number): boolean {
  return notice === last && now < readAt + longestMemory;
}

/** Where it is noted when a secret was last used, in seconds since 1970. */
export function useKey(incarnation: string, secretId: string): string {
  return `stored-client-use/${incarnation}/${secretId}`;
}
