import { z } from 'zod';
import {
  clientMetadataSchema,
  otpSettingsSchema,
  trustedProxySchema,
  userSchema,
  workspacePolicySchema,
} from '../../index.js';
import { isSecretKey } from '../secret-keys.js';
import { mailSchema, publicUrlSchema, storeSchema, urlNameSchema } from './values.js';

const port = z.int().min(0).max(65_535);

const poolSchema = z.strictObject({
  otp_settings: otpSettingsSchema
    .default({})
    .describe('How one-time codes are made, by type. See docs/passwordless.md.'),
  users: z
    .array(
      userSchema.extend({
        status: z.enum(['active', 'inactive']).default('active').describe('`inactive`: refused everywhere.'),
      }),
    )
    .default([])
    .describe('The people.'),
});

const workspaceSchema = workspacePolicySchema.extend({
  pool: z.string().optional().describe('A pool of the same tenant. Absent: nobody can sign in here.'),
  clients: z.array(clientMetadataSchema).default([]).describe('RFC 7591 metadata, with members of ours.'),
});

const tenantSchema = z.strictObject({
  pools: z.record(urlNameSchema, poolSchema).default({}).describe('People, by the name of their pool.'),
  workspaces: z
    .record(urlNameSchema, workspaceSchema)
    .describe('Issuers, by their name: `{public_url}/{tenant}/{workspace}`.'),
});

const secretKeySchema = z.string().refine(isSecretKey, 'must be base64 of exactly 32 bytes');

/** The configuration file, whole. A path in it is relative to the file. */
export const configurationSchema = z.strictObject({
  $schema: z.string().optional().describe('For editors, which complete the file: docs/configuration.schema.json.'),
  public_url: publicUrlSchema
    .optional()
    .describe('What clients see; issuers begin with it. Absent: `https://localhost:{port}`.'),
  listen: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1').describe('Address.'),
      port: port.default(8443).describe('0 lets the system choose.'),
      client_certificates: z
        .boolean()
        .default(true)
        .describe('`false`: only the name of `mtls` asks for them, and no browser does here.'),
    })
    .prefault({})
    .describe('Where the server listens.'),
  tls: z
    .union(
      [
        z.literal(false),
        z.strictObject({
          cert: z.string().min(1).describe('Path of the certificate, with its chain.'),
          key: z.string().min(1).describe('Path of its key.'),
        }),
      ],
      'must be false, or an object with cert and key and nothing else',
    )
    .optional()
    .describe(
      'PEM files. Absent: made in the data directory. `false`: plain HTTP behind a proxy, refused without `trusted_proxies`.',
    ),
  trusted_proxies: z
    .array(trustedProxySchema)
    .default([])
    .describe('The only peers whose certificate headers count. See docs/behind-a-proxy.md.'),
  store: storeSchema
    .optional()
    .describe(
      "`memory:`, `lmdb:DIR`, `redis://` or `postgres://`. Absent: an `lmdb:` of this file's own in the data directory. Files named in a URL are relative to the working directory. See docs/stores.md.",
    ),
  mail: mailSchema
    .optional()
    .describe(
      "Where codes and links go: `smtp://user:pass@host:port`, or `outbox:` to try it out. Absent: `outbox:` where `listen.host` and `public_url` are this machine's own, else none. In production an outbox is none, and without mail there is no login by mail.",
    ),
  outbound: z
    .strictObject({
      allow_private_hosts: z.array(z.string().min(1)).optional().describe('`host:port`, exactly as in the URL.'),
      ca: z.string().min(1).optional().describe('Path of PEM certificates, trusted beside those of Node.'),
    })
    .optional()
    .describe('Exceptions to the guard against requests into private networks, for `jwks_uri`, OCSP and CRL.'),
  secret_keys: z
    .array(secretKeySchema)
    .min(1)
    .optional()
    .describe(
      'Base64 of 32 bytes each, newest first: encrypt signing keys, hash client secrets. Absent: one is made in the data directory. See docs/keys.md#replacing-secret_keys.',
    ),
  rate_limits: workspacePolicySchema.shape.rate_limits.describe(
    'How often what is secret may be guessed wrong, in workspaces that do not say their own. See docs/hardening.md#guessing. Behind `trusted_proxies`, let the proxy write `X-Forwarded-For`.',
  ),
  clock_tolerance: z.int().min(0).max(60).optional().describe('Seconds, for each workspace that does not say its own.'),
  mtls: z
    .strictObject({
      public_url: publicUrlSchema.describe('Such as `https://mtls.localhost:9443`.'),
      listen: z.strictObject({ port: port.describe('Port.') }).describe('Where it listens.'),
    })
    .optional()
    .describe(
      'A second name, without path, on the same host and with the same certificate. It always asks for client certificates, serves all that the first one does, and is told as `mtls_endpoint_aliases` (RFC 8705 5).',
    ),
  explain_in_reply: z
    .boolean()
    .default(false)
    .describe(
      'Whether the JSON reply to a failed request says why. For development: it helps attackers too, and is refused with NODE_ENV=production. See docs/observability.md#in-the-reply-itself.',
    ),
  admin_tokens: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Bearer tokens for `/metrics` and `/admin/explain`, which are there with one at least. See docs/observability.md.',
    ),
  tenants: z.record(urlNameSchema, tenantSchema).describe('Tenants, by their name in URLs.'),
});

/** The file as people write it. */
export type ConfigurationInput = z.input<typeof configurationSchema>;
/** The file with its defaults filled in. */
export type ParsedConfiguration = z.output<typeof configurationSchema>;
