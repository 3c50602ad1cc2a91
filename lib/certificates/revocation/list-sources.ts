import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { FetchDocument } from '../../http/outbound.js';
import type { Store } from '../../stores/store.js';
import { parsePemBlocks } from '../pem.js';
import type { LoadedLists, LoadLists } from './list-source.js';
import type { RevocationOptions } from './options.js';
import { type RevocationList, readRevocationList } from './revocation-list.js';

type ListOptions = RevocationOptions['crl'];

/** Octets of a list that is worth a place in the store, where each process takes it from. */
const mostSharedBytes = 1_048_576;

function failed(problem: string): LoadedLists {
  return { ok: false, problem };
}

function tooLarge(maxBytes: number): LoadedLists & { ok: false } {
  return { ok: false, problem: `the file has more than ${maxBytes} octets` };
}

/** All lists in a file or reply: one in DER, or one and more in PEM (`X509 CRL`, RFC 7468 6). */
export function readLists(bytes: Buffer, maxBytes: number): LoadedLists {
  if (bytes[0] === 0x30) return allOf([bytes]);
  const parsed = parsePemBlocks(bytes.toString('latin1'), 'X509 CRL', maxBytes);
  return parsed.ok ? allOf(parsed.blocks) : parsed;
}

function allOf(ders: readonly Buffer[]): LoadedLists {
  const lists: RevocationList[] = [];
  for (const der of ders) {
    const read = readRevocationList(der);
    if (!read.ok) return read;
    lists.push(read.list);
  }
  return { ok: true, lists };
}

/** Reads a file that must be there when a server starts. Throws a TypeError that says what is wrong with it. */
export function checkListFile(path: string, { max_bytes }: ListOptions): void {
  const bytes = readFileSync(path);
  const loaded = bytes.length > max_bytes ? tooLarge(max_bytes) : readLists(bytes, max_bytes);
  if (!loaded.ok) throw new TypeError(loaded.problem);
}

/** Reads a file anew when it has changed. */
export function fromFile(path: string, { max_bytes }: ListOptions): LoadLists {
  let seen: { readonly mark: string; readonly loaded: LoadedLists } | undefined;
  return async () => {
    try {
      const { size, mtimeMs, ino } = await stat(path);
      const mark = `${size}.${mtimeMs}.${ino}`;
      if (seen?.mark === mark) return seen.loaded;
      if (size > max_bytes) return tooLarge(max_bytes);
      const loaded = readLists(await readFile(path), max_bytes);
      seen = { mark, loaded };
      return loaded;
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error));
    }
  };
}

/** What fetching works with. `now` is in milliseconds. */
export interface ListFetching {
  readonly fetchDocument: FetchDocument;
  readonly store: Store;
  now(): number;
}

/**
 * Fetches a list, or takes the one that another process has put in the store less than `reload_interval` ago. What
 * comes from the store is read and verified like what comes from the net.
 */
export function fromUrl(url: string, options: ListOptions, { fetchDocument, store, now }: ListFetching): LoadLists {
  const key = `crl/${createHash('sha256').update(url).digest('base64url')}`;
  const { max_bytes: maxBytes, reload_interval, timeout } = options;
  return async () => {
    const shared = await fromStore(store, key, now(), options);
    if (shared) return shared;
    const fetchedAt = now();
    const document = await fetchDocument(url, { maxBytes, timeout: timeout * 1000, plain: true });
    if (!document.ok) return failed(document.problem);
    const loaded = readLists(document.body, maxBytes);
    if (loaded.ok && document.body.length <= mostSharedBytes) {
      const value = `${fetchedAt}.${document.body.toString('base64')}`;
      // A store that is down keeps nobody from using what has been fetched.
      await store.set(key, value, reload_interval).catch(() => undefined);
    }
    return { ...loaded, fetchedAt };
  };
}

async function fromStore(
  store: Store,
  key: string,
  now: number,
  { max_bytes, reload_interval }: ListOptions,
): Promise<LoadedLists | undefined> {
  const value = (await store.get(key).catch(() => undefined)) ?? '';
  const fetchedAt = Number(value.slice(0, value.indexOf('.')));
  if (value === '' || !(fetchedAt <= now && now < fetchedAt + reload_interval * 1000)) return undefined;
  const loaded = readLists(Buffer.from(value.slice(value.indexOf('.') + 1), 'base64'), max_bytes);
  return loaded.ok && loaded.lists.every(({ nextUpdate }) => now < nextUpdate) ? { ...loaded, fetchedAt } : undefined;
}
