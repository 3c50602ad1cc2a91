import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { failureReasons } from '../../lib/errors.js';
import { sql, unmadePostgresPlace } from '../support/postgres-place.js';
import { newRedisPlace } from '../support/redis-place.js';
import { databaseUrl } from '../support/services.js';
import { isAsShown, stepsOf, Walkthrough } from '../support/walkthrough.js';

jest.setTimeout(120_000);

const docs = new URL('../../docs/', import.meta.url);
const read = (page: string) => readFileSync(new URL(page, docs), 'utf8');
const pages = readdirSync(docs).filter((name) =>
  /^(?:tutorial-|how-to-|from-oauth2orize|from-node-oauth2-server).*\.md$/.test(name),
);

/** What stands on pages for the servers of the specs. */
const redis = newRedisPlace();
const tables = unmadePostgresPlace();
const database = new URL(databaseUrl);
database.searchParams.set('options', `-csearch_path=${tables.schema}`);
const servers = {
  'redis://localhost:6379?prefix=shop:': redis.url,
  'postgres://shop:PASSWORD@localhost:5432/shop': `'${database.href}'`,
};
beforeAll(() => sql(`CREATE SCHEMA ${tables.schema}`));
afterAll(() => Promise.all([tables.remove(), redis.remove()]));

let walkthrough: Walkthrough | undefined;
afterEach(() => {
  walkthrough?.close();
  walkthrough = undefined;
});
const follow = (page: string) => {
  walkthrough = new Walkthrough(servers);
  if (page.includes('`nest new`')) walkthrough.beginInNest();
  return walkthrough.follow(page);
};

describe('a page that shows how something is done', () => {
  it.each(pages)('%s works as it is printed', async (page) => {
    expect(stepsOf(read(page)).some(({ kind }) => kind === 'output')).toBe(true);
    await follow(read(page));
  });

  it.each(pages)('%s names reasons that there are', (page) => {
    const [, wrong = ''] = read(page).split('## What can go wrong');
    const reasons = [...wrong.matchAll(/^\| `(\w+)` \|/gm)].map(([, reason = '']) => reason);
    expect(reasons.filter((reason) => !Object.hasOwn(failureReasons, reason))).toEqual([]);
    if (!page.startsWith('tutorial-')) expect(reasons).not.toEqual([]);
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
      'started',
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
