import { memoryStore } from './memory.js';
import type { Store } from './store.js';

type Opener = (rest: string) => Store | Promise<Store>;

const openers = new Map<string, Opener>([
  ['memory', openMemory],
  ['lmdb', openLmdb],
  ['redis', (rest) => openRedis(`redis:${rest}`)],
  ['rediss', (rest) => openRedis(`rediss:${rest}`)],
  ['postgres', (rest) => openPostgres(`postgres:${rest}`)],
  ['postgresql', (rest) => openPostgres(`postgres:${rest}`)],
]);

const KNOWN =
  'memory:, memory:?acknowledge=single-process, lmdb:DIR, redis://HOST, postgres://USER:PASSWORD@HOST/DATABASE';

/**
 * Opens the store a URL names: `memory:`, `memory:?acknowledge=single-process`, `lmdb:DIR` with DIR taken literally
 * and relative to the working directory, or a URL of `redis:`, `rediss:`, `postgres:` or `postgresql:`.
 *
 * Rejects with an Error that says what is wrong: a scheme nobody knows, or the reason the store gives. Nothing of the URL but its scheme and the directory of `lmdb:` is repeated, as it may hold a password.
 */
export async function openStore(url: string): Promise<Store> {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(url) ?? [];
  if (scheme === undefined) throw new Error(`A store URL begins with its scheme. Known: ${KNOWN}`);
  const open = openers.get(scheme.toLowerCase());
  if (open === undefined) throw new Error(`Unknown store scheme "${scheme}:". Known: ${KNOWN}`);
  return open(rest);
}

function openMemory(rest: string): Store {
  if (rest !== '' && rest !== '?acknowledge=single-process') {
    throw new Error('A memory store is written memory: or memory:?acknowledge=single-process');
  }
  return memoryStore({ acknowledgeSingleProcess: rest !== '' });
}

async function openLmdb(directory: string): Promise<Store> {
  // "lmdb://data" would mean /data to the file system and ./data to its author.
  if (directory === '' || directory.startsWith('//')) {
    throw new Error('An lmdb store is written lmdb:DIR, such as lmdb:./data or lmdb:/var/lib/tokens');
  }
  const { lmdbStore } = await import('./lmdb.js');
  return lmdbStore(directory);
}

async function openRedis(url: string): Promise<Store> {
  const { redisStore } = await import('./redis.js');
  return redisStore(url);
}

async function openPostgres(url: string): Promise<Store> {
  const { postgresStore } = await import('./postgres.js');
  return postgresStore(url);
}
