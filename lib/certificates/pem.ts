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

/** DER values, or in one sentence why the text holds none. */
type PemBlocks =
  | { readonly ok: true; readonly blocks: readonly Buffer[] }
  | { readonly ok: false; readonly problem: string };

function fail(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}

/**
 * The blocks of a PEM text (RFC 7468), which all bear one label, in order, as DER. White space alone may stand between
 * them: other text is refused, because readers differ in what they make of it. Line ends may be blanks, as Apache
 * writes them into a header. The DER is not looked into. `maxBytes` is for each.
 */
export function parsePemBlocks(text: string, label: string, maxBytes: number): PemBlocks {
  const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
  const tooLarge = `a ${label} is larger than ${maxBytes / 1024} KiB`;
  const blocks: Buffer[] = [];
  let rest = text.trim();
  if (rest === '') return fail(`there is no ${label} in it`);
  while (rest !== '') {
    if (!rest.startsWith(begin)) return fail(`there is something other than ${label} blocks in it`);
    const length = rest.indexOf(end, begin.length);
    if (length === -1) return fail(`a ${label} block has no end`);
    if (length > maxBytes * 1.5) return fail(tooLarge);
    const der = decodeBase64(rest.slice(begin.length, length).replace(/[\t\n\r ]+/g, ''));
    if (der === undefined || der.length === 0) return fail(`a ${label} block is not base64`);
    if (der.length > maxBytes) return fail(tooLarge);
    blocks.push(der);
    rest = rest.slice(length + end.length).trimStart();
  }
  return { ok: true, blocks };
}

/** The certificates of a PEM text (RFC 7468 5): `CERTIFICATE` blocks alone, of 64 KiB at most each. */
export function parsePemCertificates(text: string): PemCertificates {
  const parsed = parsePemBlocks(text, 'CERTIFICATE', MAX_CERTIFICATE_BYTES);
  return parsed.ok ? { ok: true, certificates: parsed.blocks } : parsed;
}
