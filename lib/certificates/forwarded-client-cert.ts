import { parseStrictJson } from '../http/strict-json.js';

/** What one proxy said of the client it spoke with. The texts are as the header has them. */
export interface ForwardedClientCert {
  /** PEM, percent-encoded in the text form: the leaf alone. */
  readonly cert: string | undefined;
  /** PEM, percent-encoded in the text form: the leaf and what the client sent after it. */
  readonly chain: string | undefined;
  /** Hexadecimal SHA-256 of the leaf's DER. */
  readonly hash: string | undefined;
}

type Pairs = readonly (readonly [key: string, value: string])[];

/**
 * One `key=value`, the value bare or quoted, and what ends it. A bare value keeps the blanks behind it: to look for
 * their end here would take time that grows with the square of their number.
 */
const PAIR = /[ \t]*([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"[ \t]*|([^",;]*))([,;]|$)/y;
/** The keys that decide; of the others (By, Subject, URI, DNS) there may be several, and they are only read over. */
const SINGLE: ReadonlySet<string> = new Set(['cert', 'chain', 'hash']);

/**
 * The one element of Envoy's `x-forwarded-client-cert`. Both forms are read, text (`Hash=...;Cert="..."`) and, since
 * Envoy 1.38, a JSON array. `undefined` when anything in the value is malformed, the element has one of its keys twice,
 * or there are several elements: the first may be of the client's own making, and the last tells of whoever was
 * connected with the last proxy, which in a chain of proxies is a proxy.
 */
export function readForwardedClientCert(value: string): ForwardedClientCert | undefined {
  const pairs = value.trimStart().startsWith('[') ? onlyOfJson(value) : onlyOfText(value);
  if (pairs === undefined) return undefined;
  const found = new Map<string, string>();
  for (const [name, text] of pairs) {
    const key = name.toLowerCase();
    if (!SINGLE.has(key)) continue;
    if (found.has(key)) return undefined;
    found.set(key, text);
  }
  return { cert: found.get('cert'), chain: found.get('chain'), hash: found.get('hash') };
}

function onlyOfText(value: string): Pairs | undefined {
  const element: [string, string][] = [];
  let separator: string | undefined = ';';
  PAIR.lastIndex = 0;
  while (separator !== '') {
    const match = PAIR.exec(value);
    if (match === null) return undefined;
    const [, key = '', quoted, bare = '', end] = match;
    // Another element would begin here.
    if (end === ',') return undefined;
    element.push([key, quoted === undefined ? bare.trimEnd() : quoted.replaceAll(/\\(.)/g, '$1')]);
    separator = end;
  }
  return element;
}

function onlyOfJson(value: string): Pairs | undefined {
  const parsed = parseStrictJson(value);
  if (!parsed.ok || !Array.isArray(parsed.value)) return undefined;
  const [element, ...more]: readonly unknown[] = parsed.value;
  if (typeof element !== 'object' || element === null || Array.isArray(element) || more.length > 0) return undefined;
  const members = Object.entries(element).filter(([key]) => SINGLE.has(key.toLowerCase()));
  return members.every((member): member is [string, string] => typeof member[1] === 'string') ? members : undefined;
}
