import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../index.js';
import { openStore } from '../../lib/stores/open.js';
import { newPostgresPlace } from './postgres-place.js';
import { newRedisPlace } from './redis-place.js';
import { withoutStores } from './services.js';

/** Somewhere to open a store where nobody else has one: a directory, a key prefix, a schema. */
export interface StorePlace {
  readonly url: string;
  /** Removes what stands there; close the stores first. */
  remove(): Promise<void> | void;
}

export interface StoreKind {
  readonly name: string;
  /** Whether several processes may open one place. */
  readonly shared: boolean;
  newPlace(): Promise<StorePlace> | StorePlace;
}

const memory: StoreKind = {
  name: 'memory',
  shared: false,
  newPlace: () => ({ url: 'memory:', remove: () => undefined }),
};

const lmdb: StoreKind = {
  name: 'lmdb',
  shared: true,
  newPlace: () => {
    const directory = mkdtempSync(join(tmpdir(), 'spec-store-'));
    return { url: `lmdb:${directory}`, remove: () => rmSync(directory, { recursive: true }) };
  },
};

const redis: StoreKind = { name: 'redis', shared: true, newPlace: newRedisPlace };
const postgres: StoreKind = { name: 'postgres', shared: true, newPlace: newPostgresPlace };

/** Every kind of store a spec may loop over: those whose server is here. */
export const storeKinds: readonly StoreKind[] = [memory, lmdb, redis, postgres].filter(
  ({ name }) => !withoutStores.includes(name),
);

/** Those that several processes may open at once. */
export const sharedStoreKinds = storeKinds.filter(({ shared }) => shared);

/** Opens a store of this kind at a new place, which its `close` removes. */
export async function newStore(kind: StoreKind): Promise<Store> {
  const place = await kind.newPlace();
  const store = await openStore(place.url);
  const close = store.close.bind(store);
  let closed: Promise<void> | undefined;
  return Object.assign(store, {
    close: () => {
      closed ??= close().then(() => place.remove());
      return closed;
    },
  });
}
