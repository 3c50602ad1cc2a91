/**
 * The `error` values that leave the process (RFC 6749 4.1.2.1, 5.2; RFC 6750 3.1; RFC 7591 3.2.2; RFC 8707 2; RFC 9101 7;
 * RFC 9449 5, 8).
 */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  | 'invalid_software_statement'
  | 'unapproved_software_statement'
  | 'access_denied'
  | 'login_required'
  | 'consent_required'
  | 'interaction_required'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'invalid_request_uri'
  | 'invalid_token'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'insufficient_scope'
  | 'not_found'
  | 'too_many_requests'
  | 'server_error'
  | 'temporarily_unavailable';

interface Outcome {
  readonly error: OAuthErrorCode;
  readonly status: number;
  readonly description: string;
}

// One body for every way client authentication can fail: which check it was is nobody's business outside.
const invalidClient: Outcome = { error: 'invalid_client', status: 401, description: 'Client authentication failed.' };
const invalidGrant: Outcome = {
  error: 'invalid_grant',
  status: 400,
  description: 'The grant is invalid, expired, used, or was not issued to this client.',
};
const invalidToken: Outcome = {
  error: 'invalid_token',
  status: 401,
  description: 'The access token is invalid, expired or not meant for this resource.',
};
const invalidRequestUri: Outcome = {
  error: 'invalid_request_uri',
  status: 400,
  description: 'This request is not known here, is over, or has been answered.',
};
const invalidProof: Outcome = { error: 'invalid_dpop_proof', status: 400, description: 'The DPoP proof is not valid.' };
const useNonce: Outcome = {
  error: 'use_dpop_nonce',
  status: 400,
  description: 'Send a new DPoP proof with the nonce of the DPoP-Nonce header.',
};
const unavailable: Outcome = {
  error: 'temporarily_unavailable',
  status: 503,
  description: 'The server cannot answer right now. Try again soon.',
};
const tooManyGuesses: Outcome = {
  error: 'too_many_requests',
  status: 429,
  description: 'Too many requests have failed. Try again later.',
};
const ours: Outcome = { error: 'server_error', status: 500, description: 'The server met an unexpected error.' };
const noInitialAccess: Outcome = { ...invalidToken, description: 'The initial access token is not valid.' };
const invalidRequest = (description: string): Outcome => ({ error: 'invalid_request', status: 400, description });
const unauthorized = (description: string): Outcome => ({ error: 'unauthorized_client', status: 400, description });

/**
 * Every private reason a request can fail for, with what the caller is told. The list is closed:
 * docs/failure-reasons.md explains each value, and a spec holds page and list together.
 */
export const failureReasons = {
  // Client authentication
  no_credentials: invalidClient,
  unknown_client: invalidClient,
  client_inactive: invalidClient,
  client_id_missing: invalidClient,
  client_id_mismatch: invalidClient,
  method_not_enabled: invalidClient,
  method_not_registered: invalidClient,
  client_guesses_exceeded: tooManyGuesses,
  registration_guesses_exceeded: tooManyGuesses,
  code_guesses_exceeded: tooManyGuesses,
  token_guesses_exceeded: tooManyGuesses,
  grant_guesses_exceeded: tooManyGuesses,
  source_guesses_exceeded: tooManyGuesses,
  authorization_scheme_unsupported: invalidClient,
  authorization_header_malformed: invalidClient,
  secret_mismatch: invalidClient,
  secret_expired: invalidClient,
  secret_missing: invalidClient,
  secret_too_short: invalidClient,
  assertion_type_unsupported: invalidClient,
  assertion_malformed: invalidClient,
  assertion_typ_refused: invalidClient,
  assertion_algorithm_refused: invalidClient,
  assertion_critical_header: invalidClient,
  assertion_subject_mismatch: invalidClient,
  assertion_audience_mismatch: invalidClient,
  assertion_claim_invalid: invalidClient,
  assertion_expired: invalidClient,
  assertion_not_yet_valid: invalidClient,
  assertion_lifetime_too_long: invalidClient,
  assertion_key_not_found: invalidClient,
  assertion_signature_invalid: invalidClient,
  assertion_replayed: invalidClient,
  key_set_unavailable: invalidClient,
  certificate_missing: invalidClient,
  certificate_expired: invalidClient,
  certificate_not_yet_valid: invalidClient,
  certificate_untrusted: invalidClient,
  certificate_purpose_refused: invalidClient,
  certificate_revoked: invalidClient,
  certificate_revocation_unknown: invalidClient,
  certificate_name_mismatch: invalidClient,
  certificate_not_registered: invalidClient,
  certificate_refused_by_proxy: invalidClient,
  several_methods: invalidRequest('Use one client authentication method per request.'),
  client_id_conflict: invalidRequest('The request names more than one client_id.'),
  assertion_incomplete: invalidRequest('client_assertion and client_assertion_type must be sent together.'),
  credentials_in_query: invalidRequest('Credentials must not be sent in the query string.'),

  // The request itself
  method_not_allowed: { error: 'invalid_request', status: 405, description: 'This HTTP method is not allowed here.' },
  media_type_unsupported: invalidRequest('Send the parameters as application/x-www-form-urlencoded.'),
  body_malformed: invalidRequest('The request body is malformed.'),
  body_too_large: { error: 'invalid_request', status: 413, description: 'The request body is too large.' },
  parameter_repeated: invalidRequest('A parameter was sent more than once.'),
  parameter_missing: invalidRequest('A required parameter is missing.'),
  parameter_invalid: invalidRequest('A parameter has an invalid value.'),

  // Token endpoint
  grant_type_unsupported: {
    error: 'unsupported_grant_type',
    status: 400,
    description: 'The grant_type is not supported here.',
  },
  grant_type_not_allowed: unauthorized('This client may not use this grant_type.'),
  client_not_confidential: unauthorized('This grant_type needs a client that authenticates.'),
  grant_needs_certificate: unauthorized('This grant_type needs a client that authenticates with a certificate.'),
  scope_malformed: { error: 'invalid_scope', status: 400, description: 'The scope parameter is malformed.' },
  scope_not_allowed: { error: 'invalid_scope', status: 400, description: 'A requested scope is not allowed.' },
  target_not_allowed: { error: 'invalid_target', status: 400, description: 'The requested resource is not known.' },
  target_repeated: { error: 'invalid_target', status: 400, description: 'Name one resource per access token.' },
  target_not_granted: {
    error: 'invalid_target',
    status: 400,
    description: 'The requested resource is not part of this grant.',
  },
  scope_of_other_resource: {
    error: 'invalid_scope',
    status: 400,
    description: 'A requested scope belongs to another resource.',
  },
  code_unknown: invalidGrant,
  code_expired: invalidGrant,
  code_used: invalidGrant,
  code_client_mismatch: invalidGrant,
  code_key_mismatch: invalidGrant,
  redirect_uri_mismatch: invalidGrant,
  code_without_challenge: invalidGrant,
  verifier_missing: invalidGrant,
  verifier_mismatch: invalidGrant,
  user_inactive: invalidGrant,
  consent_withdrawn: invalidGrant,
  offline_access_withdrawn: invalidGrant,
  refresh_token_unknown: invalidGrant,
  refresh_token_expired: invalidGrant,
  refresh_token_client_mismatch: invalidGrant,
  refresh_token_binding_mismatch: invalidGrant,
  refresh_token_reused: invalidGrant,
  grant_revoked: invalidGrant,
  otc_unknown_user: invalidGrant,
  otc_mismatch: invalidGrant,
  otc_expired: invalidGrant,
  otc_used: invalidGrant,
  otc_exhausted: invalidGrant,
  otc_bound_elsewhere: invalidGrant,
  otc_attempts_spent: invalidGrant,
  otc_other_browser: invalidGrant,
  otc_refused_before: invalidGrant,
  login_link_unknown: invalidGrant,
  login_link_expired: invalidGrant,
  login_link_used: invalidGrant,
  login_link_elsewhere: invalidGrant,
  login_link_address_changed: invalidGrant,
  verifier_malformed: invalidRequest('The code_verifier is malformed.'),
  verifier_without_challenge: invalidRequest('A code_verifier was sent, but the code has no code_challenge.'),
  binding_certificate_missing: invalidRequest('This client needs a client certificate on the connection.'),

  // DPoP proofs, at every endpoint and API. Where a token is presented the status is 401 (RFC 9449 7.1).
  dpop_proof_missing: { ...invalidProof, description: 'A DPoP proof is required.' },
  dpop_proof_repeated: invalidProof,
  dpop_proof_malformed: invalidProof,
  dpop_typ_refused: invalidProof,
  dpop_algorithm_refused: invalidProof,
  dpop_critical_header: invalidProof,
  dpop_key_refused: invalidProof,
  dpop_claim_invalid: invalidProof,
  dpop_signature_invalid: invalidProof,
  dpop_method_mismatch: invalidProof,
  dpop_url_mismatch: invalidProof,
  dpop_token_mismatch: invalidProof,
  dpop_expired: invalidProof,
  dpop_not_yet_valid: invalidProof,
  dpop_replayed: invalidProof,
  dpop_key_mismatch: invalidProof,
  dpop_nonce_missing: useNonce,
  dpop_nonce_invalid: useNonce,

  // Authorization endpoint
  authorize_client_unknown: invalidRequest('The client is not known.'),
  redirect_uri_unregistered: invalidRequest('The redirect_uri is missing or not registered for this client.'),
  response_type_unsupported: {
    error: 'unsupported_response_type',
    status: 400,
    description: 'The response_type is not supported.',
  },
  response_type_not_allowed: unauthorized('This client may not use this response_type.'),
  challenge_missing: invalidRequest('A code_challenge is required.'),
  challenge_invalid: invalidRequest('The code_challenge or its method is invalid; use S256.'),
  request_object_unsupported: {
    error: 'request_not_supported',
    status: 400,
    description: 'The request parameter is not supported.',
  },
  request_uri_unsupported: {
    error: 'request_uri_not_supported',
    status: 400,
    description: 'The request_uri parameter is not supported.',
  },
  request_uri_unknown: invalidRequestUri,
  request_uri_expired: invalidRequestUri,
  request_uri_revoked: invalidRequestUri,
  request_uri_client_mismatch: invalidRequestUri,
  request_uri_used: invalidRequestUri,
  request_not_pushed: invalidRequest('The authorization request must be pushed first.'),
  login_required: { error: 'login_required', status: 400, description: 'The person has to sign in.' },
  consent_required: { error: 'consent_required', status: 400, description: 'The person has to consent.' },
  person_inactive: { error: 'access_denied', status: 400, description: 'The person may not use this server.' },
  consent_denied: { error: 'access_denied', status: 400, description: 'The person did not consent.' },
  consent_form_invalid: { error: 'invalid_request', status: 403, description: 'The consent form is no longer valid.' },
  form_invalid: { error: 'invalid_request', status: 403, description: 'The form is no longer valid.' },
  cross_site_post: { error: 'invalid_request', status: 403, description: 'The form was sent by another site.' },
  sign_in_unavailable: {
    error: 'access_denied',
    status: 403,
    description: 'There is no page to sign in here. Use the sign-in page or the link of your application.',
  },

  // Identity API
  pool_unknown: { error: 'not_found', status: 404, description: 'There is no such pool.' },
  user_unknown: { error: 'not_found', status: 404, description: 'There is no such user.' },
  user_ambiguous: invalidRequest('The members name different users.'),
  code_type_unsupported: invalidRequest('This type of code is not supported.'),
  otc_budget_spent: {
    error: 'too_many_requests',
    status: 429,
    description: 'Too many wrong codes were tried for this user. Try again later.',
  },
  otc_browsers_many: {
    error: 'too_many_requests',
    status: 429,
    description: 'Too many codes are out for this user. Try again later.',
  },

  // Registration
  initial_token_unknown: noInitialAccess,
  initial_token_expired: noInitialAccess,
  initial_token_used: noInitialAccess,
  registration_token_unknown: { ...invalidToken, description: 'The registration access token is not valid.' },
  client_metadata_invalid: {
    error: 'invalid_client_metadata',
    status: 400,
    description: 'The client metadata cannot be registered.',
  },
  redirect_uri_invalid: {
    error: 'invalid_redirect_uri',
    status: 400,
    description: 'A redirect URI cannot be registered.',
  },
  software_statement_missing: {
    error: 'invalid_software_statement',
    status: 400,
    description: 'A software statement is required.',
  },
  software_statement_invalid: {
    error: 'invalid_software_statement',
    status: 400,
    description: 'The software statement is not valid.',
  },
  software_statement_unapproved: {
    error: 'unapproved_software_statement',
    status: 400,
    description: 'Software statements of this issuer are not approved here.',
  },

  // Protected resources
  token_missing: { error: 'invalid_token', status: 401, description: 'An access token is required.' },
  token_malformed: invalidToken,
  token_unknown: invalidToken,
  token_opaque: invalidToken,
  token_inactive: invalidToken,
  token_expired: invalidToken,
  token_not_yet_valid: invalidToken,
  token_issuer_mismatch: invalidToken,
  token_audience_mismatch: invalidToken,
  token_signature_invalid: invalidToken,
  token_binding_mismatch: invalidToken,
  token_scheme_mismatch: invalidToken,
  token_revoked: invalidToken,
  token_of_client: invalidToken,
  token_client_inactive: invalidToken,
  token_person_inactive: invalidToken,
  token_client_mismatch: invalidRequest('The token was issued to another client.'),
  token_in_several_places: invalidRequest('Send the access token in one place only.'),
  scope_insufficient: { error: 'insufficient_scope', status: 403, description: 'The access token lacks a scope.' },

  // Ours to mend
  auth_time_missing: ours,
  token_claims_failed: ours,
  token_claims_timeout: unavailable,
  body_already_consumed: ours,
  internal_error: ours,
  store_unavailable: unavailable,
  workspace_source_failed: unavailable,
  workspace_record_wrong: ours,
  issuer_metadata_unavailable: unavailable,
  issuer_keys_unavailable: unavailable,
  introspection_unavailable: unavailable,
} as const satisfies Record<string, Outcome>;

/** A private reason: for events, logs and metrics, never for the caller. See docs/failure-reasons.md. */
export type FailureReason = keyof typeof failureReasons;

/** Facts that help the operator: expected and found values. Never a secret, a token or a code. */
export type FailureDetail = Readonly<Record<string, unknown>>;

export interface OAuthErrorOptions {
  /** Says more to the caller than the reason's own description. Must not tell why client authentication failed. */
  readonly description?: string;
  readonly detail?: FailureDetail;
  readonly cause?: unknown;
}

/**
 * A failure with its three levels: `error` and `description` are for the caller (RFC 6749 5.2), `reason` and `detail`
 * for the operator. `message` is the public description, so that nothing private leaks through a careless log of it.
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly error: OAuthErrorCode;
  /** HTTP status. Express and Passport read it from here too. */
  readonly status: number;
  readonly reason: FailureReason;
  readonly detail: FailureDetail;

  constructor(reason: FailureReason, options: OAuthErrorOptions = {}) {
    const outcome: Outcome = failureReasons[reason];
    const { stackTraceLimit } = Error;
    // Where a caller was wrong there is no place of ours to find, and a stack costs more than the check that failed.
    if (outcome.status < 500) Error.stackTraceLimit = 0;
    super(
      options.description ?? outcome.description,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    Error.stackTraceLimit = stackTraceLimit;
    this.error = outcome.error;
    this.status = outcome.status;
    this.reason = reason;
    this.detail = options.detail ?? {};
  }

  /** What the caller may read: RFC 6749 5.2's `error_description`. */
  get description(): string {
    return this.message;
  }
}

/** Anything thrown, as a failure: what is not ours becomes `internal_error`, with the original as its cause. */
export function toOAuthError(thrown: unknown): OAuthError {
  return thrown instanceof OAuthError ? thrown : new OAuthError('internal_error', { cause: thrown });
}
