import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it, jest } from '@jest/globals';
import * as library from '../../index.js';
import { exampleNames, writeExample } from '../support/examples.js';

// A compiler is started.
jest.setTimeout(180_000);

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['README.md', 'SECURITY.md', ...readdirSync(join(root, 'docs')).map((name) => join('docs', name))].filter(
  (name) => name.endsWith('.md'),
);
const name = 'express-client-auth';

const leftOut = /\/\/ \.\.\.$|\/\* \.\.\. \*\//gm;

/** What pages speak of and do not declare: the rest of somebody's program. */
const surroundings = `
import type { Express, RequestHandler } from 'express';
import type * as library from '${name}';
declare global {
  ${Object.keys(library)
    .map((each) => `const ${each}: typeof library.${each};`)
    .join('\n  ')}
  type DeliverCode = library.DeliverCode;
  const app: Express;
  const handler: RequestHandler;
  const passport: typeof import('passport');
  const express: typeof import('express');
  namespace express { type Request = import('express').Request; type Response = import('express').Response; }
  const { readFileSync }: typeof import('node:fs');
  const { randomBytes }: typeof import('node:crypto');
  const server: import('node:https').Server;
  const request: import('express').Request;
  namespace Express { interface Request { session: any } }
  const options: library.GrantRouterOptions;
  const router: library.GrantRouter;
  const store: library.Store;
  const onEvent: library.EventListener;
  const deliverCode: library.DeliverCode;
  const clients: library.ClientMetadataInput[];
  const machines: library.ClientMetadataInput[];
  const grants: ReturnType<typeof library.authorizationCode>[];
  const issuer: string, audience: string, client_id: string, client_secret: string;
  const key: string, cert: string, caPem: string, certificatePem: string;
  const secret_keys: string[], root_cas: string[];
  const database: any, yourDatabase: any, directory: any, mailer: any, keys: any;
  const apiKey: (keys: unknown) => library.ClientAuthenticationStrategy;
}
`;

const directory = mkdtempSync(join(tmpdir(), 'code-blocks-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Writes each block as a module of its own, as a reader would paste it; what it leaves out is in `options`. */
function writeBlocks(target: string, texts: Readonly<Record<string, string>>): void {
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));
  for (const [page, text] of Object.entries(texts)) {
    const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block = '']) => block);
    for (const [index, block] of blocks.entries()) {
      const path = join(target, placeOf(page.replace(/\W/g, '-'), index, block));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${block.replace(leftOut, '...options,')}\nexport {};\n`);
    }
  }
  writeFileSync(join(target, 'surroundings.d.ts'), surroundings);
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

/** Blocks that begin with the name of a file are files of one program, and import each other. */
function placeOf(page: string, index: number, block: string): string {
  const file = /^\/\/ (\S+\.ts)\n/.exec(block)?.[1];
  return file === undefined ? `${page}-${index + 1}.ts` : join(page, file);
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
  writeBlocks(directory, { ...texts, wrong });
  for (const name of exampleNames) writeExample(name, join(directory, `example-${name}`));
  expect(readdirSync(directory).filter((file) => file.endsWith('.ts')).length).toBeGreaterThan(30);
  expect(await mistakesIn(directory)).toEqual([expect.stringMatching(/^wrong-1\.ts.*'colour' does not exist/)]);
});
