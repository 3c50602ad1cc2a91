import { randomUUID } from 'node:crypto';
import { OAuthError } from '../errors.js';
import type { Form } from '../http/form.js';
import { consentId } from '../identity/consents.js';
import type { IdentityPool } from '../identity/pool.js';
import type { WorkspaceServices } from '../workspaces/services.js';
import type { Grant, TokenRequest } from './grant.js';
import { scopesAt } from './resource.js';
import { grantScopes } from './scope.js';

interface PasswordlessRequest {
  readonly username: string;
  /** A one-time code, plain or extended. */
  readonly code: string;
  readonly scopes: readonly string[];
  readonly pool: IdentityPool;
}

/**
 * `grant_type=password` (RFC 6749 4.3) whose `password` is a one-time code of type `authentication`: an account's real
 * password never works (RFC 9700 2.4). `username` is a username or an e-mail address. Whatever is wrong with either,
 * the caller reads one and the same `invalid_grant`. Off unless a workspace lists it in `grant_types`; a workspace
 * that does warns at start.
 */
export function passwordless(): Grant<PasswordlessRequest> {
  return {
    grantType: 'password',
    parameters: ['username', 'password'],

    validate({ client, method, parameters, resource }, workspace) {
      if (method === 'none') throw new OAuthError('client_not_confidential');
      const username = required(parameters, 'username');
      const code = required(parameters, 'password');
      const scopes = grantScopes(parameters.get('scope'), client, workspace, { user: true });
      const byName = parameters.has('scope');
      return {
        username,
        code,
        scopes: scopesAt(resource === undefined ? [] : [resource], scopes, { byName }, workspace),
        pool: poolOf(workspace),
      };
    },

    async issue(request: TokenRequest, { username, code, scopes, pool }, workspace) {
      const { client, certificate, jkt, resource, receivedAt: asOf } = request;
      const user = await pool.codes.redeem({
        type: 'authentication',
        code,
        user: { login: username },
        clientId: client.id,
        workspace: workspace.name,
      });
      const authTime = Math.floor(workspace.now() / 1000);
      return workspace.tokens.mint({
        client,
        user: { ...user, authTime },
        scopes,
        resource,
        // The host is asked for claims after the code is used: asked before, who it fails for would show who exists.
        grantType: 'password',
        // Below the consent's id, so that a person who withdraws from this client reaches these tokens too.
        grantId: `${await consentId(workspace, user.id, client.id)}.${randomUUID()}`,
        certificate,
        jkt,
        asOf,
      });
    },
  };
}

function required(parameters: Form, name: string): string {
  const value = parameters.get(name);
  if (value !== undefined) return value;
  throw new OAuthError('parameter_missing', {
    description: `The parameter ${name} is missing.`,
    detail: { parameter: name },
  });
}

function poolOf({ pool }: WorkspaceServices): IdentityPool {
  if (pool) return pool;
  throw new OAuthError('internal_error', { detail: { fix: 'The password grant needs a pool of people.' } });
}
