import { constants } from 'node:fs';
import { access, mkdir, open } from 'node:fs/promises';
import { endianness } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Offsets and constants of an LMDB meta page, data version 2 (liblmdb mdb.c: MDB_page_header, MDB_meta, MDB_db). */
const META = {
  flags: 18,
  magic: 24,
  version: 28,
  pageSize: 48,
  freeRoot: 88,
  mainRoot: 136,
  transaction: 152,
  end: 160,
};
const IS_META_PAGE = 0x08;
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const NO_ROOT = 0xffff_ffff_ffff_ffffn;
const LITTLE = endianness() === 'LE';

/**
 * Makes `directory` (mode 0700) when it is absent, and checks that a store can be opened there. Answers its absolute path.
 *
 * The native library kills the process when it meets a file it cannot read, so everything that can be wrong is looked
 * for here, before it is called. Nothing that stands in the directory is changed.
 *
 * Rejects with an Error that names the path and what is wrong with it.
 */
export async function prepareDirectory(directory: string): Promise<string> {
  const path = resolve(directory);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw unusable('directory', path, cause);
  }
  await withFile(join(path, 'lock.mdb'), async () => undefined);
  await withFile(join(path, 'data.mdb'), checkDataFile);
  return path;
}

type FileHandle = Awaited<ReturnType<typeof open>>;

async function withFile(path: string, check: (file: FileHandle, path: string) => Promise<void>): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, 'r+');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw unusable('file', path, cause);
  }
  try {
    await check(file, path);
  } finally {
    await file.close();
  }
}

/** Milliseconds for which a file that was just written may be one that another process is still making. */
const making = 1_000;

/** Of two processes that begin at once, one sees the file as the other writes its first pages. */
async function checkDataFile(file: FileHandle, path: string): Promise<void> {
  for (;;) {
    try {
      return await checkPages(file, path);
    } catch (thrown) {
      if (Date.now() - (await file.stat()).mtimeMs > making) throw thrown;
      await pause(50);
    }
  }
}

async function checkPages(file: FileHandle, path: string): Promise<void> {
  const { size } = await file.stat();
  if (size === 0) return;
  const first = await readMeta(file, 0, path);
  const second = await readMeta(file, first.pageSize, path);
  const current = first.transaction >= second.transaction ? first : second;
  const beyond = current.roots.some((root) => root !== NO_ROOT && (root + 1n) * BigInt(first.pageSize) > BigInt(size));
  if (beyond) throw damaged(path, 'it is cut short');
}

async function readMeta(file: FileHandle, position: number, path: string) {
  const page = new DataView(new ArrayBuffer(META.end));
  const { bytesRead } = await file.read(page, 0, META.end, position);
  if (bytesRead < META.end) throw damaged(path, 'it is cut short');
  if (page.getUint32(META.magic, LITTLE) !== MAGIC || !(page.getUint16(META.flags, LITTLE) & IS_META_PAGE)) {
    throw damaged(path, 'its header is not that of an LMDB data file');
  }
  if (page.getUint32(META.version, LITTLE) !== VERSION) throw damaged(path, 'it was written in another LMDB format');
  const pageSize = page.getUint32(META.pageSize, LITTLE);
  if (pageSize < 256 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0) {
    throw damaged(path, 'its header gives an impossible page size');
  }
  return {
    pageSize,
    transaction: page.getBigUint64(META.transaction, LITTLE),
    roots: [page.getBigUint64(META.freeRoot, LITTLE), page.getBigUint64(META.mainRoot, LITTLE)],
  };
}

function unusable(what: 'directory' | 'file', path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`The store ${what} ${path} cannot be used: ${reason}`, { cause });
}

function damaged(path: string, reason: string): Error {
  return new Error(
    `The store file ${path} is damaged or not a store: ${reason}. It was left as it is: move it away or restore it`,
  );
}
