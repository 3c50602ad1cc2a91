/**
 * The address a person typed, as it is compared and written to: NFKC, trimmed, lower case. Undefined for everything
 * but one plain `local@domain`: lists, quotes, brackets, comments, control characters and letters beyond ASCII are how
 * mail goes to the wrong person.
 */
export function plainAddress(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > 320) return undefined;
  const address = text.normalize('NFKC').trim().toLowerCase();
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
  const [local = ''] = address.split('@');
  const sound = new RegExp(`^[\\w!#$%&'*+/=?^\`{|}~.-]{1,64}@${label}(?:\\.${label})*$`).test(address);
  return sound && address.length <= 254 && !/^\.|\.\.|\.$/.test(local) ? address : undefined;
}
