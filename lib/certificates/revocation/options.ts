import { z } from 'zod';
import { parsePemCertificates } from '../pem.js';

const mode = z
  .enum(['off', 'prefer', 'require'])
  .default('off')
  .describe('`prefer` takes a certificate when nothing could tell, and warns; `require` refuses it.');

/** http is usual here: what is fetched carries its own signature. */
function isFetchable(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}

const fetchable = z.string().max(2048).refine(isFetchable, 'must be an absolute http or https URL');

function holdsOneCertificate(text: string): boolean {
  const parsed = parsePemCertificates(text);
  return parsed.ok && parsed.certificates.length === 1;
}

const lists = z
  .strictObject({
    mode,
    files: z
      .array(z.string().min(1))
      .max(100)
      .default([])
      .describe(
        'Paths of revocation lists, PEM or DER; one PEM file may hold several. Read at start, and again when changed.',
      ),
    urls: z.array(fetchable).max(100).default([]).describe('Where further lists are, PEM or DER.'),
    distribution_points: z
      .boolean()
      .default(true)
      .describe('Also the lists that a certificate itself names (RFC 5280 4.2.1.13).'),
    reload_interval: z
      .int()
      .min(1)
      .max(604_800)
      .default(3600)
      .describe('Seconds after which files and URLs are looked at again; sooner when a list has run out.'),
    timeout: z.number().min(0.05).max(60).default(5).describe('Seconds for one fetch in total.'),
    max_bytes: z.int().min(1024).max(104_857_600).default(10_485_760).describe('The most octets of one list.'),
  })
  .refine(
    ({ mode, files, urls, distribution_points }) =>
      mode === 'off' || files.length + urls.length > 0 || distribution_points,
    { path: ['mode'], message: 'must be off where there are neither files nor urls nor distribution_points' },
  );

const ocsp = z.strictObject({
  mode,
  responder_url: fetchable
    .optional()
    .describe('Asked in place of the responders that certificates name (RFC 5280 4.2.2.1).'),
  responder_certificate: z
    .string()
    .refine(holdsOneCertificate, 'must be one CERTIFICATE block in PEM')
    .optional()
    .describe(
      "PEM text, in the configuration file a path, of the one certificate that signs all answers. Absent: the issuer's, or one that it issued for this.",
    ),
  hash: z
    .enum(['sha1', 'sha256'])
    .default('sha1')
    .describe(
      'The digest that names certificates in requests. Many responders know SHA-1 alone; it protects nothing here.',
    ),
  nonce: z
    .enum(['off', 'send', 'require'])
    .default('send')
    .describe('RFC 9654. `send`: an answer may leave it out, but must not have another. `require`: it must be there.'),
  allow_unknown: z.boolean().default(false).describe('Takes a certificate that the responder does not know.'),
  timeout: z.number().min(0.05).max(60).default(3).describe('Seconds for one request in total.'),
  cache_time: z
    .int()
    .min(0)
    .max(86_400)
    .default(3600)
    .describe(
      'Seconds an answer serves at most; 0 asks every time. Without nextUpdate it is also the oldest it may be.',
    ),
});

/**
 * Whether certificates have been revoked. OCSP is asked first; where it gives no answer, or is off, the revocation
 * lists are. `prefer` takes a certificate when nothing could tell, and warns; `require`, of either, refuses it.
 */
export const revocationSchema = z
  .strictObject({
    crl: lists.prefault({}).describe('Revocation lists.'),
    ocsp: ocsp.prefault({}).describe('Online answers, asked before lists.'),
    retry_after: z
      .int()
      .min(1)
      .max(3600)
      .default(30)
      .describe('Seconds in which nothing that has just failed is tried again.'),
    x5c: z
      .boolean()
      .default(false)
      .describe(
        'Also for private_key_jwt: the registered `x5c` of a key must lead to a trusted CA and not be revoked.',
      ),
  })
  .refine(({ crl, ocsp, x5c }) => !x5c || crl.mode !== 'off' || ocsp.mode !== 'off', {
    path: ['x5c'],
    message: 'needs crl or ocsp',
  });

export type RevocationOptions = z.output<typeof revocationSchema>;
export type RevocationOptionsInput = z.input<typeof revocationSchema>;
