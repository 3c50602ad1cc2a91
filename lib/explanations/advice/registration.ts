import type { Advice } from '../failure-advice.js';

export const registration = {
  initial_token_unknown: {
    happened: 'The initial access token is none of `registration.initial_access_tokens`; or there are none.',
    remedy: 'Give the client a token of the list.',
  },
  initial_token_expired: {
    happened: 'The initial access token is past its `expires_at`.',
    remedy: 'Configure a new one.',
  },
  initial_token_used: {
    happened: '`max_uses` clients have registered with this initial access token.',
    remedy: 'Configure a new one.',
  },
  registration_token_unknown: {
    happened:
      'The registration access token is not that of the client, or the client is not there, or it did not register itself.',
    remedy: 'Send the token of the last reply. A former one works for five minutes after a `PUT`.',
  },
  client_metadata_invalid: {
    happened: 'Members cannot be registered. `detail.members` names them, the reply says what is wrong with each.',
    remedy: 'Change them.',
  },
  redirect_uri_invalid: {
    happened: 'The same, and one of them is in `redirect_uris`.',
    remedy: 'Register absolute https URIs without fragment and wildcard.',
  },
  software_statement_missing: {
    happened: 'A software statement is what opens registration here, and there is none.',
    remedy: 'Send one, or configure `initial_access_tokens`.',
  },
  software_statement_invalid: {
    happened: 'The statement is malformed, badly signed, over, or not valid yet.',
    remedy: 'Look at `detail.what`.',
  },
  software_statement_unapproved: {
    happened: 'Its `iss` is none of `registration.software_statement_keys`.',
    remedy: 'Add the issuer with its keys, or leave the statement out.',
  },
} satisfies Advice;
