import { OAuthError } from '../errors.js';
import type { Grant } from './grant.js';
import { issueToClient, type MachineScopes } from './machine-token.js';
import { oracleScopes } from './oracle-scopes.js';

const certificateMethods: ReadonlySet<string> = new Set(['tls_client_auth', 'self_signed_tls_client_auth']);

/**
 * `grant_type=tls_client_auth`, the grant of Oracle Identity Cloud Service: a token for the client itself, which must
 * have authenticated by certificate (RFC 8705 2). Bound to that certificate; never a refresh or ID token. Not the
 * authentication method of the same name, which `tlsClientAuth()` is. Off unless a workspace lists it in `grant_types`.
 */
export function tlsClientAuthGrant(): Grant<MachineScopes> {
  return {
    grantType: 'tls_client_auth',
    parameters: [],
    validate(request, workspace) {
      const { method } = request;
      if (!certificateMethods.has(method)) throw new OAuthError('grant_needs_certificate', { detail: { method } });
      return oracleScopes(request, workspace);
    },
    issue: issueToClient('tls_client_auth'),
  };
}
