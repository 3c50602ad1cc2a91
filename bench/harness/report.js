// Results as lines of text.
const floor = 'floor-http';
const heads = ['contender', 'CPU µs/req', '(least-most)', 'x floor', 'req/s', 'p50 ms', 'p99 ms', 'RSS MB', 'requests'];

/** The cells of a result, compared with the floor of the same run. */
export function row(result, results) {
  if (result.failed) return [result.name, 'FAILED', result.failed.slice(0, 200)];
  const { name, cpu, least, most, perSecond, p50, p99, resident, requests, loadP50, loadP99 } = result;
  const base = results.find((other) => other.name === floor)?.cpu;
  return [
    name,
    cpu.toFixed(1),
    `(${least.toFixed(0)}-${most.toFixed(0)})`,
    base ? (cpu / base).toFixed(2) : '',
    perSecond.toFixed(0),
    p50.toFixed(2),
    p99.toFixed(2),
    (resident / 1e6).toFixed(0),
    String(requests),
    ...(loadP50 ? [`at load: p50 ${loadP50.toFixed(2)}, p99 ${loadP99.toFixed(2)} ms`] : []),
  ];
}

export function table(rows) {
  const all = [heads, ...rows];
  const widths = heads.map((_, column) =>
    Math.max(
      ...all.filter((cells) => cells[1] !== 'FAILED').map((cells) => cells[column]?.length ?? 0),
      column === 0 ? 30 : 0,
    ),
  );
  return all
    .map((cells) =>
      cells
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}
