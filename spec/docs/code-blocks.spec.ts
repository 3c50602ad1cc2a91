import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it, jest } from '@jest/globals';
import { writeBlocks } from '../support/code-blocks.js';
import { exampleNames, writeExample } from '../support/examples.js';

// A compiler is started.
jest.setTimeout(180_000);

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['README.md', 'SECURITY.md', ...readdirSync(join(root, 'docs')).map((name) => join('docs', name))].filter(
  (name) => name.endsWith('.md'),
);
const name = 'express-client-auth';

const directory = mkdtempSync(join(tmpdir(), 'code-blocks-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Writes the blocks of every page, beside what they import. */
function writeAll(target: string, texts: Readonly<Record<string, string>>): void {
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));
  writeBlocks(target, texts);
  writeFileSync(join(target, 'my-store.ts'), `export declare const myStore: typeof import('${name}').openStore;`);
  writeFileSync(join(target, 'package.json'), '{ "type": "module" }');
  const compilerOptions = {
    ...JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')).compilerOptions,
    ...{
      rootDir: '/',
      lib: ['es2023', 'dom'],
      noUnusedLocals: false,
      noUnusedParameters: false,
      erasableSyntaxOnly: false,
      experimentalDecorators: true,
    },
    paths: {
      [name]: [join(root, 'index.ts')],
      [`${name}/testing`]: [join(root, 'testing/index.ts')],
      [`${name}/strategies`]: [join(root, 'strategies/index.ts')],
      [`${name}/strategies/*`]: [join(root, 'strategies/*.ts')],
      [`${name}/stores/*`]: [join(root, 'lib/stores/*.ts')],
    },
  };
  writeFileSync(join(target, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['**/*.ts'] }));
}

/** What the compiler says. */
function mistakesIn(target: string): Promise<string[]> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  return new Promise((resolve) => {
    execFile(process.execPath, [compiler, '-p', '.'], { cwd: target }, (_error, stdout) => {
      resolve(stdout.split('\n').filter((line) => line !== ''));
    });
  });
}

it('every ts block of every page and every example compiles; one with an option that is not there would not', async () => {
  const texts = Object.fromEntries(pages.map((page) => [page, readFileSync(join(root, page), 'utf8')]));
  // In one round, for compiling takes its time.
  const wrong = '```ts\ngrantRouter({ ...options, colour: 1 });\n```\n';
  writeAll(directory, { ...texts, wrong });
  for (const name of exampleNames) writeExample(name, join(directory, `example-${name}`));
  expect(readdirSync(directory).filter((file) => file.endsWith('.ts')).length).toBeGreaterThan(30);
  expect(await mistakesIn(directory)).toEqual([expect.stringMatching(/^wrong-1\.ts.*'colour' does not exist/)]);
});
