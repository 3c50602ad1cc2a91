import { z } from 'zod';
import { clientMetadataSchema, otpSettingsSchema, userSchema, workspacePolicySchema } from '../../index.js';
import { isSecretKey } from '../secret-keys.js';
import { mailSchema, publicUrlSchema, storeSchema, urlNameSchema } from './values.js';

const port = z.int().min(0).max(65_535);

const poolSchema = z.strictObject({
  otp_settings: otpSettingsSchema.default({}),
  users: z.array(userSchema.extend({ status: z.enum(['active', 'inactive']).default('active') })).default([]),
});

const workspaceSchema = workspacePolicySchema.extend({
  /** A pool of the same tenant. Absent: nobody can sign in here. */
  pool: z.string().optional(),
  clients: z.array(clientMetadataSchema).default([]),
});

const tenantSchema = z.strictObject({
  pools: z.record(urlNameSchema, poolSchema).default({}),
  workspaces: z.record(urlNameSchema, workspaceSchema),
});

const trustedProxySchema = z.strictObject({
  /** Peer addresses, such as `10.0.0.0/8`. */
  cidr: z.string().min(1),
  /** How the proxy hands the client's certificate on. */
  client_certificate: z.enum(['nginx', 'rfc9440', 'envoy-xfcc', 'haproxy', 'apache', 'traefik', 'alb']),
  /** Absent: the preset's usual name. */
  header: z.string().min(1).optional(),
  verify_header: z.string().min(1).optional(),
});

const secretKeySchema = z.string().refine(isSecretKey, 'must be base64 of exactly 32 bytes');

/** The configuration file, whole. A path in it is relative to the file. */
export const configurationSchema = z.strictObject({
  /** For editors: docs/configuration.schema.json. */
  $schema: z.string().optional(),
  /** Absent: `https://localhost:{port}`. */
  public_url: publicUrlSchema.optional(),
  listen: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: port.default(8443),
      /** `false`: only the name of `mtls` asks for them, and no browser does here. */
      client_certificates: z.boolean().default(true),
    })
    .prefault({}),
  /** Absent: a certificate is made in the data directory. `false`: plain HTTP, behind a proxy of `trusted_proxies`. */
  tls: z
    .union(
      [z.literal(false), z.strictObject({ cert: z.string().min(1), key: z.string().min(1) })],
      'must be false, or an object with cert and key and nothing else',
    )
    .optional(),
  trusted_proxies: z.array(trustedProxySchema).default([]),
  /** Absent: an `lmdb:` of this file's own in the data directory. */
  store: storeSchema.optional(),
  /** Absent: no mail, and so no login by mail. */
  mail: mailSchema.optional(),
  /** What we may fetch from. `allow_private_hosts`: `host:port`, exceptions to the guard against private addresses. */
  outbound: z
    .strictObject({ allow_private_hosts: z.array(z.string().min(1)).optional(), ca: z.string().min(1).optional() })
    .optional(),
  /** Newest first. Absent: one is made in the data directory. */
  secret_keys: z.array(secretKeySchema).min(1).optional(),
  /** How often client credentials may be wrong, in workspaces that do not say their own. */
  rate_limits: workspacePolicySchema.shape.rate_limits,
  /** Seconds, for each workspace that does not say its own. */
  clock_tolerance: z.int().min(0).max(60).optional(),
  /** A second name, on the same host and with the same certificate, that asks for client certificates. */
  mtls: z.strictObject({ public_url: publicUrlSchema, listen: z.strictObject({ port }) }).optional(),
  admin_tokens: z.array(z.string().min(1)).default([]),
  tenants: z.record(urlNameSchema, tenantSchema),
});

/** The file as people write it. */
export type ConfigurationInput = z.input<typeof configurationSchema>;
/** The file with its defaults filled in. */
export type ParsedConfiguration = z.output<typeof configurationSchema>;
