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
  client_id: z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters')
    .describe('1 to 255 printable ASCII characters (RFC 6749 A.1).'),
  client_secret: secret
    .optional()
    .describe('For the methods with a secret; `client_secret_jwt` needs as many octets as its digest has.'),
  client_secret_expires_at: expiry.describe('Seconds since 1970; 0 is never (RFC 7591 3.2.1).'),
  client_name: name.describe('What the consent page calls the client. In languages too, such as `client_name#de`.'),
  client_uri: uri.describe('Home page, linked from the consent page.'),
  logo_uri: uri.describe('Logo of the client.'),
  policy_uri: uri.describe('Privacy policy.'),
  tos_uri: uri.describe('Terms of service.'),
  redirect_uris: z
    .array(z.string())
    .max(100)
    .optional()
    .describe('Compared character by character; http is for `127.0.0.1` and `[::1]` alone (RFC 8252 8.3).'),
  post_logout_redirect_uris: z
    .array(z.string())
    .max(100)
    .optional()
    .describe('Where a browser may go after logout (OpenID Connect RP-Initiated Logout).'),
  grant_types: z.array(z.string().min(1)).max(100).optional().describe('Absent: `authorization_code`.'),
  response_types: z
    .array(z.string())
    .max(100)
    .optional()
    .describe('Absent: `code` where `authorization_code` is among the grants.'),
  scope: z
    .string()
    .max(8192)
    .refine(isScope, 'must be scope tokens with one space between them')
    .optional()
    .describe(
      'Space-separated scopes it may ask for (RFC 6749 3.3); absent or empty: none. `introspect_tokens` and `revoke_tokens`, known everywhere, let it ask about or revoke every token of the workspace. See docs/tokens.md.',
    ),
  token_endpoint_auth_method: z
    .string()
    .min(1)
    .default('client_secret_basic')
    .describe("Of the IANA registry, or the name of a strategy of the host's own."),
  token_endpoint_auth_signing_alg: z
    .string()
    .min(1)
    .optional()
    .describe("The one JWS algorithm the client's assertions may have. Absent: any that the workspace accepts."),
  jwks: z
    .looseObject({ keys: z.array(z.custom<object>(isObject, 'must be a JSON Web Key')).describe('JSON Web Keys.') })
    .optional()
    .describe('Public keys (RFC 7517). Not beside `jwks_uri`.'),
  jwks_uri: z
    .string()
    .max(2048)
    .refine(isKeyUrl, 'must be an https URL, without fragment and user')
    .optional()
    .describe('https URL of the public keys, fetched when needed. Not beside `jwks`.'),
  application_type: z.enum(['web', 'native']).default('web').describe('Says which redirect URIs may be registered.'),
  id_token_signed_response_alg: z
    .enum(['ES256', 'RS256', 'PS256', 'Ed25519'])
    .optional()
    .describe('Absent: RS256 where the workspace has it.'),
  userinfo_signed_response_alg: z
    .enum(['ES256', 'RS256', 'PS256', 'Ed25519'])
    .optional()
    .describe('Absent: userinfo answers plain JSON.'),
  default_max_age: z
    .int()
    .min(0)
    .optional()
    .describe('Seconds since the last sign-in after which a person is asked anew.'),
  require_auth_time: z.boolean().default(false).describe('ID tokens always tell `auth_time`.'),
  tls_client_auth_subject_dn: certificateName.describe('For `tls_client_auth`: the subject, written as RFC 4514 says.'),
  tls_client_auth_san_dns: certificateName.describe('For `tls_client_auth`: a DNS name of the certificate.'),
  tls_client_auth_san_uri: certificateName.describe('For `tls_client_auth`: a URI of the certificate.'),
  tls_client_auth_san_ip: certificateName.describe('For `tls_client_auth`: an IP address of the certificate.'),
  tls_client_auth_san_email: certificateName.describe('For `tls_client_auth`: an e-mail address of the certificate.'),
  tls_client_certificate_bound_access_tokens: z
    .boolean()
    .default(false)
    .describe('Its access tokens are bound to the certificate of the connection (RFC 8705 3.4).'),
  require_pushed_authorization_requests: z
    .boolean()
    .default(false)
    .describe("RFC 9126 6: the client's authorization requests must be pushed."),
  dpop_bound_access_tokens: z
    .boolean()
    .default(false)
    .describe('The client gets no token without a DPoP proof (RFC 9449 5.2).'),
  registration_access_token: z
    .string()
    .optional()
    .describe('Accepted in what people paste, and dropped: it is a secret that has no place in a client.'),

  // From here on our own.
  client_secrets: z
    .array(
      z.strictObject({
        id: z
          .string()
          .regex(/^[\w-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -')
          .optional()
          .describe('What events call it. Absent: made from its hash.'),
        value: secret.optional().describe('The secret itself.'),
        hash: z.string().optional().describe('As `client_secret_hash`.'),
        encrypted: z.string().optional().describe('As `client_secret_encrypted`.'),
        expires_at: expiry.describe('Seconds since 1970; 0 is never.'),
      }),
    )
    .max(20)
    .optional()
    .describe('Further live secrets, so that one can be changed without downtime. Each plain, hashed or encrypted.'),
  client_secret_hash: z
    .string()
    .optional()
    .describe('Instead of a plain secret: `sha256:` and the hex or base64url digest.'),
  client_secret_encrypted: z
    .string()
    .optional()
    .describe('Instead of a plain secret for client_secret_jwt: sealed under `secret_keys`, as the store keeps it.'),
  secret_methods: z
    .enum(['strict', 'basic-or-post'])
    .default('strict')
    .describe('`basic-or-post`: a client of one of these two methods may use the other as well.'),
  raw_basic_fallback: z
    .boolean()
    .default(false)
    .describe('Also reads a Basic header whose id and secret were not form-encoded, against RFC 6749 2.3.1.'),
  legacy_assertion_audience: z
    .boolean()
    .default(false)
    .describe(
      'Accepts assertions whose audience is one of our endpoints instead of the issuer (RFC 10070 5), and an hour as their lifetime.',
    ),
  certificate: z
    .string()
    .min(1)
    .max(100_000)
    .optional()
    .describe(
      'PEM text of one certificate, in the configuration file also a path. For self_signed_tls_client_auth it counts as an `x5c`; for tls_client_auth it is the only one that is accepted, in place of a `tls_client_auth_*` name or beside it.',
    ),
  trusted_cas: z
    .array(z.string().min(1).max(1_000_000))
    .min(1, 'must hold a certificate')
    .max(100)
    .optional()
    .describe(
      "PEM texts, in the configuration file also paths: the anchors for this client's certificates, in place of the workspace's `root_cas`. See docs/certificates.md#anchors.",
    ),
  intermediate_cas: z
    .array(z.string().min(1).max(1_000_000))
    .min(1, 'must hold a certificate')
    .max(100)
    .optional()
    .describe(
      "PEM texts, in the configuration file also paths: CAs below the anchors that the client does not send, beside the workspace's `intermediate_cas`.",
    ),
  token_ttls: z
    .strictObject({
      access_token: tokenTtlsSchema.shape.access_token.removeDefault().optional().describe('Seconds.'),
      refresh_token: tokenTtlsSchema.shape.refresh_token.removeDefault().optional().describe('Seconds.'),
      id_token: tokenTtlsSchema.shape.id_token.removeDefault().optional().describe('Seconds.'),
      authorization_code: tokenTtlsSchema.shape.authorization_code.removeDefault().optional().describe('Seconds.'),
    })
    .optional()
    .describe("Seconds; what is absent is the workspace's."),
  status: z.enum(['active', 'inactive']).default('active').describe('`inactive`: refused everywhere.'),
  trusted: z.boolean().default(false).describe('A first-party client, for which nobody is asked to consent.'),
  app_roles: z
    .array(z.string().min(1))
    .max(100)
    .optional()
    .describe("Names of the workspace's `app_roles`; their scopes are the client's, beside those of `scope`."),
  refresh_token_rotation: z
    .boolean()
    .optional()
    .describe(
      'Whether each refresh gives a new refresh token. Absent: it does. `false` is for confidential clients only.',
    ),
  metadata: z.record(z.string(), z.json()).optional().describe('Extras of the host, which we do not look into.'),
} as const;

/** Only for its types: the schema itself also takes `client_name#de` and its like. */
const exactShape = z.strictObject(metadataShape);

/** Client metadata as people write them: in a configuration file, in code, or in a registration. */
export type ClientMetadataInput = z.input<typeof exactShape>;

/** Client metadata as the rules between members see them. */
export type ShapedMetadata = z.output<typeof exactShape>;
