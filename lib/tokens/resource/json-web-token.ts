import type { KeyObject } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import type { RemoteKeySets } from '../../clients/remote-key-sets.js';
import { OAuthError } from '../../errors.js';
import { longestTokenLife } from '../revocation.js';
import { tokenRefusal } from '../token-refusal.js';
import type { RemoteMetadata } from './issuer-metadata.js';
import type { TokenHome } from './token-source.js';
import type { VerifiedClaims } from './verified-access.js';

/** What JWT access tokens of another process are held against. */
export interface JwtRules {
  readonly home: TokenHome;
  readonly audience: string;
  /** Seconds. */
  readonly clockTolerance: number;
  readonly metadata: RemoteMetadata;
  readonly keySets: RemoteKeySets;
}

/** RFC 9068 2.2 has `scope` only where a scope was granted. */
const requiredClaims = ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'];
const textClaims = ['iss', 'sub', 'client_id', 'jti'];

/**
 * The claims of a JWT access token (RFC 9068 4) by the keys that its issuer publishes. Rejects with `invalid_token`
 * reasons, `issuer_metadata_unavailable` or `issuer_keys_unavailable`.
 */
export async function verifyJwt(token: string, rules: JwtRules): Promise<VerifiedClaims> {
  const { home, audience, clockTolerance } = rules;
  const header = readHeader(token, home.issuer);
  const options = {
    algorithms: [header.alg],
    typ: 'at+jwt',
    issuer: home.issuer,
    audience,
    requiredClaims,
    clockTolerance,
    maxTokenAge: longestTokenLife,
    currentDate: new Date(home.now()),
  };
  for (const key of await candidates(header, rules)) {
    try {
      const { payload } = await jwtVerify(token, key, options);
      return complete(payload);
    } catch (thrown) {
      // The next candidate may fit: a token need not name its key.
      if (!(thrown instanceof errors.JWSSignatureVerificationFailed)) throw tokenRefusal(thrown);
    }
  }
  throw new OAuthError('token_signature_invalid', { detail: { ...header } });
}

interface Header {
  readonly alg: string;
  readonly kid?: string;
}

/** What can be seen before any key is fetched: nobody makes us ask for the keys of a token that we would never take. */
function readHeader(token: string, issuer: string): Header {
  const { alg, kid, typ } = decoded(() => decodeProtectedHeader(token));
  const { iss } = decoded(() => decodeJwt(token));
  if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string')) {
    throw new OAuthError('token_malformed', { detail: { what: 'has no alg, or a kid that is no text' } });
  }
  if (typeof typ !== 'string' || !/^(?:application\/)?at\+jwt$/i.test(typ)) {
    throw new OAuthError('token_malformed', { detail: { claim: 'typ', found: typ } });
  }
  if (iss !== issuer) throw new OAuthError('token_issuer_mismatch', { detail: { expected: issuer, found: iss } });
  return { alg, ...(kid !== undefined && { kid }) };
}

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch {
    throw new OAuthError('token_malformed', { detail: { what: 'is not a JWT' } });
  }
}

/** The keys say which algorithms they are for (RFC 8725 3.1): never a MAC, never `none`. */
async function candidates(header: Header, { home, metadata, keySets }: JwtRules): Promise<readonly KeyObject[]> {
  const { jwksUri } = await metadata.get();
  if (jwksUri === undefined) throw unavailable('the metadata have no jwks_uri', home);
  try {
    return await keySets.at(jwksUri).candidates(header);
  } catch (thrown) {
    throw thrown instanceof OAuthError ? unavailable(thrown.detail.problem, home) : thrown;
  }
}

function unavailable(problem: unknown, { issuer }: TokenHome): OAuthError {
  return new OAuthError('issuer_keys_unavailable', { detail: { issuer, problem } });
}

function complete(payload: JWTPayload): VerifiedClaims {
  const { scope = '', cnf } = payload;
  const texts = textClaims.every((name) => typeof payload[name] === 'string');
  const confirmed = cnf === undefined || (typeof cnf === 'object' && cnf !== null);
  if (texts && typeof scope === 'string' && confirmed) return { ...payload, scope } as VerifiedClaims;
  throw new OAuthError('token_malformed', { detail: { claims: Object.keys(payload) } });
}
