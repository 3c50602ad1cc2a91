import type { Store } from './store.js';

/** What one kind of entry takes in one space. */
export interface StoreShare {
  /** `tenant/workspace`, or `-` for what belongs to the server. */
  readonly space: string;
  /** The first word of the key within its space, such as `jti` or `refresh-token`. */
  readonly kind: string;
  readonly entries: number;
  /** Of keys and values, in UTF-8; what the store itself adds is not in it. */
  readonly bytes: number;
  /** How many of the entries never expire. */
  readonly endless: number;
}

/** What lives in a store, the largest share first. Reads all of it: minutes, where there are millions of entries. */
export async function storeStats(store: Store): Promise<StoreShare[]> {
  const shares = new Map<string, { -readonly [K in keyof StoreShare]: StoreShare[K] }>();
  for await (const { key, value, ttl } of store.scan('')) {
    const { space, kind } = placeOf(key);
    const name = `${space}/${kind}`;
    const share = shares.get(name) ?? { space, kind, entries: 0, bytes: 0, endless: 0 };
    shares.set(name, share);
    share.entries += 1;
    share.bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
    if (ttl === Number.POSITIVE_INFINITY) share.endless += 1;
  }
  return [...shares.values()].sort((one, other) => other.bytes - one.bytes);
}

/** Keys of workspaces are `tenant/workspace/kind/...`; those of the server have fewer parts, or begin with @. */
function placeOf(key: string): { space: string; kind: string } {
  const [tenant = '', workspace, kind] = key.split('/');
  if (tenant.startsWith('@') || workspace === undefined || kind === undefined) return { space: '-', kind: tenant };
  return { space: `${tenant}/${workspace}`, kind };
}
