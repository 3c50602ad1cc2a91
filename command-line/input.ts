import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { UsageError } from './command.js';

/** What a file holds, or stdin where `-` stands for it, without the line end. Rejects with UsageError for an empty one. */
export async function readInput(file: string): Promise<string> {
  const read = (file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  if (read !== '') return read;
  throw new UsageError(`${file === '-' ? 'stdin' : file} is empty.`);
}
