import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

it('docs/performance.md has rows between all of its marks', () => {
  const page = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8');
  const tables = [...page.matchAll(/<!-- (\w+) -->\n(.*?)<!-- \/\1 -->/gs)];
  expect(tables).toHaveLength(7);
  for (const [, name, text = ''] of tables)
    expect([name, text.match(/^\| .*\d/gm)?.length]).toEqual([name, expect.any(Number)]);
});
