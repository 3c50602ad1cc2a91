/**
 * A new object with the members of both; those of `more` win. For what every request does: an object literal pays about
 * a microsecond for each member that follows a spread, on Node 20 (docs/performance.md).
 */
export function joined<A extends object, B extends object>(own: A, more: B): Omit<A, keyof B> & B {
  // To Object.assign a member of this name is the prototype, and not one of the record.
  const isHostile = Object.hasOwn(own, '__proto__') || Object.hasOwn(more, '__proto__');
  return isHostile ? { ...own, ...more } : Object.assign({}, own, more);
}
