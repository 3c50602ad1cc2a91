/** What a migration found and left, as versions that count from 1. 0: there was nothing. */
export interface StoreMigration {
  readonly schema: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Makes the tables of the store a URL names, or brings them to the version of this package. Stores without tables
 * answer undefined. May run while the store is in use, more than once, and twice at once.
 *
 * Rejects with an Error that says what is wrong; of the URL it repeats host, database and schema alone.
 */
export async function migrateStore(url: string): Promise<StoreMigration | undefined> {
  if (!/^postgres(ql)?:/i.test(url)) return undefined;
  const { migratePostgres } = await import('./postgres-migrations.js');
  return migratePostgres(url);
}
