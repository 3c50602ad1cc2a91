import type { Advice } from '../failure-advice.js';

export const request = {
  several_methods: {
    happened: 'Two of Authorization header, `client_secret` and `client_assertion` came in one request.',
    remedy: 'Use one. passport-oauth2 with a Basic header does this by habit.',
  },
  client_id_conflict: {
    happened: "The body's `client_id` is not the one of the Basic header.",
    remedy: 'Send the same, or leave it out.',
  },
  assertion_incomplete: {
    happened: 'Only one of `client_assertion` and `client_assertion_type` was sent.',
    remedy: 'Send both.',
  },
  credentials_in_query: {
    happened: 'The URL has a secret or an assertion. It is in access logs now.',
    remedy: 'Send it in the body and replace it.',
  },
  method_not_allowed: {
    happened: "Wrong HTTP method; the reply's `Allow` names the right ones (405).",
    remedy: 'Use POST at the token endpoint.',
  },
  media_type_unsupported: {
    happened: 'The body is not `application/x-www-form-urlencoded`, or is compressed.',
    remedy: 'Send a form. JSON is read only with `accept_json_requests`.',
  },
  body_malformed: {
    happened:
      'Broken percent-encoding, invalid UTF-8, JSON that is no flat object of strings, or a body that ended early.',
    remedy: 'Look at `detail.what`.',
  },
  body_too_large: { happened: 'More than 64 KiB (413).', remedy: 'Send less.' },
  parameter_repeated: { happened: 'A known parameter came twice.', remedy: 'Send it once.' },
  parameter_missing: { happened: 'A required parameter is missing.', remedy: 'Look at `detail.parameter`.' },
  parameter_invalid: { happened: 'A parameter has a value of the wrong form.', remedy: 'Look at `detail`.' },
} satisfies Advice;
