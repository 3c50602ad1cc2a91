import { z } from 'zod';
import type { ClientMetadataInput } from '../clients/metadata.js';
import type { ClientSource } from '../clients/registry.js';
import { otpSettingsSchema } from '../codes/otp-settings.js';
import { issuerMistake } from '../issuer.js';
import { workspacePolicySchema } from './policy.js';
import { usersSchema } from './pools.js';
import type { AskConsent, AuthenticateUser } from './workspace.js';

const isFunction = (value: unknown) => typeof value === 'function';

/** Clients as a host gives them: metadata, or an object that finds metadata. Checked in depth by the registry. */
export const clientsSchema = z.custom<readonly ClientMetadataInput[] | ClientSource>(
  (value) => Array.isArray(value) || isFunction((value as Partial<ClientSource> | undefined)?.find),
  'must be an array of client metadata, or an object with find(clientId)',
);

/** An issuer identifier (RFC 8414 2). */
export const issuerSchema = z.string().superRefine((issuer, context) => {
  const mistake = issuerMistake(issuer);
  if (mistake !== undefined) context.addIssue({ code: 'custom', message: mistake });
});

/** One workspace as `grantRouter` takes it: its policy, and who is in it. */
export const workspaceOptionsSchema = workspacePolicySchema.extend({
  /** https URL. Endpoints live below it: `{issuer}/oauth2/token`. */
  issuer: issuerSchema,
  /** Names for store keys and events. Absent: taken from the issuer. */
  tenant: z.string().min(1).optional(),
  workspace: z.string().min(1).optional(),
  clients: clientsSchema,
  /** The people of this workspace: one of the router's `pools`, of the same tenant. */
  pool: z.string().min(1).optional(),
  /** Or a pool of its own, called as the workspace is. People are asked for again when a code is redeemed. */
  users: usersSchema.optional(),
  /** How one-time codes are made for `users`. */
  otp_settings: otpSettingsSchema.optional(),
  /** Who is at the browser? Takes the place of our own login. */
  authenticateUser: z.custom<AuthenticateUser>(isFunction, 'must be a function').optional(),
  /** May the client? Takes the place of our own consent page. */
  askConsent: z.custom<AskConsent>(isFunction, 'must be a function').optional(),
});

export type WorkspaceOptions = z.input<typeof workspaceOptionsSchema>;
