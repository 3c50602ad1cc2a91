import { quote } from '../example-app/demo/curl.js';
import { type ClientDirectory, ClientDirectoryError, type Workspace } from '../index.js';
import { type GivenOptions, UsageError } from './command.js';
import { chosenWorkspaces, settingArguments, settingsOf, withServer } from './open-server.js';
import { serverOptions, workspaceOption } from './server-options.js';

/** The options that every command about one client has. */
export const clientOptions = {
  workspace: { ...workspaceOption, description: 'where, such as acme/demo; must be given' },
  ...serverOptions,
} as const;

/** Does some work on the clients of the workspace that `--workspace` names. Rejects as `withServer` does. */
export async function withDirectory<T>(
  given: GivenOptions,
  environment: NodeJS.ProcessEnv,
  work: (directory: ClientDirectory, workspace: Workspace) => Promise<T>,
): Promise<T> {
  // Clients of different workspaces may have equal ids.
  if (given.text('workspace') === undefined) throw new UsageError('Where? Give --workspace TENANT/WORKSPACE.');
  return withServer(given, environment, async (router) => {
    const [workspace] = chosenWorkspaces(router, given);
    if (!workspace) throw new UsageError('There is no workspace.');
    try {
      return await work(workspace.directory, workspace);
    } catch (thrown) {
      throw (await isOfDemo(thrown, given, environment)) ? new Error(demoText(given)) : thrown;
    }
  });
}

/** Whether it failed because the client is one of the demo, which has no file to change. */
async function isOfDemo(thrown: unknown, given: GivenOptions, environment: NodeJS.ProcessEnv): Promise<boolean> {
  if (!(thrown instanceof ClientDirectoryError) || thrown.code !== 'client_configured') return false;
  return (await settingsOf(given, environment, Object.keys(serverOptions))).config === undefined;
}

function demoText(given: GivenOptions): string {
  const server = settingArguments(given, ['workspace', ...Object.keys(serverOptions)])
    .map(quote)
    .join(' ');
  return [
    `${given.operand} is a client of the demo, which has no file to change. Add one to the store, to try it with:`,
    `  echo '{"client_id":"mine","grant_types":["client_credentials"],"scope":"read"}' | npx express-client-auth client add - ${server}`,
  ].join('\n');
}

/** A number of seconds, or of `m`inutes, `h`ours or `d`ays. Throws UsageError. */
export function duration(given: GivenOptions, name: string): number | undefined {
  const text = given.text(name);
  if (text === undefined) return undefined;
  const [, digits, unit = 's'] = /^(\d{1,9})([smhd])?$/.exec(text) ?? [];
  if (digits === undefined) throw new UsageError(`--${name} takes a number of seconds, or such as 30m, 12h and 7d.`);
  return Number(digits) * secondsPer[unit as keyof typeof secondsPer];
}

const secondsPer = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
