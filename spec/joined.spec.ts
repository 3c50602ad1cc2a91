import { expect, it } from '@jest/globals';
import { joined } from '../lib/joined.js';

it('makes a new object of the members of both, those of the second before those of the first', () => {
  const [own, more] = [Object.freeze({ a: 1, b: 2 }), Object.freeze({ b: 3, c: undefined })];
  expect(joined(own, more)).toStrictEqual({ a: 1, b: 3, c: undefined });
});

it.each([
  ['first', (hostile: object) => joined(hostile, { b: 1 })],
  ['second', (hostile: object) => joined({ b: 1 }, hostile)],
])('takes no prototype from a record, %s', (_, join) => {
  const made = join(JSON.parse('{"a":1,"__proto__":{"isAdmin":true}}'));
  expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
  expect('isAdmin' in made).toBe(false);
  expect(Object.entries(made)).toContainEqual(['a', 1]);
});
