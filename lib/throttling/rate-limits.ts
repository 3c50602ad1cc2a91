import { z } from 'zod';
import type { FailureReason } from '../errors.js';

const seconds = () => z.int().min(1).max(86_400);

const limit = (usual: number) => ({
  max_attempts: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(usual)
    .describe('Failures within `period`; 0 switches the limit off.'),
  period: seconds().default(60).describe('Seconds. They run by the clock, for everybody alike.'),
});

const limitSchema = (usual: number) =>
  z
    .strictObject({
      ...limit(usual),
      block_duration: seconds()
        .optional()
        .describe('Seconds for which nothing more is compared. Absent: until the period is over.'),
    })
    .prefault({});

const totalSchema = (usual: number) => z.strictObject(limit(usual)).prefault({});

/** How often what is secret may be guessed wrong before nothing more is compared (RFC 6749 2.3.1, 10.10). */
export const rateLimitsSchema = z.strictObject({
  enabled: z.boolean().default(true).describe('`false` switches all limits off.'),
  client: limitSchema(100).describe('Credentials of one client from one address.'),
  registration: limitSchema(20).describe('Initial access tokens (RFC 7591 3) from one address.'),
  one_time_code: limitSchema(100).describe("One-time codes from one browser's address, whoever they are of."),
  access_token: limitSchema(1000).describe(
    'Access tokens from one address, where clients call introspection, revocation and the identity API by them.',
  ),
  grant: limitSchema(1000).describe('Authorization codes and refresh tokens of one public client from one address.'),
  source: limitSchema(1000).describe('Failures of all these kinds from one address.'),
  workspace: totalSchema(10_000).describe(
    'Failures of everybody in the workspace. Beyond, the limits above are a twentieth; nobody is refused for others.',
  ),
  tenant: totalSchema(50_000).describe('The same for all workspaces of a tenant.'),
});

export type RateLimits = z.output<typeof rateLimitsSchema>;

/** What can be guessed, by the name of its limit. */
export type GuessKind = 'client' | 'registration' | 'one_time_code' | 'access_token' | 'grant';

/** How the guesses of a kind are told from other failures, and refused. */
export interface GuessRule {
  /** Why no more of them are compared. */
  readonly reason: FailureReason;
  /** Failures that may have been guesses; the others tell a guesser nothing, and a confused client makes many. */
  readonly guesses: ReadonlySet<FailureReason>;
}

export const guessRules: Readonly<Record<GuessKind, GuessRule>> = {
  client: {
    reason: 'client_guesses_exceeded',
    guesses: new Set([
      'unknown_client',
      'secret_mismatch',
      'secret_expired',
      'assertion_signature_invalid',
      'registration_token_unknown',
    ]),
  },
  registration: { reason: 'registration_guesses_exceeded', guesses: new Set(['initial_token_unknown']) },
  one_time_code: {
    reason: 'code_guesses_exceeded',
    // All of them: who is refused sooner than others would tell whether the person exists.
    guesses: new Set([
      'otc_unknown_user',
      'otc_mismatch',
      'otc_expired',
      'otc_used',
      'otc_exhausted',
      'otc_bound_elsewhere',
      'otc_attempts_spent',
      'otc_other_browser',
      'user_inactive',
    ]),
  },
  access_token: {
    reason: 'token_guesses_exceeded',
    guesses: new Set(['token_unknown', 'token_signature_invalid']),
  },
  grant: { reason: 'grant_guesses_exceeded', guesses: new Set(['code_unknown', 'refresh_token_unknown']) },
};
