import type { Advice } from '../failure-advice.js';

export const tokenEndpoint = {
  grant_type_unsupported: {
    happened: 'The workspace does not offer this grant.',
    remedy: 'Add it to `grant_types` and to `grants`.',
  },
  grant_type_not_allowed: { happened: "The client's `grant_types` lack it.", remedy: 'Register it.' },
  client_not_confidential: {
    happened: 'A public client asked for a grant that needs authentication.',
    remedy: 'Use a confidential client.',
  },
  grant_needs_certificate: {
    happened:
      '`grant_type=tls_client_auth` by a client whose method is not `tls_client_auth` or `self_signed_tls_client_auth`.',
    remedy: 'Register one of the two.',
  },
  scope_malformed: {
    happened: 'The scope breaks the grammar of RFC 6749 3.3, or is too long.',
    remedy: 'Send tokens separated by one blank.',
  },
  scope_not_allowed: {
    happened: "A scope is not one of the client's, or unknown to the workspace.",
    remedy:
      "Add it to the client's `scope`, and to the workspace's `scopes` if `detail.unknown_to_workspace` names it.",
  },
  target_not_allowed: {
    happened: 'The `resource` is no absolute URI, has a fragment, or is not one the workspace serves.',
    remedy: 'Leave it out, or add it to `resources`.',
  },
  target_repeated: {
    happened: 'A token request names several resources. An access token has one audience.',
    remedy: 'Make one request per resource.',
  },
  target_not_granted: { happened: 'The authorization request did not name this resource.', remedy: 'Name it there.' },
  scope_of_other_resource: {
    happened: 'The scope is listed under another resource than those the request is for.',
    remedy: 'Name that `resource` too.',
  },
  code_unknown: {
    happened: 'No such code, or its time is over.',
    remedy: 'Start again; codes live 60 seconds by default.',
  },
  code_expired: { happened: "The code's time is over.", remedy: 'Start again.' },
  code_used: {
    happened:
      'The code was redeemed before. If all else is right, what it gave is revoked and the warning `code_replayed` told.',
    remedy: 'Look for a client that retries.',
  },
  code_client_mismatch: {
    happened: 'The code belongs to another client. It stays usable for that one.',
    remedy: 'Somebody may be injecting codes.',
  },
  code_key_mismatch: {
    happened:
      'The code is bound by `dpop_jkt` to a key that this request has not proven. It stays usable with that one.',
    remedy: 'Send a DPoP proof by that key.',
  },
  redirect_uri_mismatch: {
    happened: '`redirect_uri` is not the one of the authorization request.',
    remedy: 'Send it unchanged.',
  },
  code_without_challenge: {
    happened:
      "The workspace's profile is `oauth21` or `fapi2`, and the code was asked for without PKCE, before it was.",
    remedy: 'Start again, with a `code_challenge`.',
  },
  verifier_missing: {
    happened: 'The code has a challenge, and no `code_verifier` came. The code is used up.',
    remedy: 'Send the verifier.',
  },
  verifier_mismatch: {
    happened: 'The `code_verifier` does not fit. The code is used up.',
    remedy: 'Keep the verifier with the request it belongs to.',
  },
  user_inactive: { happened: 'The person is gone or inactive.', remedy: 'Nothing, if that is meant.' },
  otc_unknown_user: {
    happened: 'One-time code: nobody has this username, address or id.',
    remedy: 'Nothing; the caller must not learn it.',
  },
  otc_mismatch: {
    happened: 'The one-time code is wrong, or the user has none. Somebody may be guessing.',
    remedy: 'Ask for a new code.',
  },
  otc_expired: { happened: "The one-time code's time is over.", remedy: 'Ask for a new code; see `otp_settings`.' },
  otc_used: { happened: 'The one-time code was used before.', remedy: 'Look for a client that retries.' },
  otc_exhausted: {
    happened:
      'The one-time code was guessed wrong `max_attempts` times and is dead, or that many guesses are under way at once.',
    remedy: 'Ask for a new code.',
  },
  otc_bound_elsewhere: {
    happened: 'The one-time code was made for another client or workspace. Counts as a wrong guess.',
    remedy: 'Compare with `client_id` and `workspace` of the generating request.',
  },
  otc_attempts_spent: {
    happened:
      'One-time codes for this user were guessed wrong `daily_attempts` times within 24 hours. None is looked at until they are over.',
    remedy: 'Find out who guesses.',
  },
  otc_other_browser: {
    happened:
      'The code was typed at our login page in a browser that did not ask for one; others did. It is not compared and charged to nobody.',
    remedy: 'Nothing: the person uses the link of the mail, or asks again here.',
  },
  otc_refused_before: {
    happened:
      'The one-time code of this pushed request was refused, and the page was loaded again. It is charged to nobody.',
    remedy: 'Nothing.',
  },
  login_link_unknown: {
    happened: 'The link of a login mail is invented, changed, or long over.',
    remedy: 'Nothing; nobody is charged for it.',
  },
  login_link_expired: { happened: 'Its time is over.', remedy: 'Ask for a new mail; see `ttl` of `otp_settings`.' },
  login_link_used: { happened: 'It was used before, or the code of the same mail was.', remedy: 'Ask for a new mail.' },
  login_link_elsewhere: {
    happened: 'It was made by the login page of another workspace.',
    remedy: 'Somebody changes links.',
  },
  login_link_address_changed: {
    happened: 'The person has another e-mail address by now than the one it was sent to.',
    remedy: 'Ask for a new mail at that address.',
  },
  consent_withdrawn: {
    happened: 'The consent behind the code was withdrawn, or its grant revoked. The code is used up.',
    remedy: 'Ask the person again.',
  },
  offline_access_withdrawn: {
    happened:
      'The person has unticked `offline_access` since, so all refresh tokens of this grant end, and its access tokens.',
    remedy: 'Ask the person again.',
  },
  refresh_token_unknown: {
    happened: 'No such refresh token, or its authorization is long over.',
    remedy: 'Ask the person again.',
  },
  refresh_token_expired: {
    happened: 'It was left unused for `refresh_idle_ttl`, or `token_ttls.refresh_token` is over.',
    remedy: 'Ask the person again.',
  },
  refresh_token_client_mismatch: {
    happened: 'It belongs to another client. It stays usable for that one.',
    remedy: 'Somebody may have stolen it.',
  },
  refresh_token_binding_mismatch: {
    happened:
      'It is bound to a certificate that this connection does not have, or to a key that this request has not proven. It stays usable with those.',
    remedy: 'Use the certificate or key it was issued for.',
  },
  refresh_token_reused: {
    happened:
      'It was used before, and `refresh_grace_seconds` are over or its successor was used too, or the first use proved a DPoP key and this one does not. Everything of this grant is revoked.',
    remedy: 'The client keeps old tokens, or somebody has stolen one.',
  },
  grant_revoked: {
    happened: 'The grant behind the refresh token was revoked, or the consent behind it withdrawn.',
    remedy: 'Ask the person again.',
  },
  verifier_malformed: { happened: 'The verifier is not 43 to 128 unreserved characters.', remedy: 'RFC 7636 4.1.' },
  verifier_without_challenge: {
    happened: 'A verifier came, but the code has no challenge: a downgrade.',
    remedy: 'Send `code_challenge` at /authorize.',
  },
  binding_certificate_missing: {
    happened: 'The client wants bound tokens, but the connection has no certificate.',
    remedy: 'Connect with one.',
  },
} satisfies Advice;
