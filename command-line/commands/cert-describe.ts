import { readFile } from 'node:fs/promises';
import { type CertificateDescription, describeCertificate } from '../../index.js';
import type { Command } from '../command.js';
import { columns } from '../table.js';

export const certDescribe: Command = {
  name: 'cert describe',
  operand: 'FILE',
  summary: 'Says what is in a client certificate, and what to register for it',
  options: {},
  details: [
    'FILE is PEM or DER. Of a PEM file every certificate is described; what else is in it, keys too, is not looked at.',
    '',
    'tls_client_auth takes exactly one of the members shown; self_signed_tls_client_auth takes the JWK as an entry of',
    'jwks.keys, or the PEM file as "certificate". Nothing is said about whether a CA is to be trusted.',
  ],
  examples: ['cert describe client.crt', 'cert describe client.crt --json'],
  async run({ operand }) {
    const described = certificatesIn(await readFile(operand)).map((each) => describeCertificate(each));
    return { text: `${described.map(page).join('\n\n')}\n`, json: described.length === 1 ? described[0] : described };
  },
};

/** DER whole, or each PEM block by itself: `openssl` writes text around them. */
function certificatesIn(bytes: Buffer): readonly (string | Buffer)[] {
  const blocks = bytes.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  return blocks ?? [bytes];
}

function page(described: CertificateDescription): string {
  const { public_key: key, extended_key_usage: purposes, jwk, warnings } = described;
  const rows = [
    ['Subject', described.subject ?? '(malformed)'],
    ['Issuer', described.issuer ?? '(malformed)'],
    ['Valid', `${described.not_before} to ${described.not_after}`],
    ['Key', [key.type, key.bits && `${key.bits} bits`, key.curve].filter(Boolean).join(', ')],
    ['Self-signed', described.self_signed ? 'yes' : 'no'],
    ['Purposes', purposes?.join(', ') ?? 'any'],
    ['x5t#S256', described['x5t#S256']],
  ];
  return [
    ...columns(rows),
    ...(warnings.length > 0 ? ['', 'Warnings', ...warnings.map((warning) => `  ${warning}`)] : []),
    '',
    'For tls_client_auth, one of',
    ...described.tls_client_auth.map((member) => `  ${JSON.stringify(member).slice(1, -1)}`),
    ...(described.tls_client_auth.length === 0 ? ['  (it has no name that can be registered)'] : []),
    '',
    'For self_signed_tls_client_auth, in jwks.keys',
    `  ${jwk ? JSON.stringify(jwk) : '(its key may not be registered)'}`,
  ].join('\n');
}
