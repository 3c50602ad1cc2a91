import { isUtf8 } from 'node:buffer';
import { hasRepeatedMember } from '../client-authentication/repeated-members.js';

/** What a JSON body holds, or in a few words why it is refused: JSON.parse alone takes the last of two equal members. */
export type StrictJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string };

/** JSON in UTF-8 whose members are unique (RFC 8259 4, 8.1). */
export function parseStrictJson(encoded: string | Buffer): StrictJson {
  if (typeof encoded !== 'string' && !isUtf8(encoded)) return { ok: false, problem: 'is not UTF-8' };
  const text = encoded.toString();
  try {
    const value: unknown = JSON.parse(text);
    const repeated = !comesBack(value, text) && hasRepeatedMember(text);
    return repeated ? { ok: false, problem: 'has a member twice' } : { ok: true, value };
  } catch {
    return { ok: false, problem: 'is not JSON' };
  }
}

/** Whether the value gives the same text again. Then nothing was lost on the way, as one of two equal members would be. */
function comesBack(value: unknown, text: string): boolean {
  try {
    return JSON.stringify(value) === text;
  } catch {
    // It is nested too deeply for that.
    return false;
  }
}
