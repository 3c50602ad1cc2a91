import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'express-client-auth');
const sources = ['index.ts', 'lib', 'strategies', 'testing', 'example-app', 'command-line'];
const A_DAY = 86_400_000;

/**
 * The sources as JavaScript, for specs that start processes of their own: `lib/`, `strategies/`, `testing/`, `example-app/`,
 * `command-line/` and `index.ts`, laid out as they are, in a directory below node_modules so that packages are found. Answers its absolute
 * path. The directory is named by the content of the sources and made once, whoever of several workers comes first.
 */
export function compiledLib(): string {
  const files = sources
    .flatMap((name) => filesBelow(name))
    .map((path) => ({ path, text: readFileSync(join(root, path)) }));
  const digest = createHash('sha256');
  for (const { path, text } of files) digest.update(`${path}\0${text.length}\0`).update(text);
  const directory = join(cache, digest.digest('hex').slice(0, 24));
  if (existsSync(directory)) {
    utimesSync(directory, new Date(), new Date());
    return directory;
  }

  removeOld();
  const draft = `${directory}.${randomUUID()}`;
  for (const { path, text } of files) write(join(draft, path), text);
  writeFileSync(join(draft, 'package.json'), '{ "type": "module" }');
  try {
    renameSync(draft, directory);
  } catch (error) {
    rmSync(draft, { recursive: true });
    if (!existsSync(directory)) throw error;
  }
  return directory;
}

function filesBelow(path: string): string[] {
  const status = statSync(join(root, path), { throwIfNoEntry: false });
  if (status === undefined) return [];
  if (!status.isDirectory()) return path.endsWith('.d.ts') ? [] : [path];
  return readdirSync(join(root, path))
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

function write(path: string, text: Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  if (path.endsWith('.ts')) writeFileSync(path.replace(/\.ts$/, '.js'), compiled(path, text.toString()));
  else writeFileSync(path, text);
}

function compiled(filename: string, source: string): string {
  return transformSync(source, {
    filename,
    swcrc: false,
    jsc: {
      parser: { syntax: 'typescript' },
      target: 'es2022',
      transform: { verbatimModuleSyntax: true },
    },
    module: { type: 'es6' },
  }).code;
}

function removeOld(): void {
  if (!existsSync(cache)) return;
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    const status = statSync(path, { throwIfNoEntry: false });
    if (status && Date.now() - status.mtimeMs > A_DAY) rmSync(path, { recursive: true, force: true });
  }
}
