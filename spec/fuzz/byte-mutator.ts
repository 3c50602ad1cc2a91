/** A generator of numbers that a seed repeats (mulberry32): from 0, below `below`. */
export type Draw = (below: number) => number;

export function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Octets that parsers stumble over. */
const telling = [
  0x00, 0x01, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x25, 0x26, 0x2b, 0x2e, 0x30, 0x3a, 0x3d, 0x5c, 0x7f, 0x80, 0xa0, 0xc0,
  0xff,
];
const mostOctets = 70_000;

/** What was right, with one to eight things wrong: octets flipped, put in, cut out, doubled, or taken from another input. */
export function mutate(original: Buffer, others: readonly Buffer[], draw: Draw): Buffer {
  let octets: Buffer = Buffer.from(original);
  for (let turns = 1 + draw(8); turns > 0; turns -= 1) octets = mutateOnce(octets, others, draw);
  return octets.subarray(0, mostOctets);
}

function mutateOnce(octets: Buffer, others: readonly Buffer[], draw: Draw): Buffer {
  const at = draw(octets.length + 1);
  const end = Math.min(octets.length, at + 1 + draw(16));
  const [before, middle, after] = [octets.subarray(0, at), octets.subarray(at, end), octets.subarray(end)];
  switch (draw(7)) {
    case 0: {
      const changed = Buffer.from(octets);
      if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ (1 << draw(8));
      return changed;
    }
    case 1:
      return Buffer.concat([before, Buffer.of(telling[draw(telling.length)] ?? 0), octets.subarray(at)]);
    case 2:
      return Buffer.concat([before, after]);
    case 3:
      return Buffer.concat([before, ...Array.from({ length: 1 + draw(2000) }, () => middle), after]);
    case 4: {
      const other = others[draw(others.length)] ?? octets;
      const from = draw(other.length + 1);
      return Buffer.concat([before, other.subarray(from, from + 1 + draw(64)), after]);
    }
    case 5:
      return before;
    default:
      return Buffer.concat([before, Buffer.from(middle.map(() => draw(256))), after]);
  }
}
