import { randomUUID } from 'node:crypto';
import { OAuthError } from '../errors.js';
import type { Grant } from './grant.js';
import { grantScopes } from './scope.js';

interface ClientCredentials {
  readonly scopes: readonly string[];
}

/** `grant_type=client_credentials` (RFC 6749 4.4): a token for the client itself. Never a refresh or ID token. */
export function clientCredentials(): Grant<ClientCredentials> {
  return {
    grantType: 'client_credentials',
    parameters: [],
    validate({ client, method, parameters }, workspace) {
      if (method === 'none') throw new OAuthError('client_not_confidential');
      return { scopes: grantScopes(parameters.get('scope'), client, workspace, { user: false }) };
    },
    issue({ client, certificate }, { scopes }, workspace) {
      return workspace.tokens.mint({ client, scopes, grantId: randomUUID(), certificate });
    },
  };
}
