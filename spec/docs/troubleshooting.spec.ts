import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { failureReasons } from '../../lib/errors.js';

const page = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8');
/** The words of the second column. */
const reasons = [...page.matchAll(/^\|[^|]+\|([^|]+)\|/gm)].flatMap(
  ([, cell = '']) => cell.match(/[a-z]+(_[a-z]+)+/g) ?? [],
);

describe('docs/troubleshooting.md', () => {
  it('names reasons that there are', () => {
    expect(reasons.length).toBeGreaterThan(20);
    expect(reasons.filter((reason) => !(reason in failureReasons))).toEqual([]);
  });
});
