import { memoryStore } from './memory.js';
import type { Store } from './store.js';

type Opener = (rest: string) => Store | Promise<Store>;

const openers = new Map<string, Opener>([
  ['memory', openMemory],
  ['lmdb', openLmdb],
  ['redis', () => notBuilt('redis')],
  ['rediss', () => notBuilt('rediss')],
  ['postgres', () => notBuilt('postgres')],
  ['postgresql', () => notBuilt('postgresql')],
]);

const KNOWN = 'memory:, memory:?acknowledge=single-process, lmdb:DIR';

/**
 * Opens the store a URL names: `memory:`, `memory:?acknowledge=single-process`, or `lmdb:DIR` with DIR taken literally
 * and relative to the working directory.
 *
 * Rejects with an Error that says what is wrong: a scheme nobody knows, one this version does not have, or the reason
 * the store gives. Nothing of the URL but its scheme and the directory of `lmdb:` is repeated, as it may hold a password.
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

function notBuilt(scheme: string): never {
  throw new Error(`The ${scheme}:// store is not part of this version. Use one of: ${KNOWN}`);
}
