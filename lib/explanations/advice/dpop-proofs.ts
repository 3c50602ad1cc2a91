import type { Advice } from '../failure-advice.js';

export const dpopProofs = {
  dpop_proof_missing: {
    happened: 'No proof: from a client with `dpop_bound_access_tokens`, or beside a token that is bound to a key.',
    remedy: 'Send one in the `DPoP` header.',
  },
  dpop_proof_repeated: { happened: 'Several `DPoP` headers.', remedy: 'Send one.' },
  dpop_proof_malformed: {
    happened: 'Not one compact JWS of at most 8192 characters with JSON of unique members. `detail.what` says more.',
    remedy: 'Mend the client.',
  },
  dpop_typ_refused: { happened: '`typ` is not `dpop+jwt`.', remedy: 'Do not send other JWTs.' },
  dpop_algorithm_refused: {
    happened: '`alg` is none of `dpop_signing_alg_values`; symmetric ones never are.',
    remedy: 'Compare with `detail.enabled`.',
  },
  dpop_critical_header: { happened: 'The header has `crit` or `b64`.', remedy: 'Leave them out.' },
  dpop_key_refused: {
    happened:
      '`jwk` is missing, private, symmetric, too small, not for signatures or not for this `alg`. `detail.what` says which.',
    remedy: 'Send the public key alone.',
  },
  dpop_claim_invalid: {
    happened: '`jti`, `htm`, `htu` or `iat` is missing, or a claim has the wrong type. `detail.claim` names it.',
    remedy: 'RFC 9449 4.2.',
  },
  dpop_signature_invalid: {
    happened: 'The key in `jwk` did not make the signature.',
    remedy: 'Look for a changed proof.',
  },
  dpop_method_mismatch: { happened: '`htm` is not the method of the request.', remedy: 'Make a proof per request.' },
  dpop_url_mismatch: {
    happened: '`htu` is not the URL of the request, as configured.',
    remedy: 'Compare `detail.expected` and `detail.htu`; an API on another host needs `url`.',
  },
  dpop_token_mismatch: {
    happened: '`ath` is missing or not the hash of this access token.',
    remedy: 'Make the proof for this token.',
  },
  dpop_expired: {
    happened: '`iat` is more than 60 seconds and `clock_tolerance` ago.',
    remedy: 'Mend the clock, or set `dpop_nonce`.',
  },
  dpop_not_yet_valid: {
    happened: '`iat` is further ahead than `clock_tolerance`.',
    remedy: 'Mend the clock, or set `dpop_nonce`.',
  },
  dpop_replayed: {
    happened: 'This proof was used before.',
    remedy: 'Make a proof per request; otherwise somebody has copied one.',
  },
  dpop_key_mismatch: {
    happened: 'A pushed request has a proof and a `dpop_jkt` of different keys.',
    remedy: 'Send one of them.',
  },
  dpop_nonce_missing: {
    happened: "Nonces are demanded and the proof has none. Every client's first request.",
    remedy: 'Nothing; the client sends the nonce of the reply.',
  },
  dpop_nonce_invalid: {
    happened: "The nonce is older than two slots of 120 seconds, another server's, or made up.",
    remedy: 'If it is frequent, check that all machines share `secret_keys`.',
  },
} satisfies Advice;
