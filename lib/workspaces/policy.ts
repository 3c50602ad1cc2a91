import { z } from 'zod';
import { revocationSchema } from '../certificates/revocation/options.js';
import { isWebOrigin } from '../http/cors.js';
import { rateLimitsSchema } from '../throttling/rate-limits.js';
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
  access_token: seconds(1, 31_556_952).default(3600).describe('Seconds.'),
  refresh_token: seconds(1, 315_569_520)
    .default(2_592_000)
    .describe('Seconds from the first refresh token to the end of all that follow it.'),
  id_token: seconds(1, 31_556_952).default(3600).describe('Seconds.'),
  authorization_code: seconds(1, 600).default(60).describe('Seconds, at most 600 (RFC 6749 4.1.2).'),
});

/** A scope as a person or an operator knows it. */
export const scopeSchema = z.strictObject({
  description: z.string().optional().describe('What the consent page says.'),
  default: z
    .boolean()
    .optional()
    .describe(
      'Whether a client gets it that has it and asks for no scope at all. Where no scope says so, it gets all it has.',
    ),
  audience: z
    .string()
    .refine((text) => isResourceIndicator(text), 'must be an absolute URI without a fragment (RFC 8707 2)')
    .optional()
    .describe(
      'The resource it belongs to: asking for it is naming that resource (RFC 8707), and means nothing at others.',
    ),
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
    description: z.string().min(1).optional().describe('What the consent page calls it.'),
    scopes: z
      .array(
        z
          .string()
          .regex(scopeToken, 'is not a scope token (RFC 6749 3.3)')
          .refine((scope) => !scopesOfPersons.has(scope), 'is about the person, and belongs to no resource'),
      )
      .default([])
      .describe(
        'Scopes that mean something at this resource alone, or at others that list them too. Patterns are allowed.',
      ),
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
  profile: z
    .enum(['default', 'oauth21', 'fapi2'])
    .default('default')
    .describe(
      '`oauth21` or `fapi2` sets policy and metadata together, and refuses to start with what it forbids. See docs/workspaces.md#profiles.',
    ),
  pkce: z
    .enum(['required', 'public-clients'])
    .default('required')
    .describe(
      '`required`: every client must use PKCE. `public-clients`: confidential ones may omit it (RFC 9700 2.1.1).',
    ),
  audience: z
    .string()
    .min(1)
    .optional()
    .describe('The `aud` of access tokens when no resource was asked for. Absent: the issuer (RFC 9068 3).'),
  resources: resources
    .default({})
    .describe(
      'Further values of `resource` that may be asked for, each the `aud` of its own access tokens (RFC 8707 2). See docs/pushed-requests.md#resources.',
    ),
  cors_origins: z
    .array(z.string().refine(isWebOrigin, 'must be an origin as browsers send it, such as https://app.example.com'))
    .default([])
    .describe(
      'Origins whose scripts may call token, revocation, PAR, registration, userinfo, metadata and JWKS, each just as browsers send it: `https://app.example.com`. Never a pattern, and never with cookies.',
    ),
  require_pushed_authorization_requests: z
    .boolean()
    .default(false)
    .describe(
      'Refuses authorization requests that were not pushed (RFC 9126 5). A client can ask for it too. See docs/pushed-requests.md.',
    ),
  pushed_authorization_request_ttl: seconds(5, 599)
    .default(60)
    .describe(
      'Seconds until a browser must have come with a pushed request (RFC 9126 2.2); below 600 (FAPI 2.0 5.3.2.2).',
    ),
  refresh_grace_seconds: seconds(0, 60)
    .default(10)
    .describe('Seconds in which a retry with the old refresh token gets the same new one. See docs/tokens.md.'),
  refresh_idle_ttl: seconds(1, 315_569_520)
    .default(1_209_600)
    .describe('Seconds after which an unused refresh token is over.'),
  signing_keys: z
    .array(z.enum(['ES256', 'RS256', 'PS256', 'Ed25519']))
    .min(1)
    .default(['ES256', 'RS256'])
    .describe(
      'One key per algorithm signs at a time. The first signs access tokens; ID tokens default to RS256 where it is listed. See docs/keys.md.',
    ),
  signing_key_rotation: z
    .strictObject({
      interval: seconds(0, 315_569_520)
        .default(7_776_000)
        .describe('Seconds a key signs before the next takes over. 0: for ever.'),
      lead: seconds(1, 2_592_000).default(3600).describe('Seconds a key is published before it signs.'),
    })
    .refine(({ interval, lead }) => interval === 0 || interval > lead, {
      path: ['interval'],
      message: 'must be 0, or longer than lead',
    })
    .prefault({})
    .describe('When signing keys are replaced. See docs/keys.md.'),
  oracle_endpoints: z
    .boolean()
    .default(false)
    .describe("Oracle's paths and scopes beside ours. See docs/from-oracle-idcs.md."),
  app_roles: z
    .record(z.string(), z.array(z.string()))
    .default({})
    .describe('`{ "Reader": ["read"] }`: scopes that a client gets by its own `app_roles`.'),
  token_endpoint_auth_methods: z
    .array(z.string().min(1))
    .min(1)
    .default([...standardMethods])
    .describe(
      'Methods the workspace accepts. A client registered for another one is refused; a method of your own must be listed. See docs/methods.md.',
    ),
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
    .default(['HS256', 'RS256', 'PS256', 'ES256', 'Ed25519'])
    .describe('JWS algorithms accepted in client assertions. Ed25519 also accepts its old name EdDSA (RFC 9864).'),
  dpop_signing_alg_values: z
    .array(z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'Ed25519']))
    .min(1)
    .default(['ES256', 'RS256', 'PS256', 'Ed25519'])
    .describe(
      'JWS algorithms accepted in DPoP proofs (RFC 9449 5.1). Ed25519 also accepts its old name EdDSA (RFC 9864).',
    ),
  dpop_nonce: z
    .enum(['off', 'required'])
    .default('off')
    .describe("`required`: DPoP proofs must carry a nonce of the server's (RFC 9449 8, 9). See docs/dpop.md."),
  grant_types: z
    .array(z.string().min(1))
    .min(1)
    .default(['authorization_code', 'client_credentials', 'refresh_token'])
    .describe('Grants the workspace serves. Also `password` and `tls_client_auth`.'),
  root_cas: z
    .array(z.string().min(1))
    .default([])
    .describe(
      "PEM texts, in the configuration file paths of PEM files: the only anchors tls_client_auth trusts here. The system's own are never used. See docs/certificates.md#anchors.",
    ),
  intermediate_cas: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'PEM texts, in the configuration file paths of PEM files: CAs below the anchors, for clients that do not send them and proxies that do not pass them on. See docs/certificates.md#chains.',
    ),
  revocation: revocationSchema
    .prefault({})
    .describe('Whether client certificates have been revoked, by OCSP and CRL. See docs/certificates.md#revocation.'),
  registration: registrationSchema
    .prefault({})
    .describe('Whether and how clients register themselves (RFC 7591, RFC 7592). See docs/registering-clients.md.'),
  access_token_format: z
    .enum(['jwt', 'opaque'])
    .default('jwt')
    .describe('`opaque` tokens mean something to introspection alone. See docs/tokens.md.'),
  token_ttls: tokenTtlsSchema
    .prefault({})
    .describe("How long things live, in seconds. A client's own `token_ttls` win."),
  accept_json_requests: z.boolean().default(false).describe('Also read JSON token requests: a flat object of strings.'),
  scopes: scopes
    .default({ openid: {}, profile: {}, email: {}, offline_access: {} })
    .describe(
      'The scopes of this issuer. A client gets only those that stand here and in its own `scope`. `accounts.*` and `accounts:*` stand for anything below them. See docs/workspaces.md#scopes.',
    ),
  rate_limits: rateLimitsSchema
    .optional()
    .describe(
      'How often what is secret may be guessed wrong. Absent: as the server says; what stands here takes the place of all of that. See docs/hardening.md#guessing.',
    ),
  clock_tolerance: seconds(0, 60).default(10).describe("Seconds a client's clock may be off."),
});

export type WorkspacePolicy = z.output<typeof workspacePolicySchema>;
export type WorkspacePolicyInput = z.input<typeof workspacePolicySchema>;
