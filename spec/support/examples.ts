import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where they are: `base/`, and a diff for each other one. */
export const examplesDirectory = fileURLToPath(new URL('../../docs/examples', import.meta.url));

/** The base, and what there is a diff for. */
export const exampleNames = [
  'base',
  ...readdirSync(examplesDirectory).flatMap((file) => /^(\w+)\.diff$/.exec(file)?.[1] ?? []),
];

/** Puts the programs of an example into a directory that is not there yet, as a reader would. */
export function writeExample(name: string, directory: string): void {
  cpSync(join(examplesDirectory, 'base'), directory, { recursive: true });
  if (name === 'base') return;
  // Outside of any repository: git would look for the files in that one.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(directory) };
  const diff = join(examplesDirectory, `${name}.diff`);
  execFileSync('git', ['apply', diff], { cwd: directory, env, stdio: 'pipe' });
}
