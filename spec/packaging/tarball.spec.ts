import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { type PackedPackage, packedPackage, repository } from '../support/packed-package.js';

// A compiler is started, and npm.
jest.setTimeout(180_000);

const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
const unpacked = mkdtempSync(join(tmpdir(), 'unpacked-'));
let made: PackedPackage;

beforeAll(() => {
  made = packedPackage();
  execFileSync('tar', ['-xzf', made.tarball, '-C', unpacked, '--strip-components=1']);
});
afterAll(() => rmSync(unpacked, { recursive: true, force: true }));

const read = (path: string) => readFileSync(join(unpacked, path), 'utf8');

/** Files of the package by name. */
const among = (pattern: RegExp) => made.files.filter((path) => pattern.test(path));

/** The packages that a file imports, by any kind of import. */
function importedBy(path: string): string[] {
  const targets = [
    ...read(path).matchAll(/^\s*(?:import|export)\s(?:[^'";]*?from\s*)?'([^'\n]+)'|import\(['"]([^'"]+)['"]\)/gm),
  ].map(([, still, dynamic]) => still ?? dynamic ?? '');
  const packages = targets.filter((target) => !target.startsWith('.') && !isBuiltin(target));
  return packages.map((target) => /^(@[^/]+\/)?[^/]+/.exec(target)?.[0] ?? target);
}

const distinct = (names: readonly string[]) => [...new Set(names)].sort();

/** The subpaths that `exports` opens, each pattern with every file behind it. */
function subpaths(): string[] {
  return Object.entries(manifest.exports as Record<string, string | { default: string }>).flatMap(
    ([subpath, target]) => {
      if (typeof target === 'string') return [];
      if (!subpath.includes('*')) return [subpath];
      const [before = '', after = ''] = target.default.slice(2).split('*');
      const files = made.files.filter((path) => path.startsWith(before) && path.endsWith(after));
      return files.map((path) => subpath.replace('*', path.slice(before.length, -after.length)));
    },
  );
}

describe('the tarball', () => {
  it('has code, declarations and pages, and nothing else that lies in a check-out', () => {
    const known =
      /^(dist\/(index|(lib|strategies|testing)\/.+)\.(js|d\.ts)|dist\/(command-line|example-app)\/.+\.js|docs\/(reference\/|examples\/(base\/)?)?[^/]+|LICENSE|(CHANGELOG|README|SECURITY)\.md|package\.json)$/;
    expect(made.files.filter((path) => !known.test(path))).toEqual([]);
    expect(among(/gone|\.env|\.data|\.map$|spec\//)).toEqual([]);
    expect(made.files).toEqual(
      expect.arrayContaining([
        'dist/index.js',
        'dist/index.d.ts',
        'dist/command-line/main.js',
        'docs/README.md',
        'LICENSE',
      ]),
    );
  });

  it('may run the command, and no other file', () => {
    const executable = made.files.filter((path) => (statSync(join(unpacked, path)).mode & 0o111) !== 0);
    expect(executable).toEqual(['dist/command-line/main.js']);
  });

  it('has a declaration beside every file that can be imported, and no pointer to a source map', () => {
    const code = among(/^dist\/(index|lib|strategies|testing).*\.js$/);
    expect(code.filter((path) => !made.files.includes(path.replace(/\.js$/, '.d.ts')))).toEqual([]);
    expect(among(/\.(js|d\.ts)$/).filter((path) => read(path).includes('sourceMappingURL'))).toEqual([]);
  });

  it('is at most 900 kB, unpacked at most 3.5 MB, in at most 1000 files', () => {
    expect(made.size).toBeLessThan(900_000);
    expect(made.unpackedSize).toBeLessThan(3_500_000);
    expect(made.files.length).toBeLessThan(1000);
    // Bounds that nothing could break would say nothing.
    expect(made.size).toBeGreaterThan(350_000);
  });

  it('can be started as a command', () => {
    expect(Object.keys(manifest.bin)).toEqual(['express-client-auth']);
    expect(read(manifest.bin['express-client-auth']).startsWith('#!/usr/bin/env node\n')).toBe(true);
  });

  it('has no top-level await, with which require() would fail', () => {
    const begins = /^(?:(?:export )?(?:const|let) [^=;]+=\s*)?(?:await |for await )/m;
    expect('export const a = await b;').toMatch(begins);
    expect(among(/^dist\/(index|lib|strategies|testing).*\.js$/).filter((path) => begins.test(read(path)))).toEqual([]);
  });
});

describe('what is imported', () => {
  const { dependencies, peerDependencies, peerDependenciesMeta } = manifest;
  const optional = Object.keys(peerDependencies);

  it('is a dependency where the library itself imports it, and every dependency is used', () => {
    const used = distinct(among(/^dist\/(index|lib|strategies|testing).*\.js$/).flatMap(importedBy));
    const forFeatures = used.filter((name) => optional.includes(name));
    expect(forFeatures).toEqual(['@opentelemetry/api', 'lmdb', 'pg', 'redis']);
    const needed = used.filter((name) => !optional.includes(name));
    // `passport.use` and `passport.authenticate` are for the adopter to call; the strategies need only their two bases.
    const passport = ['passport'];
    expect(distinct([...needed, ...passport])).toEqual(
      Object.keys(dependencies).filter((name) => !name.startsWith('@types/')),
    );
    expect(needed).not.toContain('passport');
  });

  it('is an optional peer where the server and its commands import more', () => {
    const used = distinct(among(/^dist\/(command-line|example-app).*\.js$/).flatMap(importedBy));
    const more = used.filter((name) => !(name in dependencies));
    expect(more).toEqual(
      expect.arrayContaining(['express', 'helmet', 'node-forge', 'nodemailer', 'pino', 'prom-client']),
    );
    expect(more.filter((name) => !optional.includes(name))).toEqual([]);
  });

  it('is typed for adopters: each package that a declaration names has its types among the dependencies', () => {
    const named = distinct(among(/\.d\.ts$/).flatMap(importedBy));
    const typed = named.filter((name) => name in dependencies || optional.includes(name));
    const byOthers = named.filter((name) => `@types/${name}` in dependencies);
    expect(distinct([...typed, ...byOthers])).toEqual(named);
    expect(byOthers).toEqual(['passport', 'passport-http']);
    // Those that are optional stay inside the files of their stores, so that nobody's compiler looks for them.
    const withOptional = among(/\.d\.ts$/).filter((path) => importedBy(path).some((name) => optional.includes(name)));
    expect(withOptional.filter((path) => !/^dist\/lib\/stores\/(lmdb|redis|postgres)-/.test(path))).toEqual([]);
  });

  it('every peer is optional, and its range holds the version that the specs run with', () => {
    expect(Object.keys(peerDependenciesMeta)).toEqual(optional);
    for (const name of optional) {
      expect(peerDependenciesMeta[name]).toEqual({ optional: true });
      const { version } = JSON.parse(readFileSync(join(repository, 'node_modules', name, 'package.json'), 'utf8'));
      const [major = ''] = version.split('.');
      expect({ name, range: peerDependencies[name] }).toEqual({ name, range: expect.stringContaining(`^${major}.`) });
    }
  });
});

describe('exports', () => {
  it('opens the library, each strategy, each store, the helpers for tests, and package.json', () => {
    const names = (folder: string) =>
      readdirSync(join(repository, folder))
        .filter((name) => name !== 'index.ts')
        .map((name) => name.replace(/\.ts$/, ''));
    expect(Object.keys(manifest.exports)).toEqual([
      '.',
      './strategies',
      './strategies/*',
      './stores/*',
      './testing',
      './package.json',
    ]);
    expect(subpaths()).toEqual(expect.arrayContaining(names('strategies').map((name) => `./strategies/${name}`)));
    expect(subpaths()).toEqual(
      expect.arrayContaining(['memory', 'lmdb', 'redis', 'postgres'].map((name) => `./stores/${name}`)),
    );
  });

  it('names the types first', () => {
    for (const target of Object.values(manifest.exports).filter((each) => typeof each === 'object')) {
      expect(Object.keys(target as object)).toEqual(['types', 'default']);
    }
  });

  it('publint finds nothing, and would find a file that is not there', async () => {
    const files = made.files.map((path) => ({ name: join(unpacked, path), data: readFileSync(join(unpacked, path)) }));
    const told = async (tarball: typeof files) => {
      const { messages } = await publint({ pkgDir: unpacked, strict: true, pack: { files: tarball } });
      return messages.map((message) => formatMessage(message, manifest, { color: false }));
    };
    expect(await told(files)).toEqual([]);
    const without = files.filter(({ name }) => !name.endsWith('dist/index.js'));
    expect(await told(without)).toContainEqual(expect.stringContaining('./dist/index.js'));
  });

  it('are the types wrong? Not for import by any resolution of today; require() gets the same ES module', async () => {
    const data = createPackageFromTarballData(readFileSync(made.tarball));
    const analysis = await checkPackage(data, { entrypoints: subpaths() });
    if (!analysis.types) throw new Error('no types were found');
    const found = analysis.problems.map((problem) => ({
      kind: problem.kind,
      by: 'resolutionKind' in problem ? problem.resolutionKind : undefined,
    }));
    // TypeScript's resolution of before 2022 knows no `exports`; TypeScript 7 no longer has it.
    const today = found.filter(({ by }) => by !== 'node10');
    expect(new Set(today.map((each) => JSON.stringify(each)))).toEqual(
      new Set([JSON.stringify({ kind: 'CJSResolvesToESM', by: 'node16-cjs' })]),
    );
    expect(Object.keys(analysis.entrypoints)).toEqual(subpaths());
  });
});

describe('npm run sbom', () => {
  it('lists every package that an adopter installs, with version, licence and digest, and no other', () => {
    const bill = JSON.parse(execFileSync(process.execPath, ['.ci/sbom.js'], { cwd: repository, encoding: 'utf8' }));
    expect(bill.bomFormat).toBe('CycloneDX');
    expect(bill.metadata.component).toMatchObject({ name: 'express-client-auth', version: manifest.version });
    const names = bill.components.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies)));
    expect(names.filter((name: string) => name in manifest.devDependencies)).toEqual(['@types/express', '@types/node']);
    for (const component of bill.components) {
      expect(component).toMatchObject({
        purl: expect.stringContaining(`@${component.version}`),
        hashes: [{ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) }],
      });
    }
    // Theirs stands in files that npm does not read.
    const unlicensed = bill.components.filter(({ licenses }: { licenses?: unknown }) => licenses === undefined);
    expect(unlicensed.map(({ name }: { name: string }) => name)).toEqual([
      'passport-http',
      'passport-strategy',
      'pause',
    ]);
  });
});
