import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

it('docs/observability.md has every warning, each once', () => {
  const [, section = ''] = read('docs/observability.md').split('\n## Warnings\n');
  const cells = (section.split('\n## ')[0] ?? '').match(/^\| [^|]+/gm) ?? [];
  const onPage = cells.flatMap((cell) => cell.match(/[a-z]+(?:_[a-z]+)+/g) ?? []);
  const [, union = ''] = /export type WarningName =([^;]+);/.exec(read('lib/events.ts')) ?? [];
  const names = union.match(/[a-z_]+/g) ?? [];
  expect(names).toContain('refresh_token_reused');
  expect(onPage.sort()).toEqual(names.sort());
});
