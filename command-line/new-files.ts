import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes files that must not be there yet, mode 0600, each by absolute or relative path. Rejects when one is there: a
 * key that is overwritten is lost.
 */
export async function writeNewFiles(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, text, { flag: 'wx', mode: 0o600 }).catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === 'EEXIST' ? new Error(`${path} is there already. Nothing was overwritten.`) : cause;
    });
  }
}
