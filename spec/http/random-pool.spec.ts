import { expect, it } from '@jest/globals';

it('GEN-16 tokens to come are in no memory that other buffers share, however much of it the host lets them share', async () => {
  const { poolSize } = Buffer;
  try {
    Buffer.poolSize = 65_536;
    // Fills what is left of the pool before.
    for (let octets = 0; octets < 65_536; octets += 4096) Buffer.allocUnsafe(4095);
    const { randomToken } = await import('../../lib/http/random-token.js');
    const neighbour = Buffer.from('of the host');
    expect(neighbour.buffer.byteLength).toBe(65_536);
    randomToken();
    const shared = Buffer.from(Buffer.from(neighbour.buffer));
    expect(shared.includes(Buffer.from(randomToken(), 'base64url'))).toBe(false);
  } finally {
    Buffer.poolSize = poolSize;
  }
});
