import { randomFillSync } from 'node:crypto';

const tokenBytes = 32;
// Of its own: `allocUnsafe` may take memory that other buffers share, and show them tokens to come.
const pool = Buffer.alloc(tokenBytes * 128);
let used = pool.length;

/** 256 random bits in base64url, 43 characters (RFC 6749 10.10 asks for 160). */
export function randomToken(): string {
  // From a pool: filling 4 KiB costs hardly more than filling 32 bytes.
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += tokenBytes;
  const token = pool.toString('base64url', used - tokenBytes, used);
  pool.fill(0, used - tokenBytes, used);
  return token;
}
