import { z } from 'zod';
import type { ClientMetadataInput } from '../clients/metadata.js';
import type { ClientSource } from '../clients/registry.js';
import { otpSettingsSchema } from '../codes/otp-settings.js';
import { issuerMistake } from '../issuer.js';
import { workspacePolicySchema } from './policy.js';
import { usersSchema } from './pools.js';
import type { AskConsent, AuthenticateUser } from './workspace.js';

const isFunction = (value: unknown) => typeof value === 'function';

/** Named, for declarations write an unnamed type out: as a function type, which takes no request of Express. */
export interface AuthenticateUserSchema extends z.ZodType<AuthenticateUser, AuthenticateUser> {}

const authenticateUserSchema: AuthenticateUserSchema = z.custom<AuthenticateUser>(isFunction, 'must be a function');

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
  issuer: issuerSchema.describe(
    'https URL without trailing slash, query and fragment: audience of assertions, realm of challenges, `iss` of tokens. Endpoints live below it: `{issuer}/oauth2/token`.',
  ),
  tenant: z.string().min(1).optional().describe('Name in store keys and events. Absent: taken from the issuer.'),
  workspace: z.string().min(1).optional().describe('Name in store keys and events. Absent: taken from the issuer.'),
  clients: clientsSchema.describe(
    'An array of client metadata, or `{ find(clientId) }` that answers metadata, null or a promise of either.',
  ),
  pool: z
    .string()
    .min(1)
    .optional()
    .describe("The people of this workspace: one of the router's `pools`, of the same tenant."),
  users: usersSchema
    .optional()
    .describe(
      'Or a pool of its own: a list, or `{ find(key) }` with `{ id }`, `{ username }` or `{ email }` as key. People are asked for again when a code or a refresh token is used.',
    ),
  otp_settings: otpSettingsSchema
    .optional()
    .describe('How one-time codes are made for `users`. See docs/passwordless.md.'),
  authenticateUser: authenticateUserSchema
    .optional()
    .describe(
      'Who is at the browser? Answers the person, or undefined after having replied, as by a redirect to your sign-in page. Takes the place of our own login.',
    ),
  askConsent: z
    .custom<AskConsent>(isFunction, 'must be a function')
    .optional()
    .describe(
      'May the client? Answers `{ allow: [...] }`, `{ deny: true }`, or undefined after having replied. Takes the place of our own consent page.',
    ),
});

export type WorkspaceOptions = z.input<typeof workspaceOptionsSchema>;
