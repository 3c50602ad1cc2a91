import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { commands } from '../../command-line/commands.js';

const root = new URL('../../', import.meta.url);
const docs = readdirSync(new URL('docs', root)).filter((name) => name.endsWith('.md'));
const pages = ['README.md', ...docs.map((name) => `docs/${name}`)];

/** Every command line on a page, from behind the program's name to the end of the line, of the code or of the pipe. */
function commandLines(page: string): string[] {
  const text = readFileSync(new URL(page, root), 'utf8');
  return [...text.matchAll(/(?<![\w/'"@-])express-client-auth +([a-z][^\n`|<>#;)]*)/g)]
    .filter(([whole, words = '']) => !whole.includes("'") && !/^(express|passport)\b/.test(words))
    .map(([, words = '']) => words.trim());
}

/** What is wrong with one. */
function problemOf(line: string): string | undefined {
  const words = line.split(/\s+/);
  const command = commands.find(({ name }) => `${line} `.startsWith(`${name} `));
  if (!command) {
    const isGroup = words.includes('--help') || words[0]?.startsWith('--');
    return isGroup ? undefined : `there is no command "${line}"`;
  }
  const options = words.filter((word) => word.startsWith('--')).map((word) => word.slice(2).replace(/[=,.:].*$/, ''));
  const unknown = options.find((name) => !['json', 'help'].includes(name) && !Object.hasOwn(command.options, name));
  return unknown === undefined ? undefined : `${command.name} has no option --${unknown}`;
}

const all = pages.flatMap((page) => commandLines(page).map((line) => ({ page, line })));

describe('command lines in the documentation', () => {
  it('are found', () => {
    expect(all.length).toBeGreaterThan(40);
    expect(problemOf('client add FILE --colour')).toBe('client add has no option --colour');
    expect(problemOf('client change FILE')).toBe('there is no command "client change FILE"');
  });

  it.each(pages)('of %s are ones', (page) => {
    const problems = all.filter((each) => each.page === page).map(({ line }) => problemOf(line));
    expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  });
});
