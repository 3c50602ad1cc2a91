import type { Settings } from '../example-app/flags.js';
import type { GrantRouter, Store, Workspace } from '../index.js';
import { type GivenOptions, UsageError } from './command.js';
import { serverOptions } from './server-options.js';

/**
 * Opens the store and the workspaces of a server, which may be running, does some work on them and lets go of both.
 * Rejects with UsageError for wrong options, with StartUpError when there is no such server.
 */
export async function withServer<T>(
  given: GivenOptions,
  environment: NodeJS.ProcessEnv,
  work: (router: GrantRouter) => Promise<T>,
): Promise<T> {
  // On use: help needs none of the packages that a server does.
  const [{ openExisting }, settings] = await Promise.all([
    import('../example-app/existing-server.js'),
    settingsOf(given, environment, Object.keys(serverOptions)),
  ]);
  const router = await openExisting(settings);
  try {
    return await work(router);
  } finally {
    await router.close();
  }
}

/** What the options of these names and the environment say. Rejects with UsageError for wrong options. */
export async function settingsOf(
  given: GivenOptions,
  environment: NodeJS.ProcessEnv,
  names: readonly string[],
): Promise<Settings> {
  const { readSettings } = await import('../example-app/flags.js');
  return readOptions(() => readSettings(settingArguments(given, names), environment));
}

/** Opens the store of a server, which may be running, and lets go of it. Rejects as `withServer` does. */
export async function withServerStore<T>(
  given: GivenOptions,
  environment: NodeJS.ProcessEnv,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const { openExistingStore } = await import('../example-app/existing-server.js');
  const store = await openExistingStore(await settingsOf(given, environment, Object.keys(serverOptions)));
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** What the app says of its flags is about this command line; what it says of variables is not. */
function readOptions<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof Error && thrown.message.startsWith('--')) throw new UsageError(thrown.message);
    throw thrown;
  }
}

/** The options that the example app reads itself, as it reads them. */
export function settingArguments(given: GivenOptions, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const text = given.text(name);
    return text === undefined ? [] : [`--${name}=${text}`];
  });
}

/** `acme/demo`. */
export function nameOf({ tenant = '', name = '' }: Pick<Workspace, 'tenant' | 'name'>): string {
  return `${tenant}/${name}`;
}

/** The workspace that `--workspace` names, or all of them. Throws UsageError for one that is not there. */
export function chosenWorkspaces({ workspaces }: GrantRouter, given: GivenOptions): readonly Workspace[] {
  const wanted = given.text('workspace');
  if (wanted === undefined) return workspaces;
  const found = workspaces.filter((each) => nameOf(each) === wanted);
  if (found.length > 0) return found;
  throw new UsageError(`There is no workspace ${wanted}. There are: ${workspaces.map(nameOf).join(', ')}`);
}
