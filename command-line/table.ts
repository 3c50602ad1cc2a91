import { printableText } from './printable.js';

/** Rows whose columns stand below each other, two blanks apart. No cell can begin a line of its own. */
export function columns(written: readonly (readonly string[])[]): string[] {
  const rows = written.map((row) => row.map((cell) => printableText(cell).replace(/[\n\t]/g, '?')));
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Seconds since 1970 as people read them, in UTC; `-` for none. */
export function time(seconds: number | undefined): string {
  return seconds === undefined ? '-' : `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
