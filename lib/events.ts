import type { FailureReason } from './errors.js';

/** Things accepted that should not last, or that somebody should look at. */
export type WarningName =
  | 'legacy_assertion_audience_used'
  | 'raw_basic_fallback_used'
  | 'basic_or_post_used'
  | 'client_secret_short'
  | 'client_secret_expires_soon'
  | 'certificate_header_untrusted'
  | 'certificate_header_malformed'
  | 'certificate_header_repeated'
  | 'certificate_header_contradicted'
  | 'certificate_expires_soon'
  | 'key_set_fetch_failed'
  | 'certificate_revocation_unchecked'
  | 'revocation_source_failed'
  | 'issuer_metadata_fetch_failed'
  | 'password_grant_enabled'
  | 'grant_revoked'
  | 'code_replayed'
  | 'refresh_token_reused'
  | 'tokens_revoked'
  | 'code_delivery_failed'
  | 'code_typing_paused'
  | 'guessing_widespread'
  | 'signing_key_rotated'
  | 'signing_key_learned'
  | 'signing_key_resealed'
  | 'signing_key_removed'
  | 'signing_key_old'
  | 'signing_keys_unreadable'
  | 'workspace_unknown';

/** One outcome of one request. Exactly one per request that reached an endpoint of ours. */
export interface OutcomeEvent {
  readonly event:
    | 'token'
    | 'authorize'
    | 'par'
    | 'consent'
    | 'login'
    | 'logout'
    | 'consents'
    | 'client_authentication'
    | 'resource'
    | 'userinfo'
    | 'introspection'
    | 'revocation'
    | 'code_generate'
    | 'code_verify'
    | 'registration'
    | 'registration_management'
    | 'metadata'
    | 'jwks';
  readonly outcome: 'success' | 'failure';
  readonly error?: string;
  readonly reason?: FailureReason;
  /** Expected and found values; never a secret, a token or a code. */
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly client_id?: string;
  readonly method?: string;
  /** Which of the client's secrets matched, never its value. */
  readonly secret_id?: string;
  readonly grant_type?: string;
  readonly subject?: string;
  readonly scope?: string;
  /** The issuer; its path alone where its workspace could not be found out. */
  readonly issuer: string;
  readonly tenant?: string;
  readonly workspace?: string;
  /** The value of the reply's X-Correlation-Id. */
  readonly correlation_id: string;
  /** What was thrown, when the failure is ours. */
  readonly cause?: unknown;
}

/** Something an operator should know that did not decide a request. */
export interface WarningEvent {
  readonly event: 'warning';
  readonly name: WarningName;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Absent where the matter concerns the whole server. */
  readonly issuer?: string;
  readonly tenant?: string;
  readonly workspace?: string;
}

export type AuthorizationServerEvent = OutcomeEvent | WarningEvent;

/** Takes every event. What it throws is swallowed: a log must not decide a request. */
export type EventListener = (event: AuthorizationServerEvent) => void;
