import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { certificateWarnings } from '../certificates/header-warnings.js';
import { OAuthError, toOAuthError } from '../errors.js';
import type { OutcomeEvent } from '../events.js';
import { matchesScope, parseScopes } from '../grants/scope.js';
import { newCorrelationId } from '../http/correlation-id.js';
import { sendError, sendJson, visibleAscii } from '../http/reply.js';
import { parseOptions } from '../options.js';
import type { GrantRouter } from '../router.js';
import { scopeToken } from '../workspaces/policy.js';
import type { Workspace } from '../workspaces/workspace.js';
import type { AccessTokenClaims } from './access-tokens.js';
import { presentedToken } from './presented-token.js';
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
  const { authorizationServer, audience, scope = '' } = parseOptions(optionsSchema, options);
  const needed = parseScopes(scope);
  const { workspaces } = authorizationServer;
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
      refuse(response, failure, known?.workspace ?? workspaces[0], scope);
      report(correlationId, known, workspaces, failure);
      return;
    }
    const { claims } = known;
    request.auth = { sub: claims.sub, client_id: claims.client_id, scope: claims.scope, iss: claims.iss, claims };
    report(correlationId, known, workspaces);
    next();
  };
}

/** RFC 8705 3 and RFC 7800 3.1: what cannot be checked is not taken for a bearer token. */
function requireBinding({ cnf }: AccessTokenClaims, { proxies, warn }: Workspace, request: IncomingMessage): void {
  if (cnf === undefined) return;
  const expected = cnf['x5t#S256'];
  const { certificate, problem, headerName } = proxies.certificateOf(request);
  if (problem) warn(certificateWarnings[problem], { header: headerName });
  const found = certificate?.digest;
  if (expected !== undefined && expected === found && Object.keys(cnf).length === 1) return;
  throw new OAuthError('token_binding_mismatch', { detail: { expected: cnf, found } });
}

function requireScopes({ scope }: AccessTokenClaims, needed: readonly string[]): void {
  const granted = scope.split(' ');
  const missing = needed.filter((each) => !granted.some((one) => matchesScope(each, one)));
  if (missing.length > 0) throw new OAuthError('scope_insufficient', { detail: { missing } });
}

function refuse(response: ServerResponse, failure: OAuthError, workspace: Workspace | undefined, scope: string): void {
  if (failure.status >= 500) {
    sendError(response, failure);
    return;
  }
  const realm = `Bearer realm="${workspace?.issuer ?? ''}"`;
  // RFC 6750 3.1: a request without a token learns nothing but that it needs one.
  if (failure.reason === 'token_missing') {
    sendJson(
      response,
      401,
      { error: failure.error, error_description: failure.description },
      { 'WWW-Authenticate': realm },
    );
    return;
  }
  const description = visibleAscii(failure.description);
  const named = failure.reason === 'scope_insufficient' ? `, scope="${scope}"` : '';
  sendJson(
    response,
    failure.status,
    { error: failure.error, error_description: description },
    { 'WWW-Authenticate': `${realm}, error="${failure.error}", error_description="${description}"${named}` },
  );
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
    ? ({
        outcome: 'failure',
        error: failure.error,
        reason: failure.reason,
        detail: failure.detail,
        cause: failure.cause,
      } as const)
    : ({ outcome: 'success' } as const);
  workspace?.emit({ event: 'resource', ...outcome, ...facts, correlation_id: correlationId });
}
