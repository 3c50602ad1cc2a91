import { OAuthError } from '../errors.js';
import type { Form } from '../http/form.js';
import type { WorkspaceServices } from '../workspaces/services.js';

/**
 * The `resource` values of a request (RFC 8707 2), each named once. Tokens have one audience here, the workspace's
 * own, so nothing else may be asked. Throws `target_not_allowed`.
 */
export function requestedResources(
  form: Form,
  { policy, issuer }: Pick<WorkspaceServices, 'policy' | 'issuer'>,
): string[] {
  const audience = policy.audience ?? issuer;
  const resources = [...new Set(form.getAll('resource'))];
  const foreign = resources.find((resource) => resource !== audience);
  if (foreign !== undefined) throw new OAuthError('target_not_allowed', { detail: { resource: foreign, audience } });
  return resources;
}
