import { parseStrictJson } from './strict-json.js';

type JsonObject = Readonly<Record<string, unknown>>;

/** A compact JWS taken apart, its signature not looked at; or what is wrong with it, in words that follow its name. */
export type CompactJws =
  | { readonly ok: true; readonly header: JsonObject; readonly claims: JsonObject }
  | { readonly ok: false; readonly problem: string };

/**
 * Takes a compact JWS of a JWT apart (RFC 7515 7.1, RFC 7519 3): canonical base64url, header and claims each one JSON
 * object in UTF-8 with unique members. `maximumLength` is in characters.
 */
export function readCompactJws(jws: string, maximumLength: number): CompactJws {
  if (jws.length > maximumLength) return { ok: false, problem: 'is too long' };
  const parts = jws.split('.');
  const [protectedHeader = '', payload = '', signature = ''] = parts;
  if (parts.length !== 3 || !decodeBase64url(signature)) return { ok: false, problem: 'is not a compact JWS' };
  const header = decodeObject(protectedHeader);
  const claims = decodeObject(payload);
  if (header && claims) return { ok: true, header, claims };
  return { ok: false, problem: 'has a header or claims that are not one JSON object with unique members' };
}

function decodeObject(part: string): JsonObject | undefined {
  const bytes = decodeBase64url(part);
  const read = bytes && parseStrictJson(bytes);
  if (!read?.ok) return undefined;
  const { value } = read;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

// Node's decoder skips foreign characters and ignores stray bits; only the canonical spelling comes back the same.
function decodeBase64url(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return part !== '' && bytes.toString('base64url') === part ? bytes : undefined;
}
