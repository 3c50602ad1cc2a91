import type { IncomingMessage } from 'node:http';
import type { AccessTokenClaims } from '../access-tokens.js';
import type { Confirmation } from '../confirmation.js';

/**
 * What a verified access token says (RFC 9068 2.2, RFC 7662 2.2), with claims that its server adds. Times are seconds
 * since 1970. From servers of other makes only the first six are certain.
 */
export interface VerifiedClaims extends Partial<Pick<AccessTokenClaims, 'sub_type' | 'auth_time' | 'cnf'>> {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly client_id: string;
  /** Empty where the token has none. */
  readonly scope: string;
  readonly exp: number;
  readonly iat?: number;
  readonly jti?: string;
  readonly [claim: string]: unknown;
}

/** What `req.auth` holds: an access token that was verified for this request. */
export interface VerifiedAccess {
  /** The person, or the client itself when it acts on its own. */
  readonly sub: string;
  readonly client_id: string;
  /** Scope values separated by blanks. */
  readonly scope: string;
  readonly iss: string;
  /** What it is bound to, and this request has shown (RFC 7800 3). Absent: a bearer token. */
  readonly cnf?: Confirmation;
  readonly claims: VerifiedClaims;
}

declare global {
  namespace Express {
    interface Request {
      /** Set by `protectResource`. */
      auth?: VerifiedAccess;
    }
  }
}

/**
 * The access that `protectResource` has verified for this request, whatever framework it came through: `req.auth`,
 * never undefined. Throws TypeError for a request that did not pass it.
 */
export function accessOf(request: IncomingMessage & { readonly auth?: VerifiedAccess }): VerifiedAccess {
  const { auth } = request;
  if (auth !== undefined) return auth;
  throw new TypeError('This request did not pass protectResource: put it before the handler.');
}
