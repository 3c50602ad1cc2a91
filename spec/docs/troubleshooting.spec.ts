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

/** Words in code spans of tables. */
function reasonsInTables(name: string): string[] {
  const text = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
  const rows = text.match(/^\|.*\|$/gm) ?? [];
  return rows.flatMap((row) => [...row.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, reason = '']) => reason));
}

describe.each(['journey-of-a-request.md', 'public-clients.md'])('the tables of docs/%s', (name) => {
  it('name reasons that there are', () => {
    expect(reasonsInTables(name)).not.toEqual([]);
    expect(reasonsInTables(name).filter((reason) => !(reason in failureReasons))).toEqual([]);
  });
});
