/** Control, format and unassigned characters, and line ends that are none here. */
const unprintable = /[^\P{C}\n\t]|[\u2028\u2029]/gu;

/**
 * Text for people. Clients that registered themselves, certificates and tokens bring words of their own: none of them
 * may steer a terminal.
 */
export function printableText(text: string): string {
  return text.replace(unprintable, '?');
}

/** JSON of the same value, for a terminal too: what could steer one is escaped, as JSON alone does only below U+0020. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replace(unprintable, escaped);
}

function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
