import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { joinPath, OptionsError, parseOptions } from '../options.js';
import type { ClientRegistry, RegisteredClient } from './client.js';
import { type ClientMetadataInput, clientMetadataSchema } from './metadata.js';
import { type ClientDependencies, registeredClient } from './registered-client.js';

/**
 * A host's own client database. `find` answers the client's metadata, or nothing for a client that does not exist; its
 * null members count as absent. It is asked once per request that names a client, and what it throws becomes
 * `internal_error`. The secret may be plain or, as `client_secret_hash`, hashed.
 */
export interface ClientSource {
  find(clientId: string): Promise<ClientMetadataInput | null | undefined> | ClientMetadataInput | null | undefined;
}

const rememberedClients = 5000;
/** RFC 6749 A.1. What is not of this form cannot be registered, and is not worth asking a database for. */
const clientIdSyntax = /^[\x20-\x7e]{1,255}$/;

/**
 * The clients of one issuer, made ready once each. An array is checked whole, now: OptionsError names every mistake by
 * its path below `at` (`clients[3].jwks`). The clients of an object with `find` are made ready when first seen, and
 * again when their record has changed.
 */
export function clientRegistry(
  source: readonly ClientMetadataInput[] | ClientSource,
  dependencies: ClientDependencies,
  at = 'clients',
): ClientRegistry {
  if (Array.isArray(source)) return new ListedClients(source, dependencies, at);
  if (typeof (source as Partial<ClientSource> | undefined)?.find === 'function') {
    return new FoundClients(source as ClientSource, dependencies);
  }
  throw new OptionsError([{ path: at, message: 'must be an array of clients, or an object with find(clientId)' }]);
}

/** Whether a client can have this id (RFC 6749 A.1). */
export function isClientId(text: string): boolean {
  return clientIdSyntax.test(text);
}

/** A client of our own store made ready. What is wrong with it is ours to mend, so it is no OptionsError. */
export function compileStoredClient(record: ClientMetadataInput, dependencies: ClientDependencies): RegisteredClient {
  try {
    return compileClient(record, dependencies, '');
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    throw new Error(`The stored client ${JSON.stringify(record.client_id)} is wrong:\n${error.message}`);
  }
}

/** One client from metadata. Throws OptionsError naming every mistake by its path below `at`. */
export function compileClient(record: unknown, dependencies: ClientDependencies, at: string): RegisteredClient {
  const parsed = parseOptions(clientMetadataSchema, record, at);
  try {
    return registeredClient(parsed, dependencies);
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    throw new OptionsError(error.mistakes.map(({ path, message }) => ({ path: joinPath(at, [path]), message })));
  }
}

class ListedClients implements ClientRegistry {
  readonly #clients = new Map<string, RegisteredClient>();

  constructor(records: readonly unknown[], dependencies: ClientDependencies, at: string) {
    const mistakes: { path: string; message: string }[] = [];
    for (const [index, record] of records.entries()) {
      const path = joinPath(at, [index]);
      try {
        const client = compileClient(record, dependencies, path);
        if (this.#clients.has(client.id)) {
          mistakes.push({ path: `${path}.client_id`, message: `is taken: ${JSON.stringify(client.id)} stands above` });
        }
        this.#clients.set(client.id, client);
      } catch (error) {
        if (!(error instanceof OptionsError)) throw error;
        mistakes.push(...error.mistakes);
      }
    }
    if (mistakes.length > 0) throw new OptionsError(mistakes);
  }

  find(clientId: string): RegisteredClient | undefined {
    return this.#clients.get(clientId);
  }

  all(): readonly RegisteredClient[] {
    return [...this.#clients.values()];
  }
}

interface Remembered {
  readonly digest: string;
  readonly client: RegisteredClient;
}

class FoundClients implements ClientRegistry {
  readonly #source: ClientSource;
  readonly #dependencies: ClientDependencies;
  readonly #remembered = new LRUCache<string, Remembered>({ max: rememberedClients });

  constructor(source: ClientSource, dependencies: ClientDependencies) {
    this.#source = source;
    this.#dependencies = dependencies;
  }

  async find(clientId: string): Promise<RegisteredClient | undefined> {
    if (!clientIdSyntax.test(clientId)) return undefined;
    const record = await this.#source.find(clientId);
    // A database may find "Abc" where "abc" was asked for; to OAuth they are two clients.
    if (record === undefined || record === null) return undefined;
    if (typeof record.client_id === 'string' && record.client_id !== clientId) return undefined;
    const json = JSON.stringify(record);
    // A digest, because the record may hold the plain secret.
    const digest = hash('sha256', json, 'base64');
    const remembered = this.#remembered.get(clientId);
    if (remembered?.digest === digest) return remembered.client;
    const client = this.#compile(clientId, json);
    this.#remembered.set(clientId, { digest, client });
    return client;
  }

  #compile(clientId: string, json: string): RegisteredClient {
    const record: Record<string, unknown> = JSON.parse(json);
    const present = Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
    try {
      return compileClient(present, this.#dependencies, '');
    } catch (error) {
      if (!(error instanceof OptionsError)) throw error;
      throw new Error(
        `The record that clients.find gave for client ${JSON.stringify(clientId)} is wrong:\n${error.message}`,
      );
    }
  }
}
