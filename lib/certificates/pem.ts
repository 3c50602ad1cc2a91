/** The most octets one certificate may have, as DER. */
export const MAX_CERTIFICATE_BYTES = 65_536;

/** DER certificates, or in one sentence why the text holds none. */
export type PemCertificates =
  | { readonly ok: true; readonly certificates: readonly Buffer[] }
  | { readonly ok: false; readonly problem: string };

/**
 * Base64 (RFC 4648 4) without tolerance: foreign characters, wrong padding and stray bits give `undefined`.
 * `Buffer.from` skips what it does not know. `unpadded` lets the padding be absent (RFC 8941 4.2.7).
 */
export function decodeBase64(text: string, unpadded = false): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  const again = bytes.toString('base64');
  return again === text || (unpadded && again.replace(/=+$/, '') === text) ? bytes : undefined;
}

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';
const MAX_BLOCK_CHARACTERS = MAX_CERTIFICATE_BYTES * 1.5;

function fail(problem: string): PemCertificates {
  return { ok: false, problem };
}

/**
 * The certificates of a PEM text (RFC 7468 5), in order, as DER. Only `CERTIFICATE` blocks with white space between
 * them: other text is refused, because readers differ in what they make of it. Line ends may be blanks, as Apache
 * writes them into a header. The DER is not looked into.
 */
export function parsePemCertificates(text: string): PemCertificates {
  const certificates: Buffer[] = [];
  let rest = text.trim();
  if (rest === '') return fail('there is no certificate in it');
  while (rest !== '') {
    if (!rest.startsWith(BEGIN)) return fail('there is something other than CERTIFICATE blocks in it');
    const end = rest.indexOf(END, BEGIN.length);
    if (end === -1) return fail('a CERTIFICATE block has no end');
    if (end > MAX_BLOCK_CHARACTERS) return fail('a certificate is larger than 64 KiB');
    const der = decodeBase64(rest.slice(BEGIN.length, end).replace(/[\t\n\r ]+/g, ''));
    if (der === undefined || der.length === 0) return fail('a CERTIFICATE block is not base64');
    if (der.length > MAX_CERTIFICATE_BYTES) return fail('a certificate is larger than 64 KiB');
    certificates.push(der);
    rest = rest.slice(end + END.length).trimStart();
  }
  return { ok: true, certificates };
}
