import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { standardStrategies } from '../../index.js';
import { writeBlocks } from '../support/code-blocks.js';
import { installedProject, repository } from '../support/packed-package.js';

// npm installs, and a compiler is started for each resolution.
jest.setTimeout(240_000);

const projects = join(repository, 'spec/packaging/projects');
const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

function freshProject(...others: string[]): string {
  const directory = installedProject(...others);
  directories.push(directory);
  cpSync(projects, directory, { recursive: true });
  return directory;
}

/** How a program ended, and what it printed. */
function run(directory: string, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: directory, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const command = ['node_modules/express-client-auth/dist/command-line/main.js'];

/** What the journey of spec/packaging/projects tells when everything works. */
const works = {
  token: [200, 'Bearer'],
  wrongSecret: [401, 'invalid_client'],
  api: { status: 200, body: 'reports' },
  wrongToken: 401,
  strategy: { status: 200, body: 'client_secret_basic' },
  wrongStrategy: 401,
  otherMethod: 401,
};

describe('installed alone, without any optional peer', () => {
  let directory: string;
  beforeAll(() => {
    directory = freshProject();
  });

  it('brings nine packages of code, and declarations of types', () => {
    const installed = (folder: string) => readdirSync(join(directory, 'node_modules', folder));
    const code = ['jose', 'lru-cache', 'passport', 'passport-custom', 'passport-http', 'passport-strategy', 'pause'];
    expect(installed('.').filter((name) => !name.startsWith('.') && name !== '@types')).toEqual(
      ['express-client-auth', 'undici-types', 'utils-merge', 'zod', ...code].sort(),
    );
    expect(installed('@types').length).toBeLessThanOrEqual(14);
  });

  it('every subpath can be imported, and what needs a package says which', () => {
    const { status, stdout, stderr } = run(directory, 'bare.mjs');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const missing = (scheme: string, name: string) =>
      `The ${scheme} store needs the package ${name}, which cannot be loaded: npm install ${name}`;
    expect(JSON.parse(stdout)).toEqual({
      'memory:': 'opened',
      'lmdb:./data': missing('lmdb:', 'lmdb'),
      'redis://127.0.0.1:1': missing('redis:', 'redis'),
      'postgres://127.0.0.1:1/x': missing('postgres:', 'pg'),
      clients: standardStrategies().map(({ name }) => name),
    });
  });

  it('what is inside cannot be imported', () => {
    const outcome = run(
      directory,
      '--input-type=module',
      '-e',
      "await import('express-client-auth/dist/lib/issuer.js')",
    );
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it('the command answers, and names all that a server needs', () => {
    expect(run(directory, ...command, '--help')).toMatchObject({ status: 0, stderr: '' });
    const serve = run(directory, ...command, 'serve', '--data-dir', 'data');
    expect(serve.status).toBe(1);
    expect(serve.stderr).toMatch(
      /^The package \S+ is missing\. Install all that a server needs: npm install express helmet/,
    );
  });
});

const made = new Map<string, string>();

/** A project with one version of Express and its types, made once. */
function besideExpress(version: string, types: string): string {
  const directory = made.get(version) ?? freshProject(`express@${version}`, `@types/express@${types}`);
  made.set(version, directory);
  return directory;
}

describe.each([
  // The lowest version of the range, and the newest.
  ['4.18.0', '4'],
  ['5', '5'],
])('beside Express %s', (version, types) => {
  let directory: string;
  beforeAll(() => {
    directory = besideExpress(version, types);
  });

  it.each(['esm.mjs', 'commonjs.cjs'])('a token, an API, a strategy: %s', (program) => {
    const { status, stdout, stderr } = run(directory, program);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(works);
  });

  it.each([
    { module: 'node16', moduleResolution: 'node16', type: 'module' },
    { module: 'nodenext', moduleResolution: 'nodenext', type: 'module' },
    { module: 'nodenext', moduleResolution: 'nodenext', type: 'commonjs' },
    { module: 'esnext', moduleResolution: 'bundler', type: 'module' },
  ])(
    'TypeScript takes right uses, refuses wrong ones, and its output runs: $module, $moduleResolution, $type',
    (how) => {
      const project = typeScriptProject(directory, how);
      expect(compile(project)).toEqual([]);
      expect(run(project, 'out/adopter.js')).toEqual({ status: 0, stdout: '', stderr: '' });
    },
  );
});

describe('TypeScript', () => {
  let directory: string;
  beforeAll(() => {
    directory = besideExpress('5', '5');
  });

  it('finds no mistake in our own declarations, by the strictest settings and the newest types of Node', () => {
    const how = { module: 'nodenext', moduleResolution: 'nodenext', type: 'module' };
    const project = typeScriptProject(directory, { ...how, skipLibCheck: false, exactOptionalPropertyTypes: true });
    writeFileSync(
      join(project, 'stores.ts'),
      ['lmdb', 'redis', 'postgres'].map((name) => `export * from 'express-client-auth/stores/${name}';\n`).join(''),
    );
    expect(compile(project)).toEqual([]);
  });

  it('takes the blocks of the README as a reader pastes them', () => {
    const project = typeScriptProject(directory, { module: 'nodenext', moduleResolution: 'nodenext', type: 'module' });
    const readme = readFileSync(join(repository, 'README.md'), 'utf8');
    const wrong = '```ts\ngrantRouter({ ...options, authenticateUser: (_request: string) => undefined });\n```\n';
    writeBlocks(project, { 'README.md': readme, wrong });
    expect(readdirSync(project).filter((file) => file.startsWith('README-md')).length).toBeGreaterThan(4);
    expect(compile(project)).toEqual([expect.stringMatching(/^wrong-1\.ts.*TS2769|^wrong-1\.ts.*TS2322/)]);
  });

  it('would say where a use is wrong', () => {
    const project = typeScriptProject(directory, { module: 'nodenext', moduleResolution: 'nodenext', type: 'module' });
    const path = join(project, 'mistakes.ts');
    const text = readFileSync(path, 'utf8');
    const expected = [...text.matchAll(/@ts-expect-error/g)].length;
    writeFileSync(path, text.replaceAll('@ts-expect-error', 'Wrong:'));
    expect(expected).toBeGreaterThan(12);
    expect(compile(project).filter((line) => line.startsWith('mistakes.ts'))).toHaveLength(expected);
  });

  it('in CommonJS needs nodenext: node16 does not know that require() loads ES modules', () => {
    const project = typeScriptProject(directory, { module: 'node16', moduleResolution: 'node16', type: 'commonjs' });
    const said = compile(project);
    expect(said.length).toBeGreaterThan(0);
    expect(said.filter((line) => !line.includes('error TS1479'))).toEqual([]);
  });
});

interface Compilation {
  readonly type: string;
  readonly [option: string]: unknown;
}

let count = 0;

/** A project inside the installed one, with the files of spec/types as an adopter would write them. */
function typeScriptProject(directory: string, { type, ...options }: Compilation): string {
  count += 1;
  const project = join(directory, `typescript-${count}`);
  mkdirSync(project);
  for (const name of ['adopter.ts', 'mistakes.ts']) {
    const text = readFileSync(join(repository, 'spec/types', name), 'utf8');
    writeFileSync(
      join(project, name),
      text
        .replaceAll("'../../index.js'", "'express-client-auth'")
        .replaceAll("'../../strategies/index.js'", "'express-client-auth/strategies'")
        .replaceAll(/'..\/..\/(?:lib\/)?((?:strategies|stores)\/[a-z-]+)\.js'/g, "'express-client-auth/$1'"),
    );
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type }));
  const compilerOptions = {
    target: 'es2023',
    strict: true,
    esModuleInterop: true,
    skipLibCheck: true,
    types: ['node'],
    rootDir: '.',
    outDir: 'out',
    ...options,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  return project;
}

/** What the compiler says. */
function compile(project: string): string[] {
  const { stdout } = run(project, join(repository, 'node_modules/typescript/bin/tsc'), '-p', '.');
  return stdout.split('\n').filter((line) => /^\S/.test(line));
}
