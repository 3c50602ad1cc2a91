import { existsSync } from 'node:fs';
import { openStore, type Store } from '../index.js';
import { UsageError } from './command.js';

/** For the help of commands that take the URL of a store. */
export const storeUrlDetails = [
  'Everybody on the machine can read command lines. A URL with a password goes into a variable: env:NAME is the URL in the',
  'variable NAME.',
] as const;

/**
 * Opens the store an operand names, does some work on it and closes it. Only with `mayBeNew` is an `lmdb:` directory
 * made. Rejects with UsageError for what is no store that a command can reach.
 */
export async function withStore<T>(
  operand: string,
  environment: NodeJS.ProcessEnv,
  work: (store: Store) => Promise<T>,
  { mayBeNew = false } = {},
): Promise<T> {
  const store = await openStore(reachable(urlOf(operand, environment), mayBeNew));
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

function urlOf(operand: string, environment: NodeJS.ProcessEnv): string {
  const variable = /^env:(.*)$/.exec(operand)?.[1];
  if (variable === undefined) return operand;
  const url = environment[variable];
  if (url) return url;
  throw new UsageError(`There is no variable ${variable}.`);
}

function reachable(url: string, mayBeNew: boolean): string {
  if (url.startsWith('memory:'))
    throw new UsageError('memory: is inside the process that serves: nobody else can reach it.');
  const directory = /^lmdb:(.*)$/.exec(url)?.[1];
  if (directory !== undefined && !mayBeNew && !existsSync(directory)) {
    throw new Error(`There is no store in ${directory}.`);
  }
  return url;
}
