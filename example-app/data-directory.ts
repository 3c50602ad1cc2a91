import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { reasonOf, StartUpError } from './start-up-error.js';

/**
 * The directory that keeps what is made on first start. Files are mode 0600 and appear whole or not at all; one that
 * stands there is kept, and one that cannot be understood is an error and left as it is.
 */
export class DataDirectory {
  /** Absolute. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes the directory (mode 0700) when it is absent. Rejects with StartUpError when it cannot be written. */
  static async open(path: string): Promise<DataDirectory> {
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw unusable(path, reasonOf(cause));
    }
    // The superuser may write anyway, but the mode says what the owner wants.
    if (((await stat(path)).mode & 0o200) === 0) throw unusable(path, 'it is read-only');
    return new DataDirectory(path);
  }

  /** Opens one that is there. Rejects with StartUpError when it is absent, or cannot be written. */
  static async existing(path: string): Promise<DataDirectory> {
    if (existsSync(path)) return DataDirectory.open(path);
    throw new StartUpError(
      `There is no data directory ${path}: has the server been started?\nWith --data-dir name the one it was started with.`,
    );
  }

  /** The absolute path of a file in it. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** The text of a file, or undefined when there is none. Rejects with StartUpError when it cannot be read. */
  async read(name: string): Promise<string | undefined> {
    try {
      return await readFile(this.file(name), 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw unusable(this.file(name), reasonOf(cause));
    }
  }

  /**
   * The text of a file that is made once: what stands there if it passes `check`, else what `make` gives. Of two
   * processes that start at once, both get the text of the one that was first. `check` throws when a text is not what
   * it should be; then this rejects with StartUpError, and the file stays as it is.
   */
  async keep(name: string, make: () => Promise<string> | string, check: (text: string) => void): Promise<string> {
    const known = await this.read(name);
    if (known !== undefined) await this.#refuseReadableByOthers(name);
    const text = known ?? (await this.#create(name, await make()));
    try {
      check(text);
    } catch (cause) {
      throw damaged(this.file(name), reasonOf(cause));
    }
    return text;
  }

  /** Puts a file that is made anew when it is out of date, in one step. Rejects with StartUpError. */
  async replace(name: string, content: string | Buffer): Promise<void> {
    const temporary = await this.#write(name, content);
    try {
      await rename(temporary, this.file(name));
    } catch (cause) {
      await rm(temporary, { force: true });
      throw unusable(this.file(name), reasonOf(cause));
    }
  }

  async #refuseReadableByOthers(name: string): Promise<void> {
    const { mode } = await stat(this.file(name));
    if ((mode & 0o077) !== 0) throw damaged(this.file(name), 'others may read it; chmod 600 mends that, if nobody has');
  }

  async #create(name: string, content: string): Promise<string> {
    const temporary = await this.#write(name, content);
    try {
      // Unlike rename, link never replaces a file that another process made meanwhile.
      await link(temporary, this.file(name));
      return content;
    } catch (cause) {
      const made = (cause as NodeJS.ErrnoException).code === 'EEXIST' ? await this.read(name) : undefined;
      if (made === undefined) throw unusable(this.file(name), reasonOf(cause));
      return made;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async #write(name: string, content: string | Buffer): Promise<string> {
    const temporary = `${this.file(name)}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      await mkdir(dirname(temporary), { recursive: true, mode: 0o700 });
      const handle = await open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
      return temporary;
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw unusable(this.file(name), reasonOf(cause));
    }
  }
}

function unusable(path: string, reason: string): StartUpError {
  return new StartUpError(
    `The data directory cannot be used: ${path}: ${reason}\nChoose another one with --data-dir, or give this user the right to write there.`,
  );
}

/** A file of the data directory that is not what it should be. */
export function damaged(path: string, reason: string): StartUpError {
  return new StartUpError(
    `The data directory is damaged: ${path}: ${reason}\nIt was left as it is. Restore the file, or move the directory away to start anew.`,
  );
}
