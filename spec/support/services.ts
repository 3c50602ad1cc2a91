/** Where the servers of the shared stores answer. `npm test` looks for them and says what is missing; see store-servers.js. */
export const redisUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379/0';
export const databaseUrl = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/test';

/** Names of store kinds whose server is missing, so that no spec runs on them. */
export const withoutStores: readonly string[] = (process.env.SPEC_WITHOUT_STORES ?? '').split(',').filter(Boolean);
