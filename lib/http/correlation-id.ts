import { randomFillSync } from 'node:crypto';

const idBytes = 15;
const pool = Buffer.alloc(idBytes * 256);
let used = pool.length;

/**
 * A new name for one request, 20 base64url characters, the first no dash: people paste it behind a command. Ours alone,
 * as a caller must not choose what our log says.
 */
export function newCorrelationId(): string {
  // From a pool: one call into the random generator per 256 requests.
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += idBytes;
  const id = pool.toString('base64url', used - idBytes, used);
  return id.startsWith('-') ? `0${id.slice(1)}` : id;
}
