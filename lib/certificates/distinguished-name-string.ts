import { attributeType } from './attribute-types.js';

/** An attribute as the string writes it: text, or the octets of a `#hex` value. */
export type WrittenAttribute =
  | { readonly type: string; readonly text: string }
  | { readonly type: string; readonly hex: Buffer };

/** The RDNs in the order of the string, or in one sentence what is wrong with it. */
export type WrittenName =
  | { readonly ok: true; readonly rdns: WrittenAttribute[][] }
  | { readonly ok: false; readonly problem: string };

/** Thrown and caught in this file. */
class SyntaxProblem extends Error {}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const TYPE = / *([A-Za-z][A-Za-z0-9-]*|[0-9.]+) *= */y;
const HEX_VALUE = /#((?:[0-9A-Fa-f]{2})+) *(?=[,+]|$)/y;
const HEX_PAIR = /^[0-9A-Fa-f]{2}$/;
/** RFC 4514 2.4: these come after a backslash as themselves. */
const ESCAPABLE = ' "#+,;<=>\\';
/** RFC 4514 3: these stand in a value only behind a backslash. */
const NEVER_BARE = '";<>';

/** One reading of one string; `at` is the next character to read. */
interface Cursor {
  readonly text: string;
  at: number;
}

function readType(cursor: Cursor): string {
  TYPE.lastIndex = cursor.at;
  const name = TYPE.exec(cursor.text)?.[1];
  if (name === undefined)
    throw new SyntaxProblem(`an attribute type and "=" are expected at character ${cursor.at + 1}`);
  cursor.at = TYPE.lastIndex;
  const type = attributeType(name);
  if (type === undefined) throw new SyntaxProblem(`the attribute type "${name}" is unknown; write its dotted OID`);
  return type;
}

function readEscape(cursor: Cursor): Buffer {
  const next = cursor.text[cursor.at + 1] ?? '';
  if (next !== '' && ESCAPABLE.includes(next)) {
    cursor.at += 2;
    return Buffer.from(next);
  }
  const pair = cursor.text.slice(cursor.at + 1, cursor.at + 3);
  if (!HEX_PAIR.test(pair)) throw new SyntaxProblem(`the escape at character ${cursor.at + 1} is not one of RFC 4514`);
  cursor.at += 3;
  return Buffer.from(pair, 'hex');
}

/** Reads up to the next bare `,` or `+`. Escaped octets join their neighbours before UTF-8 is decoded (RFC 4514 2.4). */
function readString(cursor: Cursor): string {
  const octets: Buffer[] = [];
  let trailingBlanks = 0;
  while (cursor.at < cursor.text.length) {
    const character = String.fromCodePoint(cursor.text.codePointAt(cursor.at) ?? 0);
    if (character === ',' || character === '+') break;
    if (NEVER_BARE.includes(character))
      throw new SyntaxProblem(`${character} stands unescaped at character ${cursor.at + 1}`);
    if (character === '\\') {
      octets.push(readEscape(cursor));
      trailingBlanks = 0;
      continue;
    }
    octets.push(Buffer.from(character));
    trailingBlanks = character === ' ' ? trailingBlanks + 1 : 0;
    cursor.at += character.length;
  }
  return decode(Buffer.concat(octets.slice(0, octets.length - trailingBlanks)));
}

function decode(octets: Buffer): string {
  if (octets.length === 0) throw new SyntaxProblem('an attribute has no value');
  if (octets.includes(0)) throw new SyntaxProblem('a value holds NUL');
  try {
    return utf8.decode(octets);
  } catch {
    throw new SyntaxProblem('the escaped octets of a value are not UTF-8');
  }
}

function readAttribute(cursor: Cursor): WrittenAttribute {
  const type = readType(cursor);
  if (cursor.text[cursor.at] !== '#') return { type, text: readString(cursor) };
  HEX_VALUE.lastIndex = cursor.at;
  const hex = HEX_VALUE.exec(cursor.text)?.[1];
  if (hex === undefined)
    throw new SyntaxProblem(`the "#" at character ${cursor.at + 1} is followed by something other than hex`);
  cursor.at = HEX_VALUE.lastIndex;
  return { type, hex: Buffer.from(hex, 'hex') };
}

function readRdns(cursor: Cursor): WrittenAttribute[][] {
  const rdns: WrittenAttribute[][] = [];
  let rdn: WrittenAttribute[] = [];
  for (;;) {
    rdn.push(readAttribute(cursor));
    const separator = cursor.text[cursor.at++];
    if (separator === '+') continue;
    rdns.push(rdn);
    if (separator === undefined) return rdns;
    rdn = [];
  }
}

/** Takes the string form of RFC 4514 apart, without a look at what the values mean. */
export function parseAttributes(text: string): WrittenName {
  if (text.trim() === '') return { ok: false, problem: 'the name is empty' };
  if (text.startsWith('/')) {
    return {
      ok: false,
      problem: "this is OpenSSL's slash form; RFC 4514 writes CN=...,O=...,C=..., the last RDN first",
    };
  }
  try {
    return { ok: true, rdns: readRdns({ text, at: 0 }) };
  } catch (error) {
    if (error instanceof SyntaxProblem) return { ok: false, problem: error.message };
    throw error;
  }
}
