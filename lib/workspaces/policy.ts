import { z } from 'zod';
import { revocationSchema } from '../certificates/revocation/options.js';
import { rateLimitsSchema } from '../client-authentication/guess-limits.js';
import { isWebOrigin } from '../http/cors.js';
import { registrationSchema } from './registration-policy.js';

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
  /** Whether a client gets it that has it and asks for no scope at all. Where no scope says so, it gets all it has. */
  default: z.boolean().optional(),
  /** The resource it belongs to: asking for it is naming that resource (RFC 8707), and means nothing at others. */
  audience: z
    .string()
    .refine((text) => isResourceIndicator(text), 'must be an absolute URI without a fragment (RFC 8707 2)')
    .optional(),
});

/** RFC 6749 3.3: printable ASCII without space, quote and backslash. */
export const scopeToken = /^[\x21\x23-\x5B\x5D-\x7E]+$/;

/** RFC 8707 2: an absolute URI without a fragment. */
export function isResourceIndicator(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:[^\s#]+$/i.test(text) && URL.canParse(text);
}

/** Scopes that speak of a person; without one they are dropped (OpenID Connect Core 5.4, 11). */
export const scopesOfPersons: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access']);

const resources = z.record(
  z.string().refine(isResourceIndicator, 'must be an absolute URI without a fragment (RFC 8707 2)'),
  z.strictObject({
    /** What the consent page calls it. */
    description: z.string().min(1).optional(),
    /** Scopes that mean something at this resource alone, or at others that list them too. Patterns are allowed. */
    scopes: z
      .array(
        z
          .string()
          .regex(scopeToken, 'is not a scope token (RFC 6749 3.3)')
          .refine((scope) => !scopesOfPersons.has(scope), 'is about the person, and belongs to no resource'),
      )
      .default([]),
  }),
);

/** Whether a scope stands for those below it: `accounts.*`, or `accounts:*`. */
export function isScopePattern(scope: string): boolean {
  return scope.endsWith('.*') || scope.endsWith(':*');
}

const scopes = z
  .record(z.string().regex(scopeToken, 'is not a scope token (RFC 6749 3.3)'), scopeSchema)
  .superRefine((all, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    for (const [name, scope] of Object.entries(all)) {
      if (scope.default && isScopePattern(name)) refuse([name, 'default'], 'is not for a pattern');
      if (scope.default && name === 'offline_access') refuse([name, 'default'], 'must be asked for by name');
      if (scope.audience !== undefined && scopesOfPersons.has(name)) {
        refuse([name, 'audience'], 'is not for a scope about the person');
      }
    }
  });

/**
 * What one workspace (one issuer) allows. The same names serve in the configuration file and in code, so that what
 * works in one can be pasted into the other.
 */
export const workspacePolicySchema = z.strictObject({
  /** One switch for policy and metadata together (profiles.ts). What the profile forbids is an error at start. */
  profile: z.enum(['default', 'oauth21', 'fapi2']).default('default'),
  /** `required`: every client must use PKCE. `public-clients`: confidential ones may omit it (RFC 9700 2.1.1). */
  pkce: z.enum(['required', 'public-clients']).default('required'),
  /** The `aud` of access tokens when no resource was asked for. Absent: the issuer (RFC 9068 3). */
  audience: z.string().min(1).optional(),
  /** Further values of `resource` that may be asked for, each the `aud` of its own access tokens (RFC 8707 2). */
  resources: resources.default({}),
  /** Origins whose scripts may call the endpoints for clients, such as `https://app.example.com`. Never a pattern. */
  cors_origins: z
    .array(z.string().refine(isWebOrigin, 'must be an origin as browsers send it, such as https://app.example.com'))
    .default([]),
  /** Refuses authorization requests that were not pushed (RFC 9126 5). A client can ask for it too. */
  require_pushed_authorization_requests: z.boolean().default(false),
  /** Seconds until a browser must have come with a pushed request (RFC 9126 2.2); below 600 (FAPI 2.0 5.3.2.2). */
  pushed_authorization_request_ttl: seconds(5, 599).default(60),
  refresh_grace_seconds: seconds(0, 60).default(10),
  refresh_idle_ttl: seconds(1, 315_569_520).default(1_209_600),
  /** One key per algorithm signs at a time. The first signs access tokens; ID tokens default to RS256 where it is listed. */
  signing_keys: z
    .array(z.enum(['ES256', 'RS256', 'PS256', 'Ed25519']))
    .min(1)
    .default(['ES256', 'RS256']),
  /** Seconds. `interval`: how long a key signs, 0 for ever. `lead`: how long it is published before. */
  signing_key_rotation: z
    .strictObject({
      interval: seconds(0, 315_569_520).default(7_776_000),
      lead: seconds(1, 2_592_000).default(3600),
    })
    .refine(({ interval, lead }) => interval === 0 || interval > lead, {
      path: ['interval'],
      message: 'must be 0, or longer than lead',
    })
    .prefault({}),
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
  /** JWS algorithms accepted in DPoP proofs (RFC 9449 5.1). Ed25519 also accepts its old name EdDSA (RFC 9864). */
  dpop_signing_alg_values: z
    .array(z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'Ed25519']))
    .min(1)
    .default(['ES256', 'RS256', 'PS256', 'Ed25519']),
  /** `required`: DPoP proofs must carry a nonce of the server's (RFC 9449 8, 9). */
  dpop_nonce: z.enum(['off', 'required']).default('off'),
  grant_types: z.array(z.string().min(1)).min(1).default(['authorization_code', 'client_credentials', 'refresh_token']),
  /** PEM texts: the only anchors tls_client_auth trusts here. The system's own are never used. */
  root_cas: z.array(z.string().min(1)).default([]),
  /** PEM texts: CAs below the anchors, for clients that do not send them and proxies that do not pass them on. */
  intermediate_cas: z.array(z.string().min(1)).default([]),
  /** Whether client certificates have been revoked. */
  revocation: revocationSchema.prefault({}),
  /** Whether and how clients register themselves (RFC 7591, RFC 7592). */
  registration: registrationSchema.prefault({}),
  access_token_format: z.enum(['jwt', 'opaque']).default('jwt'),
  token_ttls: tokenTtlsSchema.prefault({}),
  /** Also read JSON token requests: a flat object of strings. */
  accept_json_requests: z.boolean().default(false),
  scopes: scopes.default({ openid: {}, profile: {}, email: {}, offline_access: {} }),
  /** How often client credentials may be wrong. Absent: as the server says. */
  rate_limits: rateLimitsSchema.optional(),
  /** Seconds a client's clock may be off, 0 to 60. */
  clock_tolerance: seconds(0, 60).default(10),
});

export type WorkspacePolicy = z.output<typeof workspacePolicySchema>;
export type WorkspacePolicyInput = z.input<typeof workspacePolicySchema>;
