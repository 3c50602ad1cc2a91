import type { Advice } from '../failure-advice.js';

export const clientAuthentication = {
  no_credentials: {
    happened: 'The request names no client, or a client that must authenticate sent nothing but its `client_id`.',
    remedy: 'Send the credentials of the registered method.',
  },
  unknown_client: {
    happened: 'No client has this `client_id` in this workspace.',
    remedy: 'Check the id and that the URL is the right workspace.',
  },
  client_inactive: {
    happened: "The credentials are right, but the client's `status` is `inactive`.",
    remedy: 'Set `status` to `active`; for a client in the store: `npx express-client-auth client enable`.',
  },
  client_id_missing: { happened: 'A `client_secret` came in the body without `client_id`.', remedy: 'Send both.' },
  client_id_mismatch: {
    happened: "The body's `client_id` is not the subject of the assertion.",
    remedy: 'Send the same id, or leave it out of the body.',
  },
  method_not_enabled: {
    happened:
      'The workspace does not list the method in `token_endpoint_auth_methods`, or no strategy for it is installed.',
    remedy: 'Enable the method, or register the client for another one.',
  },
  method_not_registered: {
    happened: 'The client used another method than its `token_endpoint_auth_method`. `detail` names both.',
    remedy:
      'Change the client or the registration. For basic and post alone, `secret_methods: "basic-or-post"` takes either.',
  },
  client_guesses_exceeded: {
    happened:
      "Of this client's credentials too many from this address were wrong (429, `too_many_requests`). Nothing was compared.",
    remedy: 'Wait for `detail.retry_after` seconds; find out who guesses. See `rate_limits`.',
  },
  registration_guesses_exceeded: {
    happened:
      'Of the initial access tokens from this address too many were wrong (429, `too_many_requests`). Nothing was compared.',
    remedy: 'Wait for `detail.retry_after` seconds; find out who guesses. See `rate_limits.registration`.',
  },
  code_guesses_exceeded: {
    happened:
      'Of the one-time codes that browsers at this address brought too many were wrong (429, `too_many_requests`). Nothing was compared.',
    remedy: 'Use the link of the mail, or wait for `detail.retry_after` seconds. See `rate_limits.one_time_code`.',
  },
  token_guesses_exceeded: {
    happened:
      'Of the access tokens that clients at this address called this server by too many were unknown or forged (429, `too_many_requests`). Nothing was compared.',
    remedy: 'Wait for `detail.retry_after` seconds; find out who guesses. See `rate_limits.access_token`.',
  },
  grant_guesses_exceeded: {
    happened:
      'Of the codes and refresh tokens of this public client from this address too many were unknown (429, `too_many_requests`). Nothing was compared.',
    remedy:
      'Wait for `detail.retry_after` seconds; see that the client does not repeat a token that is over. See `rate_limits.grant`.',
  },
  source_guesses_exceeded: {
    happened:
      'Of all that was guessed from this address too much was wrong (429, `too_many_requests`). Nothing was compared.',
    remedy: 'As above. Behind a proxy, the address is the last of `X-Forwarded-For`.',
  },
  authorization_scheme_unsupported: {
    happened: 'The `Authorization` header has a scheme that no strategy here reads, such as Bearer.',
    remedy: 'Use `Basic`, or send no header.',
  },
  authorization_header_malformed: {
    happened:
      'The Basic header is no strict base64, has no colon, has control characters, a client_id outside visible ASCII, or came twice.',
    remedy: 'Form-encode id and secret, join them with a colon, base64 the result.',
  },
  secret_mismatch: {
    happened: 'The secret is not a live secret of the client.',
    remedy:
      'Compare it with the newest live secret of the client, or make one: `npx express-client-auth client rotate-secret`. If it is right, has `%` or `+` and came by Basic, it was not form-encoded: `raw_basic_fallback` on the client takes the raw form too.',
  },
  secret_expired: {
    happened: 'It is a secret of the client, but past its `expires_at`.',
    remedy: 'Use the newer secret.',
  },
  secret_missing: { happened: 'The secret was empty, or the client has none.', remedy: 'Send a secret; register one.' },
  secret_too_short: {
    happened: 'The secret has fewer octets than the MAC algorithm needs (RFC 7518 3.2).',
    remedy: 'Issue a secret of 32, 48 or 64 octets for HS256, HS384 or HS512.',
  },
  assertion_type_unsupported: {
    happened: '`client_assertion_type` is not `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.',
    remedy: 'Send that type.',
  },
  assertion_malformed: {
    happened: 'The assertion is not one compact JWS in strict base64url, or its JSON has repeated members.',
    remedy: 'Look at `detail.what`.',
  },
  assertion_typ_refused: {
    happened: 'The `typ` header names another kind of JWT.',
    remedy: 'Send `client-authentication+jwt`, `JWT`, or no `typ`.',
  },
  assertion_algorithm_refused: {
    happened:
      "The `alg` is not one of the method, not enabled in the workspace, or not the client's `token_endpoint_auth_signing_alg`.",
    remedy: 'Compare `detail.alg` with `detail.registered` and `detail.enabled`.',
  },
  assertion_critical_header: {
    happened: 'The header has `crit` or `b64`. None is understood.',
    remedy: 'Leave them out.',
  },
  assertion_subject_mismatch: {
    happened: "`iss` or `sub` is not the client's id.",
    remedy: 'Both must be the `client_id`.',
  },
  assertion_audience_mismatch: {
    happened: '`aud` is not the issuer alone (RFC 10070 4).',
    remedy: 'Send the issuer. For old clients set `legacy_assertion_audience` on the client.',
  },
  assertion_claim_invalid: {
    happened: '`sub`, `exp`, `nbf`, `iat` or `jti` is missing or of the wrong type.',
    remedy: 'Look at `detail.claim`.',
  },
  assertion_expired: {
    happened: '`exp` is past by more than the clock tolerance.',
    remedy: 'Compare `detail.exp` with `detail.now`: a difference of minutes is a wrong clock.',
  },
  assertion_not_yet_valid: {
    happened: '`nbf` or `iat` lies ahead by more than the clock tolerance.',
    remedy: "Set the client's clock.",
  },
  assertion_lifetime_too_long: {
    happened: '`exp` lies more than 600 seconds ahead (3600 with `legacy_assertion_audience`).',
    remedy: 'Shorten it; 60 seconds is plenty.',
  },
  assertion_key_not_found: {
    happened: 'No key of the client fits `kid` and `alg`.',
    remedy: 'Publish the key; check `kid`, `kty`, `crv`, `use` and `alg`.',
  },
  assertion_signature_invalid: {
    happened: 'A key fits, but did not make this signature.',
    remedy: 'Check that the private key belongs to the published one.',
  },
  assertion_replayed: {
    happened: 'The same `jti` was used before.',
    remedy: 'Make a new assertion for every request.',
  },
  key_set_unavailable: {
    happened: '`jwks_uri` could not be fetched and no recent copy is there.',
    remedy: 'Look at the `key_set_fetch_failed` warning. Private hosts need `outbound.allow_private_hosts`.',
  },
  certificate_missing: {
    happened: 'A certificate method, but the connection has no client certificate.',
    remedy: 'Present one. The listener needs `requestCert: true`; behind a proxy, check `trusted_proxies`.',
  },
  certificate_expired: { happened: 'The certificate, or one above it, is past its end.', remedy: 'Renew it.' },
  certificate_not_yet_valid: {
    happened: 'Its validity begins later, by more than `clock_tolerance`.',
    remedy: 'Check the clocks.',
  },
  certificate_untrusted: {
    happened:
      "There is no valid path from it to the workspace's `root_cas`, or to the client's own `trusted_cas`. `detail.problem` says why.",
    remedy: 'Add the CA to `root_cas`; send the intermediates, or list them in `intermediate_cas`.',
  },
  certificate_purpose_refused: {
    happened: 'It is a CA certificate, or may not be used by TLS clients (extendedKeyUsage, keyUsage).',
    remedy: 'Issue one with clientAuth.',
  },
  certificate_revoked: {
    happened:
      'The certificate, or a CA between it and the anchor, has been revoked. `detail.source` says by whom: `ocsp` or `crl`.',
    remedy: 'Issue a new one.',
  },
  certificate_revocation_unknown: {
    happened:
      'Nothing could tell whether it has been revoked, and `revocation` demands it. `detail.problem` says what was tried.',
    remedy: 'Look at the `revocation_source_failed` warnings; see Certificates.',
  },
  certificate_name_mismatch: {
    happened: 'The certificate is trusted but does not carry the registered name. `detail` has both.',
    remedy: 'Register the name as `detail.found` shows it.',
  },
  certificate_not_registered: {
    happened: "No `x5c` of the client's keys, and not its `certificate`, is this one.",
    remedy: 'Register it; `detail` has its thumbprint.',
  },
  certificate_refused_by_proxy: {
    happened: 'The proxy in front says that verification failed.',
    remedy: "Look at `detail.verdict` and the proxy's log.",
  },
} satisfies Advice;
