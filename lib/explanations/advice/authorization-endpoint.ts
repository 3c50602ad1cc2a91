import type { Advice } from '../failure-advice.js';

export const authorizationEndpoint = {
  authorize_client_unknown: {
    happened: '`client_id` is missing, unknown, repeated or inactive. Shown as a page, never redirected.',
    remedy: 'Check the link.',
  },
  redirect_uri_unregistered: {
    happened: '`redirect_uri` is missing, repeated or not registered, character by character. Shown as a page.',
    remedy: 'Register it exactly.',
  },
  response_type_unsupported: { happened: 'Only `code` is known.', remedy: 'Use the code flow.' },
  response_type_not_allowed: {
    happened: 'The client may not use the code flow.',
    remedy: 'Add `authorization_code` to its `grant_types`.',
  },
  challenge_missing: { happened: 'No `code_challenge` where PKCE is required.', remedy: 'Use PKCE.' },
  challenge_invalid: {
    happened: 'The method is not S256, or the challenge is not 43 base64url characters.',
    remedy: 'RFC 7636 4.2.',
  },
  request_object_unsupported: {
    happened: 'The `request` parameter is not supported.',
    remedy: 'Send plain parameters.',
  },
  request_uri_unsupported: {
    happened: 'The `request_uri` parameter is not supported.',
    remedy: 'Send plain parameters.',
  },
  request_uri_unknown: {
    happened: 'No such pushed request, or it is long gone. Told on a page.',
    remedy: 'Push it again.',
  },
  request_uri_expired: {
    happened: 'The browser came too late with it. Told on a page.',
    remedy: 'Send the browser at once; see `pushed_authorization_request_ttl`.',
  },
  request_uri_revoked: {
    happened: 'All that its client had was revoked since it was pushed. Told on a page.',
    remedy: 'Push a new one.',
  },
  request_uri_client_mismatch: {
    happened: 'Another client pushed it. Told on a page.',
    remedy: 'Somebody may be swapping requests.',
  },
  request_uri_used: {
    happened: 'It was answered before: by a code, or by a denial. Told on a page.',
    remedy: 'Push a new one.',
  },
  request_not_pushed: {
    happened: 'The workspace or the client has `require_pushed_authorization_requests`.',
    remedy: 'Push the request to `/oauth2/par`.',
  },
  login_required: { happened: 'Nobody is signed in, and no page may be shown or none is there.', remedy: 'Sign in.' },
  consent_required: { happened: '`prompt=none`, but the person has to consent.', remedy: 'Ask again without it.' },
  person_inactive: { happened: 'The person is inactive.', remedy: 'Nothing, if that is meant.' },
  consent_denied: { happened: 'The person said no.', remedy: 'Nothing.' },
  consent_form_invalid: {
    happened: 'The consent form is too old, used, from another browser, or changed (403).',
    remedy: 'Start again.',
  },
  form_invalid: {
    happened: 'A form to sign in, sign out or withdraw a consent is too old, from another browser, or changed (403).',
    remedy: 'Start again.',
  },
  cross_site_post: {
    happened: 'A page of another site has sent one of our forms (403). `detail` names what the browser said of it.',
    remedy:
      'Somebody tries to act for your users. If the origin is your own, `issuer` is not the URL that browsers see.',
  },
  sign_in_unavailable: {
    happened:
      'Somebody has to sign in, and the workspace has neither `authenticateUser` nor `deliverCode` (403). `detail.code_refused` tells why an `authentication_code` was not taken.',
    remedy: 'Set one of them, or send people here with an `authentication_code` alone.',
  },
} satisfies Advice;
