const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const plain = new RegExp(`^[\\w!#$%&'*+/=?^\`{|}~.-]{1,64}@${label}(?:\\.${label})*$`);

/**
 * The address a person typed, as it is compared and written to: NFKC, lower case, no blanks around it. Undefined for
 * everything but one plain `local@domain`: lists, quotes, brackets, comments, control characters, letters beyond ASCII
 * and an @ that NFKC alone makes one are how mail goes to the wrong person.
 */
export function plainAddress(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > 320 || /[\uFF20\uFE6B]/.test(text)) return undefined;
  const address = text
    .replace(/^[ \t]+|[ \t]+$/g, '')
    .normalize('NFKC')
    .toLowerCase();
  const [local = ''] = address.split('@');
  const sound = plain.test(address) && address.length <= 254;
  return sound && !/^\.|\.\.|\.$/.test(local) ? address : undefined;
}
