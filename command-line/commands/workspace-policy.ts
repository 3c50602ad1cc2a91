import { isDeepStrictEqual } from 'node:util';
import { profileDefaults, type WorkspacePolicy, workspacePolicySchema } from '../../index.js';
import { type Command, UsageError } from '../command.js';
import { chosenWorkspaces, withServer } from '../open-server.js';
import { serverOptions, workspaceOption } from '../server-options.js';
import { columns } from '../table.js';

export const workspacePolicy: Command = {
  name: 'workspace policy',
  summary: 'Shows the policy in force, and where each part comes from',
  options: { workspace: workspaceOption, ...serverOptions },
  details: [
    'FROM  default        nobody said anything, or what is said is the default',
    '      profile        set by the profile of the workspace',
    '      configuration  written for this workspace',
    '',
    'Initial access tokens are counted and not shown.',
  ],
  examples: ['workspace policy --workspace acme/demo'],
  run: (given, environment) => {
    if (given.text('workspace') === undefined) throw new UsageError('Which? Give --workspace TENANT/WORKSPACE.');
    return withServer(given, environment, async (router) => {
      const parts = chosenWorkspaces(router, given).flatMap(({ policy }) => explained(withoutSecrets(policy)));
      const rows = parts.map(({ name, value, from }) => [name, from, shown(value)]);
      const json = Object.fromEntries(parts.map(({ name, ...part }) => [name, part]));
      return { text: `${columns([['MEMBER', 'FROM', 'VALUE'], ...rows]).join('\n')}\n`, json };
    });
  },
};

const hidden = '(hidden)';

/** Whoever has an initial access token may register clients. */
function withoutSecrets({ registration, ...rest }: WorkspacePolicy): WorkspacePolicy {
  const initial_access_tokens = registration.initial_access_tokens.map((token) =>
    typeof token === 'string' ? hidden : { ...token, value: hidden },
  );
  return { ...rest, registration: { ...registration, initial_access_tokens } };
}

interface Part {
  readonly name: string;
  readonly value: unknown;
  readonly from: 'default' | 'profile' | 'configuration';
}

function explained(policy: WorkspacePolicy): Part[] {
  const defaults: Readonly<Record<string, unknown>> = workspacePolicySchema.parse({});
  const ofProfile: Readonly<Record<string, unknown>> = profileDefaults(policy.profile);
  return Object.entries(policy)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      if (Object.hasOwn(ofProfile, name) && isDeepStrictEqual(value, ofProfile[name])) {
        return { name, value, from: 'profile' };
      }
      return { name, value, from: isDeepStrictEqual(value, defaults[name]) ? 'default' : 'configuration' };
    });
}

/** PEM texts are long, and nobody reads them. */
function shown(value: unknown): string {
  if (Array.isArray(value) && value.some((each) => String(each).includes('-----BEGIN'))) return `${value.length} PEM`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
