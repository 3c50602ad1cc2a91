import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));
const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.md'),
);
const pages = ['README.md', 'SECURITY.md', 'CHANGELOG.md', ...docs.map((name) => `docs/${name}`)];

/** A page without its code blocks, in which nothing is a heading or a link. */
function prose(path: string): string {
  return readFileSync(join(root, path), 'utf8').replace(/^( *)```[\s\S]*?^\1```$/gm, '');
}

/** The anchors that GitHub gives the headings of a page; equal ones are numbered. */
function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const slug = heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
}

/** The targets of a page's links. */
function targetsOf(text: string): string[] {
  return [...text.replace(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** What is wrong with a link, or undefined. */
function mistakeOf(page: string, target: string): string | undefined {
  if (/^https:\/\/[^/]+\.[a-z]+/.test(target)) return undefined;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : relative(root, join(root, dirname(page), path));
  if (file.startsWith('..') || !existsSync(join(root, file))) return `${target}: there is no ${file}`;
  if (anchor === undefined || anchorsOf(prose(file)).includes(anchor)) return undefined;
  return `${target}: ${file} has no such heading`;
}

describe('the links', () => {
  it.each(pages)('of %s all lead somewhere', (page) => {
    const mistakes = targetsOf(prose(page)).map((target) => mistakeOf(page, target));
    expect(mistakes.filter((mistake) => mistake !== undefined)).toEqual([]);
  });

  it('are found and judged by this spec', () => {
    const text = '# One `two`, three\n## Same\n## Same\nSee [a](x.md#b), [b](#same-1) and `[c](d)`.';
    expect(anchorsOf(text)).toEqual(['one-two-three', 'same', 'same-1']);
    expect(targetsOf(text)).toEqual(['x.md#b', '#same-1']);
    expect(mistakeOf('README.md', 'docs/nothing.md')).toBe('docs/nothing.md: there is no docs/nothing.md');
    expect(mistakeOf('docs/keys.md', '#no-such-heading')).toContain('docs/keys.md has no such heading');
    expect(mistakeOf('docs/keys.md', '../../secret.md')).toContain('there is no');
    expect(mistakeOf('README.md', 'http://example.com')).toContain('there is no');
  });

  it.each(pages)('of %s: files that are named in code spans are there', (page) => {
    const named = [...prose(page).matchAll(/`((?:docs|spec|bench|example-app)\/[\w./-]+\.\w+)`/g)];
    expect(named.map(([, path = '']) => path).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

it('no entry of the changelog stands there twice, or begins like another one', () => {
  const entries = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')
    .split(/^(?=- )/m)
    .filter((text) => text.startsWith('- '));
  const twice = entries.filter((entry) =>
    entries.some((other) => other !== entry && other.startsWith(entry.trimEnd())),
  );
  expect(entries.length).toBeGreaterThan(50);
  expect(twice).toEqual([]);
  expect(new Set(entries.map((entry) => entry.trim())).size).toBe(entries.length);
});

describe('every page of docs/', () => {
  const start = new Set([
    ...targetsOf(prose('README.md')),
    ...targetsOf(prose('docs/README.md')).map((target) => `docs/${target}`),
  ]);

  it.each(docs.filter((name) => name !== 'README.md'))('%s is found from docs/README.md', (name) => {
    expect(targetsOf(prose('docs/README.md')).map((target) => target.split('#')[0])).toContain(name);
  });

  it('docs/README.md is found from README.md', () => {
    expect([...start]).toContain('docs/README.md');
  });
});

describe('every name of the package', () => {
  const source = ['index.ts', 'strategies/index.ts'].map((path) => readFileSync(join(root, path), 'utf8')).join('');
  const names = [
    ...[...source.matchAll(/^export (?:type )?\{([^}]+)\} from/gm)].flatMap(
      ([, list = '']) => list.match(/\w+/g) ?? [],
    ),
    ...[...source.matchAll(/^export function (\w+)/gm)].map(([, name = '']) => name),
  ].filter((word) => word !== 'type');
  const words = new Set(docs.flatMap((name) => readFileSync(join(root, 'docs', name), 'utf8').match(/\w+/g) ?? []));

  it('is found by this spec', () => {
    expect(names).toEqual(expect.arrayContaining(['grantRouter', 'Store', 'NoneStrategy', 'standardStrategies']));
    expect(source.match(/^export (?!\*|function |(?:type )?\{)/gm)).toBeNull();
  });

  it('is on a page of docs/', () => {
    expect(names.filter((name) => !words.has(name))).toEqual([]);
  });
});
