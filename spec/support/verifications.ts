import crypto from 'node:crypto';
import { jest } from '@jest/globals';

/** How many signatures and MACs of JWS are verified while something is done. */
export async function verifications(work: () => unknown): Promise<number> {
  const spies = [jest.spyOn(crypto, 'verify'), jest.spyOn(crypto, 'createHmac')];
  try {
    await work();
    return spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
