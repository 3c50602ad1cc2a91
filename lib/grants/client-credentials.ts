import { OAuthError } from '../errors.js';
import type { Grant } from './grant.js';
import { issueToClient, type MachineScopes } from './machine-token.js';
import { oracleScopes } from './oracle-scopes.js';
import { scopesAt } from './resource.js';
import { grantScopes } from './scope.js';

/** `grant_type=client_credentials` (RFC 6749 4.4): a token for the client itself. Never a refresh or ID token. */
export function clientCredentials(): Grant<MachineScopes> {
  return {
    grantType: 'client_credentials',
    parameters: [],
    validate(request, workspace) {
      const { client, method, parameters, resource } = request;
      if (method === 'none') throw new OAuthError('client_not_confidential');
      if (workspace.policy.oracle_endpoints) return oracleScopes(request, workspace);
      const scopes = grantScopes(parameters.get('scope'), client, workspace, { user: false });
      const byName = parameters.has('scope');
      return { scopes: scopesAt(resource === undefined ? [] : [resource], scopes, { byName }, workspace) };
    },
    issue: issueToClient('client_credentials'),
  };
}
