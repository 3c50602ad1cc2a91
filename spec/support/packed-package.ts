import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(repository, 'node_modules', '.cache', 'express-client-auth');

/** What decides what is packed: all of a check-out but what no package is made from. */
const others = ['node_modules', 'dist', 'spec', 'bench', '.git', '.data'];
const packed = readdirSync(repository).filter((name) => !others.includes(name));

/** What a check-out may have and nobody else should get. */
const strays = [
  '.env',
  '.data/secret.keys',
  'dist/lib/gone.js',
  'dist/lib/gone.js.map',
  'spec/a.spec.ts',
  'bench/a.js',
  'dist/spec/a.spec.js',
];

export interface PackedPackage {
  /** Absolute path of the tarball. */
  readonly tarball: string;
  /** Bytes. */
  readonly size: number;
  readonly unpackedSize: number;
  /** Paths inside the package. */
  readonly files: readonly string[];
}

/**
 * What `npm pack` makes of these sources, packed in a copy of the check-out that also has files nobody should get. Made
 * once for the same sources, whoever of several workers comes first.
 */
export function packedPackage(): PackedPackage {
  const directory = join(cache, `packed-${sourceDigest()}`);
  if (!existsSync(directory)) pack(directory);
  const [report] = JSON.parse(readFileSync(join(directory, 'pack.json'), 'utf8'));
  return {
    tarball: join(directory, report.filename),
    size: report.size,
    unpackedSize: report.unpackedSize,
    files: report.files.map(({ path }: { path: string }) => path),
  };
}

function pack(directory: string): void {
  const copy = mkdtempSync(join(tmpdir(), 'packed-package-'));
  const draft = `${directory}.${randomUUID()}`;
  try {
    for (const name of packed) {
      cpSync(join(repository, name), join(copy, name), { recursive: true });
    }
    for (const name of strays) {
      mkdirSync(join(copy, name, '..'), { recursive: true });
      writeFileSync(join(copy, name), 'not for others');
    }
    symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'));
    mkdirSync(draft, { recursive: true });
    writeFileSync(join(draft, 'pack.json'), npm(copy, 'pack', '--silent', '--json', '--pack-destination', draft));
    if (!existsSync(directory)) renameSync(draft, directory);
  } finally {
    rmSync(copy, { recursive: true, force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Runs npm and answers its stdout; its warnings are nobody's. */
export function npm(cwd: string, ...words: string[]): string {
  return execFileSync('npm', words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 26 });
}

/** A new directory with the package installed, and `others` beside it. */
export function installedProject(...others: string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'installed-package-'));
  writeFileSync(join(directory, 'package.json'), '{ "private": true }');
  const quickly = ['--prefer-offline', '--no-audit', '--no-fund', '--silent'];
  npm(directory, 'install', ...quickly, packedPackage().tarball, ...others);
  return directory;
}

function sourceDigest(): string {
  const digest = createHash('sha256');
  for (const path of packed.flatMap(filesBelow)) {
    const text = readFileSync(join(repository, path));
    digest.update(`${path}\0${text.length}\0`).update(text);
  }
  return digest.update(strays.join()).digest('hex').slice(0, 24);
}

function filesBelow(path: string): string[] {
  const status = statSync(join(repository, path), { throwIfNoEntry: false });
  if (status === undefined) return [];
  if (!status.isDirectory()) return [path];
  return readdirSync(join(repository, path))
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}
