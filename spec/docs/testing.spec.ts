import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformSync } from '@swc/core';
import * as testing from '../../testing/index.js';
import { compiledLib } from '../support/compiled-lib.js';

const page = readFileSync(new URL('../../docs/testing.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block = '']) => block);
const built = compiledLib();
let directory: string;
beforeAll(() => {
  // Beside the compiled package, below node_modules: so express and supertest are found.
  directory = mkdtempSync(join(built, 'page-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs a program of the page as it stands there, but for where the package is. Answers what it printed. */
function run(name: string, program: string, ...flags: string[]): string {
  const text = program
    .replaceAll("'express-client-auth/testing'", `'${pathToFileURL(join(built, 'testing/index.js'))}'`)
    .replaceAll("'express-client-auth'", `'${pathToFileURL(join(built, 'index.js'))}'`);
  const { code } = transformSync(text, { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } });
  writeFileSync(join(directory, name), code);
  // A test runner inside a test runner would report to that one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return execFileSync(process.execPath, [...flags, name], { cwd: directory, encoding: 'utf8', env, stdio: 'pipe' });
}

describe('docs/testing.md', () => {
  it('its first example passes as it stands, and fails where anybody is let in', () => {
    const [example = ''] = blocks;
    const report = run('example.test.mjs', example, '--test', '--test-reporter=tap');
    expect(report).toMatch(/^# pass 2$/m);
    const open = example.replace("'/reports', guard,", "'/reports',");
    expect(open).not.toBe(example);
    expect(() => run('open.test.mjs', open, '--test', '--test-reporter=tap')).toThrow();
  });

  it('its example of an API runs, and asks for the scope', () => {
    const [, example = ''] = blocks;
    const before = "import express from 'express';\nconst app = express();\n";
    expect(run('api.mjs', `${before}${example}`)).toBe('');
    const without = example.replace("{ scope: 'accounts.read' })", '{})');
    expect(without).not.toBe(example);
    expect(() => run('without.mjs', `${before}${without}`)).toThrow(/403/);
  });

  it('every function stands in docs/names.md, and none that is not there', () => {
    const names = readFileSync(new URL('../../docs/names.md', import.meta.url), 'utf8').split('## For tests')[1] ?? '';
    const listed = [...names.matchAll(/^\| `(\w+)(?:\(\))?` \|/gm)].map(([, name]) => name);
    expect(listed).toEqual(Object.keys(testing).sort());
  });
});
