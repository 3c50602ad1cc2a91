import { OAuthError } from '../../errors.js';
import { readCompactJws } from '../../http/compact-jws.js';
import { loggable } from '../../loggable-value.js';

/** A DPoP proof taken apart (RFC 9449 4.2), not yet believed. */
export interface DpopProof {
  readonly jws: string;
  readonly alg: string;
  readonly jwk: unknown;
  readonly claims: {
    readonly jti: string;
    readonly htm: string;
    readonly htu: string;
    /** Seconds since 1970. */
    readonly iat: number;
    readonly nonce: string | undefined;
    readonly ath: string | undefined;
  };
}

/** Characters. An RSA key of 8192 bits and its signature still fit. */
const maximumLength = 8192;
/** Characters. */
const maximumId = 256;

/**
 * The one proof among the values of the `DPoP` header, or undefined when there is none. Throws `dpop_proof_repeated`,
 * `dpop_proof_malformed`, `dpop_typ_refused`, `dpop_critical_header` or `dpop_claim_invalid` (RFC 9449 4.3).
 */
export function readProof(values: readonly string[]): DpopProof | undefined {
  const [jws] = values;
  if (jws === undefined) return undefined;
  if (values.length > 1) throw new OAuthError('dpop_proof_repeated', { detail: { headers: values.length } });
  const read = readCompactJws(jws, maximumLength);
  if (!read.ok) throw malformed(read.problem);
  const { header, claims } = read;
  const { alg, typ, jwk, crit, b64 } = header;
  if (typ !== 'dpop+jwt') throw new OAuthError('dpop_typ_refused', { detail: { typ: loggable(typ) } });
  if (typeof alg !== 'string') throw malformed('has no alg');
  // RFC 7515 4.1.11: we understand no extension, so any crit is one too many; b64 is the extension of RFC 7797.
  if (crit !== undefined || b64 !== undefined) {
    throw new OAuthError('dpop_critical_header', { detail: { crit: loggable(crit), b64: loggable(b64) } });
  }
  return { jws, alg, jwk, claims: checkedClaims(claims) };
}

function checkedClaims({ jti, htm, htu, iat, nonce, ath }: Readonly<Record<string, unknown>>): DpopProof['claims'] {
  if (typeof jti !== 'string' || jti === '' || jti.length > maximumId) throw invalidClaim('jti', jti);
  if (typeof htm !== 'string') throw invalidClaim('htm', htm);
  if (typeof htu !== 'string') throw invalidClaim('htu', htu);
  // JSON.parse makes Infinity of 1e400, which no comparison would stop.
  if (typeof iat !== 'number' || !Number.isFinite(iat)) throw invalidClaim('iat', iat);
  if (nonce !== undefined && typeof nonce !== 'string') throw invalidClaim('nonce', nonce);
  if (ath !== undefined && typeof ath !== 'string') throw invalidClaim('ath', ath);
  return { jti, htm, htu, iat, nonce, ath };
}

function malformed(what: string): OAuthError {
  return new OAuthError('dpop_proof_malformed', { detail: { what: `The DPoP proof ${what}.` } });
}

function invalidClaim(claim: string, found: unknown): OAuthError {
  return new OAuthError('dpop_claim_invalid', {
    detail: { claim, found: typeof found === 'number' ? String(found) : typeof found },
  });
}
