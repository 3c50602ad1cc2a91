import { z } from 'zod';
import { type ClientEntry, type GrantRouter, OptionsError, parseOptions, type Workspace } from '../index.js';
import { type GivenOptions, UsageError } from './command.js';
import { chosenWorkspaces, nameOf } from './open-server.js';

/** Clients by tenant and workspace, as they stand in the configuration. */
const clientFileSchema = z.strictObject({
  tenants: z.record(
    z.string(),
    z.strictObject({
      workspaces: z.record(z.string(), z.strictObject({ clients: z.array(z.looseObject({ client_id: z.string() })) })),
    }),
  ),
});

type ClientFile = z.output<typeof clientFileSchema>;

/** What a file says of one workspace. */
export interface FilePart {
  readonly workspace: Workspace;
  /** Where it stands in the file: `tenants.acme.workspaces.demo.clients`. */
  readonly path: string;
  readonly entries: readonly ClientEntry[];
}

/**
 * Reads a file of clients. Throws UsageError for text that is no JSON, OptionsError for members that are wrong; neither
 * repeats the text.
 */
export function parseClientFile(text: string, name: string): ClientFile {
  return parseOptions(clientFileSchema, readJson(text, name));
}

/** The parts of the workspaces that `--workspace` chooses. Throws OptionsError for a workspace that is not there. */
export function filePartsOf({ tenants }: ClientFile, router: GrantRouter, given: GivenOptions): FilePart[] {
  const chosen = chosenWorkspaces(router, given);
  const parts = Object.entries(tenants).flatMap(([tenant, { workspaces }]) =>
    Object.entries(workspaces).flatMap(([name, { clients }]): FilePart[] => {
      const path = `tenants.${tenant}.workspaces.${name}`;
      const isHere = (each: Workspace) => nameOf(each) === nameOf({ tenant, name });
      if (!router.workspaces.some(isHere))
        throw new OptionsError([{ path, message: 'is no workspace of this server' }]);
      const workspace = chosen.find(isHere);
      return workspace ? [{ workspace, path: `${path}.clients`, entries: clients as ClientEntry[] }] : [];
    }),
  );
  if (parts.length > 0) return parts;
  throw new OptionsError([{ path: 'tenants', message: `says nothing of ${chosen.map(nameOf).join(', ')}` }]);
}

/** The file of these workspaces. */
export function writeClientFile(parts: readonly Pick<FilePart, 'workspace' | 'entries'>[]): ClientFile {
  const tenants: ClientFile['tenants'] = {};
  for (const { workspace, entries } of parts) {
    const { tenant = '', name = '' } = workspace;
    tenants[tenant] ??= { workspaces: {} };
    tenants[tenant].workspaces[name] = { clients: [...entries] };
  }
  return { tenants };
}

function readJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${name === '-' ? 'stdin' : name} is not JSON.`);
  }
}
