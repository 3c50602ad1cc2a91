import type { ClientDirectory, Workspace } from '../index.js';
import { type GivenOptions, UsageError } from './command.js';
import { chosenWorkspaces, withServer } from './open-server.js';
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
    return work(workspace.directory, workspace);
  });
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
