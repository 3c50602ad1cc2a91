import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { isAsShown, stepsOf, Walkthrough } from '../support/walkthrough.js';

jest.setTimeout(120_000);

const docs = new URL('../../docs/', import.meta.url);
const read = (page: string) => readFileSync(new URL(page, docs), 'utf8');
const pages = readdirSync(docs).filter((name) => /^(?:tutorial|how-to)-.*\.md$/.test(name));

let walkthrough: Walkthrough | undefined;
afterEach(() => {
  walkthrough?.close();
  walkthrough = undefined;
});
const follow = (page: string) => {
  walkthrough = new Walkthrough();
  return walkthrough.follow(page);
};

describe('a page that shows how something is done', () => {
  it.each(pages)('%s works as it is printed', async (page) => {
    expect(stepsOf(read(page)).some(({ kind }) => kind === 'output')).toBe(true);
    await follow(read(page));
  });
});

describe('this spec', () => {
  const fenced = (language: string, text: string) => `\`\`\`${language}\n${text}\n\`\`\`\n`;

  it('sees files, commands, servers, what is printed and what is logged', () => {
    const page = [
      fenced('js', "// a/b.js\nimport 'c';"),
      fenced('sh', 'curl x'),
      fenced('json', '{}'),
      fenced('json', '{"event"}'),
      fenced('sh', 'PORT=1 node b.js'),
      fenced('text', 'Ready'),
    ];
    expect(stepsOf(page.join('\n')).map(({ kind }) => kind)).toEqual([
      'file',
      'commands',
      'output',
      'log',
      'server',
      'log',
    ]);
    expect(() => stepsOf(fenced('js', 'b()'))).toThrow('Code without the name of a file');
  });

  it('takes dots for anything, and a dot for a dot', () => {
    expect(isAsShown('{"a": "b...", "c": 1}', '{"a":"bcd","c":1}')).toBe(true);
    expect(isAsShown('{"a": "b...", "c": 1}', '{"a":"bcd","c":2}')).toBe(false);
    expect(isAsShown('a.b', 'axb')).toBe(false);
  });

  it('fails where a page shows what is not printed', async () => {
    await expect(follow(fenced('sh', 'echo one') + fenced('text', 'two'))).rejects.toThrow('Not as shown:\ntwo\n\none');
  });

  it('fails where a page needs what it did not install', async () => {
    const page = fenced('js', "// a.mjs\nimport 'express';\nconsole.log('found');");
    const rest = fenced('sh', 'node a.mjs') + fenced('text', 'found');
    await expect(follow(page + rest)).rejects.toThrow("Cannot find package 'express'");
    walkthrough?.close();
    await follow(page + fenced('sh', 'npm install express') + rest);
  });
});
