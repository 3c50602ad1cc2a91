import type { z } from 'zod';
import { nearestName } from './nearest-name.js';

/**
 * What is wrong with an option, where its schema has no words of its own; undefined where zod's do. Of several unknown
 * members, a line for each. Never tells the value: it may be a secret.
 */
export function optionWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `is missing; it must be ${typeWords(issue.expected)}`
        : `must be ${typeWords(issue.expected)}, not ${typeWords(typeOf(issue.input))}`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'too_small':
      return sizeWords('at least', issue.origin, issue.minimum);
    case 'too_big':
      return sizeWords('at most', issue.origin, issue.maximum);
    case 'unrecognized_keys':
      return unknownMembers(issue.keys, membersOf(issue.inst));
    default:
      return undefined;
  }
}

/** Whoever may send metadata could send thousands of members, and have each compared. */
const mostSuggestions = 10;

/** A line for each of these members, of which the first may have been meant to be one of `known`. */
export function unknownMembers(members: readonly string[], known: readonly string[]): string {
  const line = (member: string, index: number) =>
    unknownMember(index < mostSuggestions ? nearestName(member, known) : undefined);
  return members.map(line).join('\n');
}

function unknownMember(meant: string | undefined): string {
  return meant === undefined ? 'is not a known member' : `is not a known member; did you mean ${meant}?`;
}

function membersOf(schema: unknown): string[] {
  return Object.keys((schema as { def?: { shape?: object } } | undefined)?.def?.shape ?? {});
}

const types: Readonly<Record<string, string>> = {
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

function typeWords(type: string): string {
  return types[type] ?? `a ${type}`;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function sizeWords(bound: string, origin: string, size: number | bigint): string {
  if (origin === 'string') return `must have ${bound} ${size} character${Number(size) === 1 ? '' : 's'}`;
  if (origin === 'array') return `must have ${bound} ${size} ${Number(size) === 1 ? 'entry' : 'entries'}`;
  return `must be ${bound} ${size}`;
}
