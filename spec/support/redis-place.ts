import { randomUUID } from 'node:crypto';
import { createClient } from 'redis';
import { redisUrl } from './services.js';
import type { StorePlace } from './store-kinds.js';

/** A key prefix of its own on the Redis server. */
export function newRedisPlace(): StorePlace {
  const prefix = `spec:${randomUUID()}:`;
  return { url: `${redisUrl}?prefix=${prefix}`, remove: () => removeKeys(prefix) };
}

async function removeKeys(prefix: string): Promise<void> {
  const client = createClient({ url: redisUrl });
  await client.connect();
  for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
    if (keys.length > 0) await client.unlink(keys);
  }
  await client.close();
}
