import { expect, it } from '@jest/globals';
import { newCorrelationId } from '../../lib/http/correlation-id.js';
import { randomToken } from '../../lib/http/random-token.js';

it.each([
  ['a token', randomToken, 43],
  ['a correlation id', newCorrelationId, 20],
] as const)('GEN-16 %s is new each time, also where the pool is filled again', (_name, make, length) => {
  const values = Array.from({ length: 2000 }, () => make());
  expect(new Set(values).size).toBe(values.length);
  for (const value of values) expect(value).toMatch(new RegExp(`^[A-Za-z0-9_-]{${length}}$`));
});

it('GEN-16 every bit of a token is one half of the time', () => {
  const ones = new Array<number>(256).fill(0);
  const rounds = 4000;
  for (let round = 0; round < rounds; round += 1) {
    const octets = Buffer.from(randomToken(), 'base64url');
    expect(octets).toHaveLength(32);
    for (let bit = 0; bit < 256; bit += 1) ones[bit]! += (octets[bit >> 3]! >> (bit & 7)) & 1;
  }
  // Eight standard deviations.
  for (const count of ones) expect(Math.abs(count - rounds / 2)).toBeLessThan(4 * Math.sqrt(rounds));
});
