import { OAuthError } from '../errors.js';
import type { Form } from '../http/form.js';
import { isResourceIndicator } from '../workspaces/policy.js';
import type { WorkspaceServices } from '../workspaces/services.js';
import { matchesScope } from './scope.js';

type ResourceRules = Pick<WorkspaceServices, 'policy' | 'issuer'>;

/** The `aud` of access tokens when no resource was asked for (RFC 9068 3). It is always one of the resources. */
export function defaultResource({ policy, issuer }: ResourceRules): string {
  return policy.audience ?? issuer;
}

/** The resources of a request or grant that names these: none means the default one. */
export function resourcesMeant(named: readonly string[] | undefined, workspace: ResourceRules): readonly string[] {
  return named?.length ? named : [defaultResource(workspace)];
}

/**
 * The `resource` values of a request (RFC 8707 2), each named once; without any, the audiences of the scopes it asks
 * for by name. Throws `target_not_allowed`.
 */
export function requestedResources(form: Form, workspace: ResourceRules): string[] {
  const resources = [...new Set(form.getAll('resource'))];
  if (resources.length === 0) return audiencesOf(form.get('scope') ?? '', workspace);
  const refused = resources.find((resource) => !isResourceIndicator(resource) || !isServed(resource, workspace));
  if (refused !== undefined) {
    const served = [defaultResource(workspace), ...Object.keys(workspace.policy.resources)];
    throw new OAuthError('target_not_allowed', { detail: { resource: refused, served } });
  }
  return resources;
}

/**
 * The one resource a token request names, if it does: an access token has one audience here, so that no resource server
 * can use at another what it was sent (RFC 8707 3, RFC 9068 5). Throws `target_not_allowed`, `target_repeated`, or
 * `scope_of_other_resource` for scopes of several audiences.
 */
export function requestedResource(form: Form, workspace: ResourceRules): string | undefined {
  const [resource, ...others] = requestedResources(form, workspace);
  if (others.length > 0) {
    const reason = form.has('resource') ? 'target_repeated' : 'scope_of_other_resource';
    throw new OAuthError(reason, { detail: { resources: [resource, ...others] } });
  }
  return resource;
}

/**
 * The resource of one access token of a grant: the one asked for, or the first that was granted. `granted` is what the
 * authorization request named; where that was none, it is the default. Throws `target_not_granted`.
 */
export function resourceOfGrant(
  asked: string | undefined,
  granted: readonly string[] | undefined,
  workspace: ResourceRules,
): string {
  const all = resourcesMeant(granted, workspace);
  // The workspace may have given up a resource since.
  const resource = asked ?? all.find((each) => isServed(each, workspace));
  if (resource !== undefined && all.includes(resource)) return resource;
  throw new OAuthError('target_not_granted', { detail: { resource: asked, granted: all } });
}

/**
 * Those of `scopes` that mean something at one of these resources; none named means the default. A scope that other
 * resources keep for themselves was a mistake if it was asked for by name, and is left out otherwise (RFC 9068 3).
 * Throws `scope_of_other_resource`.
 */
export function scopesAt(
  resources: readonly string[],
  scopes: readonly string[],
  { byName }: { readonly byName: boolean },
  workspace: ResourceRules,
): string[] {
  const at = resourcesMeant(resources, workspace);
  const fitting = scopes.filter((scope) => isOf(scope, at, workspace));
  if (byName && fitting.length < scopes.length) {
    const refused = scopes.filter((scope) => !fitting.includes(scope));
    throw new OAuthError('scope_of_other_resource', { detail: { refused, resources: at } });
  }
  return fitting;
}

function audiencesOf(requested: string, { policy }: ResourceRules): string[] {
  const bound = Object.entries(policy.scopes).filter(([, { audience }]) => audience !== undefined);
  if (bound.length === 0) return [];
  const asked = requested.split(' ');
  const meant = bound.filter(([name]) => asked.some((scope) => matchesScope(name, scope)));
  return [...new Set(meant.map(([, { audience }]) => audience as string))];
}

function isServed(resource: string, workspace: ResourceRules): boolean {
  return resource === defaultResource(workspace) || Object.hasOwn(workspace.policy.resources, resource);
}

/** A scope that no resource keeps for itself is good at all of them. */
function isOf(scope: string, resources: readonly string[], { policy }: ResourceRules): boolean {
  const keepers = Object.entries(policy.resources).filter(([, { scopes }]) =>
    scopes.some((pattern) => matchesScope(pattern, scope)),
  );
  return keepers.length === 0 || keepers.some(([keeper]) => resources.includes(keeper));
}
