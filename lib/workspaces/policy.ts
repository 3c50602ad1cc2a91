import { z } from 'zod';

/** The token endpoint authentication methods that come with this package (IANA registry, RFC 7591 2, RFC 8705 2). */
export const standardMethods = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'none',
] as const;

const seconds = (minimum: number, maximum: number) => z.int().min(minimum).max(maximum);

const revocationSource = z.strictObject({
  mode: z.enum(['off', 'prefer', 'require']).default('off'),
  files: z.array(z.string()).optional(),
  urls: z.array(z.string()).optional(),
});

/** How long things live, in seconds. */
export const tokenTtlsSchema = z.strictObject({
  access_token: seconds(1, 31_556_952).default(3600),
  refresh_token: seconds(1, 315_569_520).default(2_592_000),
  id_token: seconds(1, 31_556_952).default(3600),
  /** At most 600 (RFC 6749 4.1.2). */
  authorization_code: seconds(1, 600).default(60),
});

/** A scope as a person or an operator knows it. */
export const scopeSchema = z.strictObject({
  /** What the consent page says. */
  description: z.string().optional(),
});

/** RFC 6749 3.3: printable ASCII without space, quote and backslash. */
export const scopeToken = /^[\x21\x23-\x5B\x5D-\x7E]+$/;

const scopes = z.record(z.string().regex(scopeToken, 'is not a scope token (RFC 6749 3.3)'), scopeSchema);

/**
 * What one workspace (one issuer) allows. The same names serve in the configuration file and in code, so that what
 * works in one can be pasted into the other.
 */
export const workspacePolicySchema = z.strictObject({
  /** What the profile forbids is an error at start. */
  profile: z.enum(['default', 'oauth21', 'fapi2']).default('default'),
  /** `required`: every client must use PKCE. `public-clients`: confidential ones may omit it (RFC 9700 2.1.1). */
  pkce: z.enum(['required', 'public-clients']).default('required'),
  /** The `aud` of access tokens when no resource was asked for. Absent: the issuer (RFC 9068 3). */
  audience: z.string().min(1).optional(),
  cors_origins: z.array(z.string()).default([]),
  require_pushed_authorization_requests: z.boolean().default(false),
  refresh_grace_seconds: seconds(0, 60).default(10),
  refresh_idle_ttl: seconds(1, 315_569_520).default(1_209_600),
  /** One key is made per algorithm. The first signs access tokens; ID tokens default to RS256 where it is listed. */
  signing_keys: z
    .array(z.enum(['ES256', 'RS256', 'PS256', 'Ed25519']))
    .min(1)
    .default(['ES256', 'RS256']),
  oracle_endpoints: z.boolean().default(false),
  app_roles: z.record(z.string(), z.array(z.string())).default({}),
  /** Methods the workspace accepts. A client registered for another one is refused. */
  token_endpoint_auth_methods: z
    .array(z.string().min(1))
    .min(1)
    .default([...standardMethods]),
  /** JWS algorithms accepted in client assertions. Ed25519 also accepts its old name EdDSA (RFC 9864). */
  token_endpoint_auth_signing_alg_values: z
    .array(
      z.enum([
        'HS256',
        'HS384',
        'HS512',
        'RS256',
        'RS384',
        'RS512',
        'PS256',
        'PS384',
        'PS512',
        'ES256',
        'ES384',
        'ES512',
        'Ed25519',
      ]),
    )
    .default(['HS256', 'RS256', 'PS256', 'ES256', 'Ed25519']),
  grant_types: z.array(z.string().min(1)).min(1).default(['authorization_code', 'client_credentials', 'refresh_token']),
  /** PEM texts: the only anchors tls_client_auth trusts here. The system's own are never used. */
  root_cas: z.array(z.string().min(1)).default([]),
  revocation: z
    .strictObject({
      crl: revocationSource.prefault({}),
      ocsp: revocationSource.prefault({}),
    })
    .prefault({}),
  registration: z
    .strictObject({
      enabled: z.boolean().default(false),
      initial_access_tokens: z
        .array(
          z.union([
            z.string(),
            z.strictObject({ value: z.string(), expires_at: z.int().optional(), max_uses: z.int().optional() }),
          ]),
        )
        .default([]),
    })
    .prefault({}),
  access_token_format: z.enum(['jwt', 'opaque']).default('jwt'),
  token_ttls: tokenTtlsSchema.prefault({}),
  /** Also read JSON token requests: a flat object of strings. */
  accept_json_requests: z.boolean().default(false),
  scopes: scopes.default({ openid: {}, profile: {}, email: {}, offline_access: {} }),
  /** Seconds a client's clock may be off, 0 to 60. */
  clock_tolerance: seconds(0, 60).default(10),
});

export type WorkspacePolicy = z.output<typeof workspacePolicySchema>;
export type WorkspacePolicyInput = z.input<typeof workspacePolicySchema>;
