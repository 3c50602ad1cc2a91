import { type ClientDifference, ClientDirectoryError, type MadeDifference, OptionsError } from '../index.js';
import type { FilePart } from './client-file.js';
import { nameOf } from './open-server.js';

/** What is to happen in one workspace, or has happened. */
export interface WorkspaceChanges {
  readonly part: FilePart;
  readonly changes: readonly MadeDifference[];
}

interface Mistake {
  readonly path: string;
  readonly message: string;
}

/** What the parts would change, every one of them checked. Throws OptionsError naming all mistakes; writes nothing. */
export async function compareParts(parts: readonly FilePart[], prune: boolean): Promise<WorkspaceChanges[]> {
  const mistakes: Mistake[] = [];
  const all: WorkspaceChanges[] = [];
  for (const part of parts) {
    const { entries, path, workspace } = part;
    const changes: ClientDifference[] = [];
    const ids = new Set<string>();
    for (const [index, entry] of entries.entries()) {
      const at = `${path}[${index}]`;
      if (ids.has(entry.client_id)) mistakes.push({ path: `${at}.client_id`, message: 'stands there twice' });
      ids.add(entry.client_id);
      try {
        const difference = await workspace.directory.entries.compare(entry);
        if (difference) changes.push(difference);
      } catch (thrown) {
        mistakes.push(...mistakesOf(thrown, at));
      }
    }
    all.push({ part, changes: prune ? [...changes, ...(await superfluous(part, ids))] : changes });
  }
  if (mistakes.length > 0) throw new OptionsError(mistakes);
  return all;
}

/** What was done, up to where it failed. The secrets in it are told now or never. */
export interface AppliedChanges {
  readonly all: readonly WorkspaceChanges[];
  readonly failure?: unknown;
}

/** Does what `compareParts` found. What somebody else has done meanwhile is not done again. Never rejects. */
export async function applyChanges(planned: readonly WorkspaceChanges[]): Promise<AppliedChanges> {
  const all: { readonly part: FilePart; readonly changes: MadeDifference[] }[] = [];
  try {
    for (const { part, changes } of planned) {
      const made: MadeDifference[] = [];
      all.push({ part, changes: made });
      for (const change of changes) {
        const entry = part.entries.find(({ client_id }) => client_id === change.client_id);
        const { directory } = part.workspace;
        const done = entry ? await directory.entries.put(entry) : await removed(part, change);
        if (done) made.push(done);
      }
    }
    return { all };
  } catch (failure) {
    return { all, failure };
  }
}

/** The changes for people: `+` comes, `~` changes, `-` goes. */
export function changeLines(all: readonly WorkspaceChanges[]): string[] {
  return all
    .filter(({ changes }) => changes.length > 0)
    .flatMap(({ part, changes }) => [nameOf(part.workspace), ...changes.flatMap(linesOf)]);
}

async function superfluous({ workspace }: FilePart, ids: ReadonlySet<string>): Promise<ClientDifference[]> {
  return (await workspace.directory.entries.all())
    .filter(({ client_id }) => !ids.has(client_id))
    .map(({ client_id }) => ({ client_id, change: 'removed', members: [] }));
}

async function removed({ workspace }: FilePart, change: ClientDifference): Promise<ClientDifference | undefined> {
  try {
    await workspace.directory.remove(change.client_id);
    return change;
  } catch (thrown) {
    if (thrown instanceof ClientDirectoryError && thrown.code === 'unknown_client') return undefined;
    throw thrown;
  }
}

function mistakesOf(thrown: unknown, at: string): Mistake[] {
  if (thrown instanceof OptionsError) {
    return thrown.mistakes.map(({ path, message }) => ({ path: path === '' ? at : `${at}.${path}`, message }));
  }
  if (thrown instanceof ClientDirectoryError) return [{ path: at, message: thrown.message }];
  throw thrown;
}

const signs = { added: '+', changed: '~', removed: '-' } as const;

function linesOf({ client_id, change, members }: ClientDifference): string[] {
  return [
    `  ${signs[change]} ${client_id}`,
    ...members.map((each) => {
      const [from, to] = [shown(each.from), shown(each.to)];
      if (from === undefined) return `      + ${each.member}: ${to}`;
      if (to === undefined) return `      - ${each.member}: ${from}`;
      return `      ~ ${each.member}: ${from} -> ${to}`;
    }),
  ];
}

const widest = 160;

/** `--json` has all of it: certificates are long. */
function shown(value: unknown): string | undefined {
  const text: string | undefined = JSON.stringify(value);
  return text !== undefined && text.length > widest ? `${text.slice(0, widest)}...` : text;
}
