import { z } from 'zod';
import { importClientKey } from '../clients/json-web-keys.js';

const tokenValue = z
  .string()
  .regex(/^[A-Za-z0-9\-._~+/]+=*$/, 'must have the characters of a Bearer token alone (RFC 6750 2.1)');

const anchorKey = z.custom<object>().superRefine((jwk, context) => {
  const imported = importClientKey(jwk);
  if (!imported.ok) context.addIssue({ code: 'custom', message: imported.problem });
});

/** How clients register themselves. */
export const registrationSchema = z.strictObject({
  enabled: z.boolean().default(false).describe('Whether `{issuer}/oauth2/register` is there.'),
  initial_access_tokens: z
    .array(
      z.union([
        tokenValue,
        z.strictObject({
          value: tokenValue.describe('The token.'),
          expires_at: z.int().min(0).optional().describe('Seconds since 1970.'),
          max_uses: z.int().min(1).optional().describe('How many clients it registers.'),
        }),
      ]),
    )
    .default([])
    .describe(
      'Who has one of them may register (RFC 7591 3). A text may be used again and again; an object ends at `expires_at`, in seconds since 1970, and after `max_uses` clients. None: nobody may, unless by software statement.',
    ),
  software_statement_keys: z
    .record(z.string().min(1), z.looseObject({ keys: z.array(anchorKey).min(1).describe('Public JSON Web Keys.') }))
    .default({})
    .describe('By issuer (`iss`), a JWK Set of public keys: whose software statements count (RFC 7591 2.3).'),
  scopes: z
    .array(z.string().min(1))
    .optional()
    .describe(
      'What such clients may register as `scope`, patterns such as `accounts.*` allowed, and what they get without asking. Absent: any of `scopes`, and none without asking.',
    ),
});
