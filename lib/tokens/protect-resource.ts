import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { type OAuthError, toOAuthError } from '../errors.js';
import type { OutcomeEvent } from '../events.js';
import { failureFacts } from '../failure-facts.js';
import { parseScopes } from '../grants/scope.js';
import { newCorrelationId } from '../http/correlation-id.js';
import { OptionsError, parseOptions } from '../options.js';
import type { GrantRouter } from '../router.js';
import { scopeToken } from '../workspaces/policy.js';
import type { Workspace } from '../workspaces/workspace.js';
import type { AccessTokenClaims } from './access-tokens.js';
import { refuseBearer } from './bearer-challenge.js';
import { presentedToken } from './presented-token.js';
import { requireBinding, requireScopes } from './token-requirements.js';
import { verifyAccessToken } from './verify-access-token.js';

function isScopeList(text: string): boolean {
  return text.split(' ').every((scope) => scope === '' || scopeToken.test(scope));
}

const optionsSchema = z.strictObject({
  /** The router in this process: its keys and tokens are read directly. */
  authorizationServer: z.custom<Pick<GrantRouter, 'workspaces'>>(
    (value) => Array.isArray((value as Partial<GrantRouter> | undefined)?.workspaces),
    'must be what grantRouter() answered; a resource server in another process is not part of this version',
  ),
  /** The only issuers whose tokens are taken: one or several workspaces of the router. Absent: all of them. */
  issuer: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  /** The `aud` a token must have. Absent: the default audience of the workspace that issued it. */
  audience: z.string().min(1).optional(),
  /** Scope values a token must have, separated by blanks; all of them. */
  scope: z.string().refine(isScopeList, 'must be scope tokens separated by blanks (RFC 6749 3.3)').optional(),
});

export type ProtectResourceOptions = z.input<typeof optionsSchema>;

/** What `req.auth` holds: an access token that was verified for this request. */
export interface VerifiedAccess {
  /** The person, or the client itself when it acts on its own. */
  readonly sub: string;
  readonly client_id: string;
  /** Scope values separated by blanks. */
  readonly scope: string;
  readonly iss: string;
  readonly claims: AccessTokenClaims;
}

declare global {
  namespace Express {
    interface Request {
      /** Set by `protectResource`. */
      auth?: VerifiedAccess;
    }
  }
}

type ResourceRequest = IncomingMessage & { body?: unknown; auth?: VerifiedAccess };

/**
 * Guards an API route with access tokens (RFC 6750, RFC 9068 4). Sets `req.auth`, or answers 400, 401 or 403 with a
 * Bearer challenge. A certificate-bound token is taken only over a connection with that certificate (RFC 8705 3), and
 * a token bound in a way not understood here is refused. Throws OptionsError.
 */
export function protectResource(
  options: ProtectResourceOptions,
): (request: IncomingMessage, response: ServerResponse, next: () => void) => Promise<void> {
  const { authorizationServer, issuer, audience, scope = '' } = parseOptions(optionsSchema, options);
  const needed = parseScopes(scope);
  const workspaces = workspacesOf(authorizationServer.workspaces, issuer);
  return async (request: ResourceRequest, response, next) => {
    const correlationId = newCorrelationId();
    response.setHeader('X-Correlation-Id', correlationId);
    let known: { claims: AccessTokenClaims; workspace: Workspace } | undefined;
    try {
      known = await verifyAccessToken(presentedToken(request), workspaces, audience);
      requireBinding(known.claims, known.workspace, request);
      requireScopes(known.claims, needed);
    } catch (thrown) {
      const failure = toOAuthError(thrown);
      refuseBearer(response, failure, (known?.workspace ?? workspaces[0])?.issuer ?? '', scope);
      report(correlationId, known, workspaces, failure);
      return;
    }
    const { claims } = known;
    request.auth = { sub: claims.sub, client_id: claims.client_id, scope: claims.scope, iss: claims.iss, claims };
    report(correlationId, known, workspaces);
    next();
  };
}

function workspacesOf(all: readonly Workspace[], issuer: string | readonly string[] | undefined): readonly Workspace[] {
  if (issuer === undefined) return all;
  return [issuer].flat().map((wanted) => {
    const workspace = all.find((candidate) => candidate.issuer === wanted);
    if (workspace) return workspace;
    throw new OptionsError([{ path: 'issuer', message: `${wanted} is none of the router's issuers` }]);
  });
}

function report(
  correlationId: string,
  known: { claims: AccessTokenClaims; workspace: Workspace } | undefined,
  workspaces: readonly Workspace[],
  failure?: OAuthError,
): void {
  const workspace = known?.workspace ?? workspaces[0];
  const facts: Partial<OutcomeEvent> = known ? { client_id: known.claims.client_id, subject: known.claims.sub } : {};
  const outcome = failure
    ? ({ outcome: 'failure', ...failureFacts(failure) } as const)
    : ({ outcome: 'success' } as const);
  workspace?.emit({ event: 'resource', ...outcome, ...facts, correlation_id: correlationId });
}
