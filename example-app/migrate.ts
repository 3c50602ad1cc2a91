import { migrateStore, type StoreMigration } from '../index.js';
import { readConfiguration } from './configuration/configuration.js';
import type { Settings } from './flags.js';
import { withoutCredentials } from './store-place.js';

/** What a migration did, and where. */
export interface Migrated {
  /** Its URL without user and password. Undefined: nobody named a store, so that it is an `lmdb:` of the server's own. */
  readonly store: string | undefined;
  /** Undefined: such a store has no tables. */
  readonly migration: StoreMigration | undefined;
}

/**
 * Migrates the store that a server with these settings uses, which need not have been started yet. Rejects with an Error that says what is wrong.
 */
export async function migrate({ store: given, config }: Settings): Promise<Migrated> {
  const url = given ?? (config === undefined ? undefined : readConfiguration(config).store);
  if (url === undefined) return { store: undefined, migration: undefined };
  return { store: withoutCredentials(url), migration: await migrateStore(url) };
}
