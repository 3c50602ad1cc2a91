import type { Advice } from '../failure-advice.js';

export const protectedResources = {
  token_missing: {
    happened: 'No access token. The challenge has no `error`, as RFC 6750 3.1 wants.',
    remedy: 'Send one.',
  },
  token_malformed: {
    happened: 'Not an access token of ours: another kind of JWT, or rubbish.',
    remedy: 'Do not send ID tokens.',
  },
  token_unknown: {
    happened: 'An opaque token that no workspace knows, or whose time is over.',
    remedy: 'Get a new one.',
  },
  token_opaque: {
    happened: 'An issuer elsewhere: the token is no JWT, or a JWT cut off, and there is no `introspection`.',
    remedy: 'Set `introspection`, or let the issuer give JWTs.',
  },
  token_inactive: {
    happened: 'An issuer elsewhere: introspection says `active: false`.',
    remedy: 'Get a new one. If all are inactive, may this API ask about them?',
  },
  token_expired: { happened: 'Its time is over.', remedy: 'Get a new one.' },
  token_not_yet_valid: {
    happened: '`nbf` or `iat` lies ahead by more than `clock_tolerance`.',
    remedy: 'Set the clocks.',
  },
  token_issuer_mismatch: {
    happened: 'Its issuer is not served here, or not the configured one.',
    remedy: 'Check `detail.found`.',
  },
  token_audience_mismatch: {
    happened: 'It is meant for another resource.',
    remedy: 'Compare `detail.expected` and `detail.found`.',
  },
  token_signature_invalid: {
    happened: 'No key of the issuer made its signature.',
    remedy: 'Look for a foreign or changed token.',
  },
  token_binding_mismatch: {
    happened:
      'It is bound to a certificate that this connection does not have, to a key that did not make the proof, or in a way not understood here.',
    remedy: 'Use the certificate or key the token was issued for.',
  },
  token_scheme_mismatch: {
    happened: 'A token bound to a key came as `Bearer`, or one that is not came as `DPoP`.',
    remedy: 'Send it under the `token_type` it was issued with.',
  },
  token_revoked: {
    happened:
      'It was revoked: by itself, with the consent or grant it came from, or with all tokens of its subject or client.',
    remedy: 'Get a new one; ask the person again.',
  },
  token_client_mismatch: {
    happened: 'Revocation: the token belongs to another client, and stays alive.',
    remedy: 'Let its own client revoke it, or one with the scope `revoke_tokens`.',
  },
  token_of_client: {
    happened: 'Userinfo tells of a person, and the token speaks for a client.',
    remedy: 'Use a token a person authorized.',
  },
  token_client_inactive: {
    happened: 'The client of the token is gone or inactive.',
    remedy: 'Nothing, if that is meant.',
  },
  token_person_inactive: {
    happened: 'The person of the token is gone or inactive.',
    remedy: 'Nothing, if that is meant.',
  },
  token_in_several_places: {
    happened: 'Header and body both carry a token, or there are two headers.',
    remedy: 'Send it once.',
  },
  scope_insufficient: { happened: 'The token lacks a scope of this route (403).', remedy: 'Ask for it.' },
} satisfies Advice;
