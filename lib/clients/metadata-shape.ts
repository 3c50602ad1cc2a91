import { z } from 'zod';
import { scopeToken, tokenTtlsSchema } from '../workspaces/policy.js';
import { standingMembers, unbuiltMembers } from './known-metadata.js';

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const uri = z.string().max(2048).refine(isWebUrl, 'must be an absolute http or https URL').optional();
const name = z.string().max(1000).optional();
const secret = z.string().min(1).max(1024);
/** Seconds since 1970; 0 means never (RFC 7591 3.2.1). */
const expiry = z.int().min(0).optional();
const certificateName = z.string().min(1).max(4096).optional();

/** Whether a text is an absolute http or https URL. */
export function isWebUrl(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}

function isScope(text: string): boolean {
  return text === '' || text.split(' ').every((token) => scopeToken.test(token));
}

function isKeyUrl(text: string): boolean {
  if (!text.startsWith('https://') || text.includes('#') || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

/** Every member of client metadata by itself; what lies between members is in metadata-rules.ts. */
export const metadataShape = {
  ...standingMembers,
  ...unbuiltMembers,
  /** RFC 6749 A.1: printable ASCII. */
  client_id: z.string().regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters'),
  client_secret: secret.optional(),
  client_secret_expires_at: expiry,
  client_name: name,
  client_uri: uri,
  logo_uri: uri,
  policy_uri: uri,
  tos_uri: uri,
  redirect_uris: z.array(z.string()).max(100).optional(),
  post_logout_redirect_uris: z.array(z.string()).max(100).optional(),
  grant_types: z.array(z.string().min(1)).max(100).optional(),
  response_types: z.array(z.string()).max(100).optional(),
  /** Space-separated (RFC 6749 3.3); absent or empty: none may be asked for. */
  scope: z.string().max(8192).refine(isScope, 'must be scope tokens with one space between them').optional(),
  /** Of the IANA registry, or the name of a strategy of the host's own. */
  token_endpoint_auth_method: z.string().min(1).default('client_secret_basic'),
  /** The one JWS algorithm the client's assertions may have. Absent: any that the workspace accepts. */
  token_endpoint_auth_signing_alg: z.string().min(1).optional(),
  jwks: z.looseObject({ keys: z.array(z.custom<object>(isObject, 'must be a JSON Web Key')) }).optional(),
  jwks_uri: z.string().max(2048).refine(isKeyUrl, 'must be an https URL, without fragment and user').optional(),
  application_type: z.enum(['web', 'native']).default('web'),
  id_token_signed_response_alg: z.enum(['ES256', 'RS256', 'PS256', 'Ed25519']).optional(),
  /** Absent: userinfo answers plain JSON. */
  userinfo_signed_response_alg: z.enum(['ES256', 'RS256', 'PS256', 'Ed25519']).optional(),
  /** Seconds. */
  default_max_age: z.int().min(0).optional(),
  require_auth_time: z.boolean().default(false),
  tls_client_auth_subject_dn: certificateName,
  tls_client_auth_san_dns: certificateName,
  tls_client_auth_san_uri: certificateName,
  tls_client_auth_san_ip: certificateName,
  tls_client_auth_san_email: certificateName,
  tls_client_certificate_bound_access_tokens: z.boolean().default(false),
  /** RFC 9126 6: the client's authorization requests must be pushed. */
  require_pushed_authorization_requests: z.boolean().default(false),
  /** The client gets no token without a DPoP proof (RFC 9449 5.2). */
  dpop_bound_access_tokens: z.boolean().default(false),
  /** Accepted in what people paste, and dropped: it is a secret that has no place in a client. */
  registration_access_token: z.string().optional(),

  // From here on our own.
  /** Further live secrets, so that one can be changed without downtime. Each plain, hashed or encrypted. */
  client_secrets: z
    .array(
      z.strictObject({
        /** What events call it. Absent: made from its hash. */
        id: z
          .string()
          .regex(/^[\w-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -')
          .optional(),
        value: secret.optional(),
        /** As `client_secret_hash`. */
        hash: z.string().optional(),
        /** As `client_secret_encrypted`. */
        encrypted: z.string().optional(),
        expires_at: expiry,
      }),
    )
    .max(20)
    .optional(),
  /** Instead of a plain secret: `sha256:` with hex or base64url, or what `hashSecret` gives. */
  client_secret_hash: z.string().optional(),
  /** Instead of a plain secret for client_secret_jwt: what `sealSecret` gives. */
  client_secret_encrypted: z.string().optional(),
  /** `basic-or-post`: a client of one of these two methods may use the other as well. */
  secret_methods: z.enum(['strict', 'basic-or-post']).default('strict'),
  /** Also reads a Basic header whose id and secret were not form-encoded, against RFC 6749 2.3.1. */
  raw_basic_fallback: z.boolean().default(false),
  /** Accepts assertions whose audience is one of our endpoints instead of the issuer (RFC 10070 5). */
  legacy_assertion_audience: z.boolean().default(false),
  /**
   * PEM text of one certificate. For self_signed_tls_client_auth it counts as an `x5c`; for tls_client_auth it is the
   * only one that is accepted, in place of a `tls_client_auth_*` name or beside it.
   */
  certificate: z.string().min(1).max(100_000).optional(),
  /** PEM texts: the anchors for this client's certificates, in place of the workspace's `root_cas`. */
  trusted_cas: z.array(z.string().min(1).max(1_000_000)).min(1, 'must hold a certificate').max(100).optional(),
  /** PEM texts: CAs below the anchors that the client does not send, beside the workspace's `intermediate_cas`. */
  intermediate_cas: z.array(z.string().min(1).max(1_000_000)).min(1, 'must hold a certificate').max(100).optional(),
  /** Seconds; what is absent is the workspace's. */
  token_ttls: z
    .strictObject({
      access_token: tokenTtlsSchema.shape.access_token.removeDefault().optional(),
      refresh_token: tokenTtlsSchema.shape.refresh_token.removeDefault().optional(),
      id_token: tokenTtlsSchema.shape.id_token.removeDefault().optional(),
      authorization_code: tokenTtlsSchema.shape.authorization_code.removeDefault().optional(),
    })
    .optional(),
  status: z.enum(['active', 'inactive']).default('active'),
  /** A first-party client, for which nobody is asked to consent. */
  trusted: z.boolean().default(false),
  /** Names of the workspace's `app_roles`; their scopes are the client's, beside those of `scope`. */
  app_roles: z.array(z.string().min(1)).max(100).optional(),
  /** Whether each refresh gives a new refresh token. Absent: it does. `false` is for confidential clients only. */
  refresh_token_rotation: z.boolean().optional(),
  /** Extras of the host, which we do not look into. */
  metadata: z.record(z.string(), z.json()).optional(),
} as const;

/** Only for its types: the schema itself also takes `client_name#de` and its like. */
const exactShape = z.strictObject(metadataShape);

/** Client metadata as people write them: in a configuration file, in code, or in a registration. */
export type ClientMetadataInput = z.input<typeof exactShape>;

/** Client metadata as the rules between members see them. */
export type ShapedMetadata = z.output<typeof exactShape>;
