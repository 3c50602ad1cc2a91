import { describe, expect, it } from '@jest/globals';
import { loggable } from '../lib/loggable-value.js';

describe('loggable', () => {
  it.each([
    ['short', 'short'],
    ['', ''],
    [12, 12],
    [null, null],
    [undefined, undefined],
    [true, true],
    [
      ['a', 1, null],
      ['a', 1, null],
    ],
    [{ a: 1 }, 'an object'],
    [
      [['a'], { b: 1 }],
      ['an array', 'an object'],
    ],
  ])('shows %j as %j', (value, shown) => {
    expect(loggable(value)).toEqual(shown);
  });

  it('cuts what is long', () => {
    expect(loggable('x'.repeat(200))).toBe('x'.repeat(200));
    expect(loggable('x'.repeat(201))).toBe(`${'x'.repeat(200)}…`);
    expect(loggable(Array.from({ length: 11 }, (_, index) => index))).toHaveLength(10);
    expect(JSON.stringify(loggable(Array.from({ length: 50 }, () => 'y'.repeat(9000)))).length).toBeLessThan(2200);
  });

  it('goes into no depth', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`);
    expect(loggable(deep)).toEqual(['an array']);
    expect(loggable({ toString: 1, deep })).toBe('an object');
  });
});
