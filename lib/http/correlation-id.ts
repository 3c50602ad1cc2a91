import { randomFillSync } from 'node:crypto';

const idBytes = 15;
const pool = Buffer.allocUnsafe(idBytes * 256);
let used = pool.length;

/** A new name for one request, 20 base64url characters. Ours alone: a caller must not choose what our log says. */
export function newCorrelationId(): string {
  // From a pool: one call into the random generator per 256 requests.
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += idBytes;
  return pool.toString('base64url', used - idBytes, used);
}
