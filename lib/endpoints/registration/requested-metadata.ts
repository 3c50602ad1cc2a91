import type { ClientMetadataInput } from '../../clients/metadata.js';
import { OAuthError } from '../../errors.js';
import { matchesScope } from '../../grants/scope.js';
import { isScopePattern } from '../../workspaces/policy.js';
import type { Workspace } from '../../workspaces/workspace.js';
import { assertionAlgorithms, enabledMethods } from '../metadata.js';
import { metadataError } from './metadata-error.js';
import { registrableMembers } from './registrable-members.js';
import { readSoftwareStatement } from './software-statement.js';

type Members = Readonly<Record<string, unknown>>;
/** What a client has already, and may keep. */
type Present = Pick<ClientMetadataInput, 'scope' | 'grant_types'>;

interface Mistake {
  readonly path: string;
  readonly message: string;
}

/**
 * The metadata that a client asks for, as far as the workspace lets it: what a software statement says wins over what
 * stands beside it (RFC 7591 3.1.1). Rejects with `client_metadata_invalid`, `redirect_uri_invalid` or what
 * `readSoftwareStatement` says. The schema has still to look at it.
 */
export async function requestedMetadata(
  sent: Members,
  workspace: Workspace,
  present: Present = {},
): Promise<Omit<ClientMetadataInput, 'client_id'>> {
  const { software_statement: statement } = sent;
  const said = statement === undefined || statement === null ? {} : await readSoftwareStatement(statement, workspace);
  requireStatement(statement, workspace);
  const members = {
    grant_types: ['authorization_code'],
    ...defaultScope(workspace),
    ...registrableMembers(sent),
    ...registrableMembers(said),
    ...(typeof statement === 'string' && { software_statement: statement }),
  };
  const mistakes = [
    ...methodMistakes(members, workspace),
    ...grantMistakes(members, workspace, present),
    ...scopeMistakes(members, workspace, present),
  ];
  if (mistakes.length > 0) throw metadataError(mistakes);
  return members as Omit<ClientMetadataInput, 'client_id'>;
}

/** Where nothing else says that the caller may register, the statement must. */
function requireStatement(statement: unknown, { policy: { registration } }: Workspace): void {
  if (typeof statement === 'string' || registration.initial_access_tokens.length > 0) return;
  throw new OAuthError('software_statement_missing');
}

function defaultScope({ policy: { registration } }: Workspace): Members {
  return registration.scopes ? { scope: registration.scopes.filter((scope) => !isScopePattern(scope)).join(' ') } : {};
}

function methodMistakes(members: Members, workspace: Workspace): Mistake[] {
  const { token_endpoint_auth_method: method = 'client_secret_basic', token_endpoint_auth_signing_alg: alg } = members;
  const [methods, algorithms] = [enabledMethods(workspace), assertionAlgorithms(workspace)];
  const mistakes: Mistake[] = [];
  if (!methods.includes(String(method))) {
    const message = `is not offered here; offered are ${methods.join(', ')}`;
    mistakes.push({ path: 'token_endpoint_auth_method', message });
  }
  if (alg !== undefined && !algorithms.includes(String(alg))) {
    const message = `is not offered here; offered are ${algorithms.join(', ')}`;
    mistakes.push({ path: 'token_endpoint_auth_signing_alg', message });
  }
  return mistakes;
}

/** Codes typed into a client are for those that an operator trusts (RFC 9700 2.4). */
const operatorsGrants: ReadonlySet<string> = new Set(['password']);

function grantMistakes({ grant_types, redirect_uris }: Members, { grants }: Workspace, present: Present): Mistake[] {
  if (!Array.isArray(grant_types)) return [];
  const offered = [...grants.keys()].filter(
    (grant) => !operatorsGrants.has(grant) || present.grant_types?.includes(grant),
  );
  const foreign = grant_types.findIndex((grant) => !offered.includes(grant));
  if (foreign !== -1) {
    const message = `is not offered here; offered are ${offered.join(', ')}`;
    return [{ path: `grant_types[${foreign}]`, message }];
  }
  if (!grant_types.includes('authorization_code') || redirect_uris !== undefined) return [];
  return [{ path: 'redirect_uris', message: 'is needed for authorization_code (RFC 7591 2)' }];
}

function scopeMistakes({ scope }: Members, { policy }: Workspace, present: Present): Mistake[] {
  if (typeof scope !== 'string') return [];
  const patterns = policy.registration.scopes ?? Object.keys(policy.scopes);
  const allowed = [...patterns, ...(present.scope?.split(' ') ?? [])];
  const refused = scope
    .split(' ')
    .filter((asked) => asked !== '' && !allowed.some((pattern) => matchesScope(pattern, asked)));
  if (refused.length === 0) return [];
  return [{ path: 'scope', message: `has ${refused.slice(0, 10).join(' ')}, which may not be registered here` }];
}
