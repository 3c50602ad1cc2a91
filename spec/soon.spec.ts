import { describe, expect, it } from '@jest/globals';
import { following, rescued } from '../lib/soon.js';

const failure = new Error('no');
const fail = () => {
  throw failure;
};
/** A promise of another library, as query builders answer. */
const thenable = (value: number): Promise<number> => {
  const promise = Promise.resolve(value);
  // biome-ignore lint/suspicious/noThenProperty: what makes it one
  return { then: promise.then.bind(promise) } as Promise<number>;
};

describe('what need not be waited for', () => {
  it('is passed on at once, and what is promised once it is there', async () => {
    expect(following(1, (value) => value + 1)).toBe(2);
    expect(following(undefined, () => 'nothing')).toBe('nothing');
    expect(await following(Promise.resolve(1), (value) => value + 1)).toBe(2);
    expect(await following(thenable(1), (value) => value + 1)).toBe(2);
    await expect(following(Promise.reject(failure), (value) => value)).rejects.toBe(failure);
  });

  it('is rescued alike from what is thrown and from what is rejected', async () => {
    expect(rescued(() => 1, fail)).toBe(1);
    expect(rescued(fail, (thrown) => [thrown])).toEqual([failure]);
    expect(
      await rescued(
        () => Promise.reject(failure),
        (thrown) => [thrown],
      ),
    ).toEqual([failure]);
    expect(await rescued(() => thenable(1), fail)).toBe(1);
    expect(() => rescued(fail, fail)).toThrow(failure);
    await expect(rescued(() => Promise.reject(failure), fail)).rejects.toBe(failure);
  });
});
