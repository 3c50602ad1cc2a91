const longest = 200;
const mostItems = 10;

/**
 * A value out of a request, small and flat enough for an event: text is cut after 200 characters, an array after ten
 * items, and an object is named, not shown. Whoever sent it chose its size and its depth.
 */
export function loggable(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, mostItems).map(scalar);
  return scalar(value);
}

function scalar(value: unknown): unknown {
  if (typeof value === 'string') return value.length > longest ? `${value.slice(0, longest)}…` : value;
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? 'an array' : 'an object';
}
