import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

// A compiler is started.
jest.setTimeout(180_000);

const root = fileURLToPath(new URL('../..', import.meta.url));
const committed = join(root, 'docs', 'reference');
const cache = join(root, 'node_modules', '.cache', 'express-client-auth');
let place = '';
let written = '';

/** Runs a script as `npm run reference` does, on a package that is compiled here and now. */
function generate(): void {
  // Below node_modules, where what is compiled finds its packages.
  mkdirSync(cache, { recursive: true });
  place = mkdtempSync(join(cache, 'reference-'));
  written = join(place, 'written');
  const node = (...words: string[]) => execFileSync(process.execPath, words, { cwd: root, encoding: 'utf8' });
  node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', join(place, 'dist'));
  node('spec/support/reference.js', join(place, 'dist'), written);
}

beforeAll(generate);
afterAll(() => rmSync(place, { recursive: true, force: true }));

const page = (name: string) => readFileSync(join(written, name), 'utf8');

describe('docs/reference', () => {
  it('is what npm run reference writes', () => {
    const pages = readdirSync(committed).sort();
    expect(pages).toEqual(['clients.md', 'configuration.md', 'exports.md', 'options.md']);
    expect(readdirSync(written).sort()).toEqual(pages);
    for (const name of pages) expect([name, page(name)]).toEqual([name, readFileSync(join(committed, name), 'utf8')]);
  });

  it('has every export of the package, and no other', async () => {
    const library = await import('../../index.js');
    const headings = [...page('exports.md').matchAll(/^## (.+)$/gm)].map(([, name]) => name);
    expect(headings).toEqual(expect.arrayContaining([...Object.keys(library), 'Store', 'GrantRouterOptions']));
    expect(headings).not.toContain('statementsOf');
    const source = ['index.ts', 'strategies/index.ts'].map((path) => readFileSync(join(root, path), 'utf8')).join('');
    const words = new Set(source.match(/\w+/g));
    expect(headings.filter((name) => !words.has(name ?? ''))).toEqual([]);
    expect(new Set(headings).size).toBe(headings.length);
  });

  it('tells the type, the default and the meaning of a member, however deep it stands', () => {
    expect(page('configuration.md')).toContain('| `rate_limits.client.period` | integer, 1 to 86400 | `60` | Seconds.');
    expect(page('configuration.md')).toContain('| `tenants` | object of object | required |');
    expect(page('options.md')).toContain('| `resources.{name}.scopes` | list of string | `[]` |');
    expect(page('clients.md')).toContain('| `application_type` | `web`, `native` | `web` |');
  });

  it('leaves no member and no entry without words', () => {
    const cells = ['configuration.md', 'options.md', 'clients.md'].flatMap(
      (name) => page(name).match(/^\| .*$/gm) ?? [],
    );
    expect(cells.length).toBeGreaterThan(200);
    expect(cells.filter((line) => /\|\s*\|$/.test(line) || line.includes('| undefined'))).toEqual([]);
    const entries = page('exports.md').split(/^## /m).slice(1);
    expect(entries.filter((entry) => !entry.includes('```ts\n')).map((entry) => entry.split('\n')[0])).toEqual([]);
  });
});
