import { z } from 'zod';

/** The vendor's types of one-time codes. What each is good for is decided where it is redeemed. */
export const otpTypes = [
  'activation',
  'authentication',
  'challenge',
  'enroll_webauthn',
  'reset_password',
  'reset_totp',
  'verify_address',
] as const;

export type OtpType = (typeof otpTypes)[number];

const otpSettingSchema = z.strictObject({
  length: z.int().min(6).max(64).default(8).describe('Digits of the code.'),
  ttl: z.int().min(1).max(86_400).default(600).describe('Seconds a code can be redeemed.'),
  max_attempts: z
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe('Wrong guesses after which a code is dead, for the right value too.'),
  daily_attempts: z
    .int()
    .min(1)
    .max(1000)
    .default(20)
    .describe('Wrong guesses per person within 24 hours, over all codes.'),
});

/** How codes of a pool are made, by type. A type that is absent has the defaults. */
export const otpSettingsSchema = z.partialRecord(z.enum(otpTypes), otpSettingSchema);

export type OtpSetting = z.output<typeof otpSettingSchema>;
export type OtpSettings = z.output<typeof otpSettingsSchema>;
export type OtpSettingsInput = z.input<typeof otpSettingsSchema>;

const defaults: OtpSetting = otpSettingSchema.parse({});

/** The setting of one type. */
export function otpSetting(settings: OtpSettings, type: OtpType): OtpSetting {
  return settings[type] ?? defaults;
}
