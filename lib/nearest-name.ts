/** The one of `names` that was probably meant by `written`, or undefined: at most two letters apart, blind to case and `_`. */
export function nearestName(written: string, names: readonly string[]): string | undefined {
  if (written.length > 64) return undefined;
  const plain = bare(written);
  const reach = Math.min(2, Math.floor(plain.length / 3));
  // Each letter more or less is one apart already: most names need no comparing.
  const near = names.filter((name) => Math.abs(bare(name).length - plain.length) <= reach);
  const rated = near.map((name) => ({ name, distance: distance(plain, bare(name)) }));
  return rated.filter((each) => each.distance <= reach).sort((one, other) => one.distance - other.distance)[0]?.name;
}

const bare = (name: string) => name.toLowerCase().replace(/[_-]/g, '');

/** Letters to insert, drop or replace (Levenshtein), or swap with their neighbour. */
function distance(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1;
      const swapped = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1] ? (before[j - 2] ?? 0) + 1 : Infinity;
      row.push(Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, (last[j - 1] ?? 0) + same, swapped));
    }
    [before, last] = [last, row];
  }
  return last[other.length] ?? 0;
}
