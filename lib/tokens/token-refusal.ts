import { errors } from 'jose';
import { type FailureReason, OAuthError } from '../errors.js';

/** What jose thinks of an access token, as a failure of ours: which check it was is told to the operator alone. */
export function tokenRefusal(thrown: unknown): OAuthError {
  if (thrown instanceof OAuthError) return thrown;
  if (!(thrown instanceof errors.JOSEError)) return new OAuthError('internal_error', { cause: thrown });
  // Not the error itself: it carries the claims of the token, which are about a person.
  const { code } = thrown;
  const claim = thrown instanceof errors.JWTClaimValidationFailed ? thrown.claim : undefined;
  return new OAuthError(reasonOf(thrown), { detail: { code, ...(claim !== undefined && { claim }) } });
}

function reasonOf(thrown: errors.JOSEError): FailureReason {
  if (thrown instanceof errors.JWTExpired) return 'token_expired';
  if (thrown instanceof errors.JWTClaimValidationFailed && thrown.reason === 'check_failed') {
    return reasonOfClaim.get(thrown.claim) ?? 'token_malformed';
  }
  const forged = thrown instanceof errors.JWSSignatureVerificationFailed || thrown instanceof errors.JWKSNoMatchingKey;
  return forged ? 'token_signature_invalid' : 'token_malformed';
}

const reasonOfClaim: ReadonlyMap<string, FailureReason> = new Map([
  ['iss', 'token_issuer_mismatch'],
  ['aud', 'token_audience_mismatch'],
  ['nbf', 'token_not_yet_valid'],
  ['iat', 'token_not_yet_valid'],
]);
