import { describe, expect, it } from '@jest/globals';
import { type KeyTimes, keysInState, nextChange } from '../../lib/tokens/key-states.js';

const life = 100;
const key = (created: number, activates_at = created, replaces_all = false) => ({
  created,
  activates_at,
  replaces_all,
});
const first = key(0);
const second = key(500, 1000);

/** Which keys are there, by their index, and in what state. */
function at(now: number, ...keys: KeyTimes[]): string[] {
  return keysInState(keys, life, now).map(({ key: found, state }) => `${keys.indexOf(found)} ${state}`);
}

describe('the states of keys follow from times', () => {
  it.each<[string, string[], string[]]>([
    ['the first key is active at once', at(0, first), ['0 active']],
    ['and for ever, while no other comes', at(1e9, first), ['0 active']],
    ['one that is new waits beside it', at(999, first, second), ['0 active', '1 next']],
    ['and takes over at its time', at(1000, first, second), ['0 retired', '1 active']],
    ['the old one stays until its last token is over', at(1099, first, second), ['0 retired', '1 active']],
    ['and not a second longer', at(1100, first, second), ['1 active']],
    ['a key that replaces all is alone', at(600, first, second, key(600, 600, true)), ['2 active']],
    ['what comes after it is not touched', at(700, first, key(600, 600, true), key(650, 900)), ['1 active', '2 next']],
    ['nor does the clock of the reader hold it up', at(590, first, key(600, 600, true)), ['1 active']],
    ['one dated far ahead is passed by', at(1000, first, key(0, 9000), second), ['0 retired', '1 retired', '2 active']],
    ['and is over with the rest', at(1100, first, key(0, 9000), second), ['2 active']],
    ['also when its time comes', at(9000, first, key(0, 9000), second), ['2 active']],
    ['a first key signs even before its time: there is no other', at(-60, first), ['0 active']],
  ])('%s', (_name, found, expected) => expect(found).toEqual(expected));

  it('says when a key retires and goes, only where another takes over', () => {
    expect(keysInState([first], life, 0)).toEqual([{ key: first, state: 'active' }]);
    expect(keysInState([first, second], life, 0)).toEqual([
      { key: first, state: 'active', retires_at: 1000, removed_at: 1100 },
      { key: second, state: 'next' },
    ]);
  });

  it.each([
    [0, 1000],
    [999, 1000],
    [1000, 1100],
    [1100, Number.POSITIVE_INFINITY],
  ])('at %i the next change comes at %d', (now, expected) => {
    expect(nextChange(keysInState([first, second], life, now), now)).toBe(expected);
  });
});
