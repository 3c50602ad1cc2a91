import type { Advice } from '../failure-advice.js';

export const oursToMend = {
  auth_time_missing: {
    happened: 'The client has `require_auth_time`, and `authenticateUser` did not tell `authTime`.',
    remedy: 'Tell it: seconds since 1970.',
  },
  body_already_consumed: {
    happened: 'Something read the request body before us and kept it.',
    remedy: 'Mount the router before it, or let it set `req.body`.',
  },
  token_claims_failed: {
    happened:
      '`tokenClaims` threw, or answered what cannot be added. `detail.claim` names the claim. Nothing was issued.',
    remedy: "Mend the function; its error is the event's `cause`.",
  },
  token_claims_timeout: {
    happened: '`tokenClaims` took longer than `token_claims_timeout` (503). Nothing was issued.',
    remedy: 'Look at what it waits for.',
  },
  internal_error: { happened: 'Something unexpected was thrown.', remedy: 'The event has it as `cause`.' },
  store_unavailable: { happened: 'The store did not answer (503).', remedy: 'Look at the store.' },
  workspace_source_failed: {
    happened: "`workspaces.find` threw (503). The event's `issuer` is the path that was asked for.",
    remedy: 'The event has the error as `cause`.',
  },
  workspace_record_wrong: {
    happened: 'What `workspaces.find` answered cannot be served.',
    remedy: "The event's `cause` names each wrong member.",
  },
  issuer_metadata_unavailable: {
    happened: 'An issuer elsewhere: its metadata could not be fetched, or are of another issuer (503).',
    remedy: '`detail.problem` says why. Private hosts need `outbound.allow_private_hosts`.',
  },
  issuer_keys_unavailable: {
    happened: 'An issuer elsewhere: its `jwks_uri` gave nothing, and no recent copy is there (503).',
    remedy: 'As above.',
  },
  introspection_unavailable: {
    happened:
      'An issuer elsewhere: introspection did not answer yes or no (503). `the status is 401` means that our own credentials are wrong.',
    remedy: 'As above; check `introspection`.',
  },
} satisfies Advice;
