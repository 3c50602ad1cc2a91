import { DerError, type DerValue } from './der.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function ascii(content: Buffer): string {
  if (content.some((octet) => octet > 0x7f)) throw new DerError('not ASCII');
  return content.toString('latin1');
}

function decodeUtf8(content: Buffer): string {
  try {
    return utf8.decode(content);
  } catch {
    throw new DerError('not UTF-8');
  }
}

function decodeWide(content: Buffer, width: 2 | 4): string {
  if (content.length % width !== 0) throw new DerError('half a character');
  let text = '';
  for (let at = 0; at < content.length; at += width) {
    const codePoint = content.readUIntBE(at, width);
    if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) throw new DerError('not a character');
    text += String.fromCodePoint(codePoint);
  }
  return text;
}

/** The string types of X.680 that a name may hold, by tag. T61String is read as Latin-1, as everybody writes it. */
const STRING_DECODERS: ReadonlyMap<number, (content: Buffer) => string> = new Map([
  [0x0c, decodeUtf8],
  [0x12, ascii], // NumericString
  [0x13, ascii], // PrintableString; real ones carry `@`, `*` and `&` too
  [0x14, (content: Buffer) => content.toString('latin1')], // T61String
  [0x16, ascii], // IA5String
  [0x1a, ascii], // VisibleString
  [0x1c, (content: Buffer) => decodeWide(content, 4)], // UniversalString
  [0x1e, (content: Buffer) => decodeWide(content, 2)], // BMPString
]);

/** The text of a value of a string type; `undefined` for other types. Throws a DerError for a broken string. */
export function readText(value: DerValue): string | undefined {
  return STRING_DECODERS.get(value.tag)?.(value.content);
}

/** Controls but the white-space ones, format characters, surrogates, private use, unassigned, REPLACEMENT CHARACTER. */
const PROHIBITED = /[\p{Cf}\p{Cs}\p{Co}\p{Cn}\ufffd]|(?![\t-\r\u0085])\p{Cc}/u;
const WHITE_SPACE = /[\t-\r\u0085\p{Z}]+/gu;

/**
 * A value prepared for caseIgnoreMatch (RFC 4517 4.2.11) by RFC 4518: white space to one space and none at the ends,
 * case folded, NFKC. The subset: characters that RFC 4518 2.2 maps to nothing (controls, SOFT HYPHEN, zero-width ones)
 * are refused rather than dropped, and case folding is `toLowerCase` (U+00DF does not become `ss`). Both make fewer
 * values equal, never more. `undefined` for a refused value and for one with nothing left.
 */
export function prepareValue(text: string): string | undefined {
  if (PROHIBITED.test(text)) return undefined;
  const folded = text.normalize('NFKC').toLowerCase().replaceAll('ς', 'σ').normalize('NFKC');
  const prepared = folded.replace(WHITE_SPACE, ' ').trim();
  return prepared === '' ? undefined : prepared;
}
